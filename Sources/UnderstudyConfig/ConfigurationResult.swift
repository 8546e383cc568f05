// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What came of reading a configuration.

package import UnderstudyCore

package struct ConfigurationResult: Sendable {
    /// The checked model; `nil` if there is any error.
    package let configuration: ServerConfiguration?
    /// Errors and warnings in the order of the file.
    package let diagnostics: [ConfigurationDiagnostic]
    /// Errors that were counted but not kept, because a file with this many is not being mended one by one.
    package let omitted: Int

    /// All diagnostics as text, ready for standard error; empty if there are none.
    package var rendered: String {
        var text = diagnostics.map(\.rendered).joined()
        if omitted > 0 { text += "and \(omitted) more\n" }
        return text
    }
}
