// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One thing to say about a configuration, as data and as the lines an operator reads.

/// A mistake, or something worth knowing, with its place.
public struct ConfigurationDiagnostic: Sendable, Equatable {
    public enum Severity: String, Sendable {
        case error
        case warning
    }

    public enum Kind: Sendable {
        /// Nobody knows this name: most likely a slip of the pen.
        case unknown
        /// Envoy knows it, Understudy does not yet.
        case unsupported
        /// The name is right, the value is not.
        case invalid
        /// Not YAML.
        case syntax
        /// There is no text to read.
        case unreadable
    }

    public var severity: Severity
    public var kind: Kind
    /// The source's name.
    public var file: String
    /// From 1; `nil` if the message is about the whole file.
    public var line: Int?
    /// From 1, in characters.
    public var column: Int?
    /// The field from the root, such as `static_resources.clusters[0].name`; empty for the root itself.
    public var path: String
    public var message: String
    /// What stands there, in quotes if it is text.
    public var found: String?
    /// What may stand there.
    public var accepted: String?
    /// What Envoy says, where that is not the message itself.
    public var envoy: String?
    /// The nearest name that exists.
    public var suggestion: String?
}

extension ConfigurationDiagnostic {
    /// The message with everything known about it, one fact a line.
    public var rendered: String {
        var text = "\(place)  \(severity.rawValue): \(message)\n"
        if !path.isEmpty { text += "  at        \(path)\n" }
        if let found { text += "  found     \(found)\n" }
        if let accepted { text += "  accepted  \(accepted)\n" }
        if let envoy { text += "  envoy     \(envoy)\n" }
        if let suggestion { text += "  did you mean \"\(suggestion)\"?\n" }
        if kind == .unsupported { text += "  see       docs/configuration.md\n" }
        return text
    }

    private var place: String {
        guard let line, let column else { return file }
        return "\(file):\(line):\(column)"
    }
}
