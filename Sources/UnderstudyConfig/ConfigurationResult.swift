// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What came of reading a configuration.

public import UnderstudyCore

public struct ConfigurationResult: Sendable {
    /// The checked model; `nil` if there is any error.
    public let configuration: ServerConfiguration?
    /// Errors and warnings in the order of the file.
    public let diagnostics: [ConfigurationDiagnostic]
    /// How many warnings there were beyond those.
    public let warningsLeftOut: Int
    /// Whether these are all errors; reading stops when there are more than anybody mends at a time.
    public let isComplete: Bool

    /// All diagnostics as text, ready for standard error; empty if there are none.
    public var rendered: String {
        var text = diagnostics.map(\.rendered).joined()
        if warningsLeftOut > 0 { text += "and \(warningsLeftOut) more warnings\n" }
        if !isComplete { text += "and perhaps more: reading stopped after \(DiagnosticLog.capacity) errors\n" }
        return text
    }
}
