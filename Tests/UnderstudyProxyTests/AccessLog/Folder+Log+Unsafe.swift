// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What tests of logs do with files.
//
// Unsafe because `mkfifo` takes a C string, which Swift makes for the call.

import Foundation
import TestSupport

extension Folder {
    func lines(_ name: String) throws -> [Substring] {
        try String(contentsOfFile: path(name), encoding: .utf8).split(separator: "\n")
    }

    func rename(_ name: String, _ other: String) throws {
        try FileManager.default.moveItem(atPath: path(name), toPath: path(other))
    }

    func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: false)
    }

    func makePipe(_ name: String) -> Bool {
        unsafe mkfifo(path(name), 0o600) == 0
    }
}
