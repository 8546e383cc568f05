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
    /// Whether these are all; reading stops when there are more than anybody mends at a time.
    package let isComplete: Bool

    /// All diagnostics as text, ready for standard error; empty if there are none.
    package var rendered: String {
        var text = diagnostics.map(\.rendered).joined()
        if !isComplete { text += "and perhaps more: reading stopped after \(diagnostics.count)\n" }
        return text
    }
}
