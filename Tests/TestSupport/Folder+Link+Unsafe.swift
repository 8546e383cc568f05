// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Links that are swapped in one step, as Kubernetes does with those of a ConfigMap.
//
// Unsafe because `rename` takes C strings, which live as long as the call.

internal import Foundation

extension Folder {
    /// Makes a symbolic link, in place of another if there is one.
    ///
    /// - Returns: Its path.
    @discardableResult
    package func link(_ name: String, to target: String) throws -> String {
        let new = path(name + ".new")
        try FileManager.default.createSymbolicLink(atPath: new, withDestinationPath: target)
        guard unsafe rename(new, path(name)) == 0 else { throw CocoaError(.fileWriteUnknown) }
        return path(name)
    }
}
