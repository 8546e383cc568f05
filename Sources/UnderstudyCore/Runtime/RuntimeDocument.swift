// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The runtime as the admin server shows and changes it.

/// All layers and values at one moment.
public struct RuntimeDocument: Sendable, Equatable {
    public struct Entry: Sendable, Equatable {
        public let key: String
        /// The last value that is not empty.
        public let finalValue: String
        /// One for each layer; empty where a layer has none.
        public let layerValues: [String]

        public init(key: String, finalValue: String, layerValues: [String]) {
            self.key = key
            self.finalValue = finalValue
            self.layerValues = layerValues
        }
    }

    public let layers: [String]
    /// By key.
    public let entries: [Entry]

    public init(layers: [String], entries: [Entry]) {
        self.layers = layers
        self.entries = entries
    }

    /// - Source: the form of Envoy 1.40, whose order of keys is another each time; here they are sorted.
    public var json: String {
        var lines = ["{"]
        lines += Self.list("layers", layers, indent: " ", comma: true)
        guard !entries.isEmpty else { return (lines + [" \"entries\": {}", "}", ""]).joined(separator: "\n") }
        lines.append(" \"entries\": {")
        for (index, entry) in entries.enumerated() {
            lines.append("  \(RuntimeJSON.quoted(entry.key)): {")
            lines.append("   \"final_value\": \(RuntimeJSON.quoted(entry.finalValue)),")
            lines += Self.list("layer_values", entry.layerValues, indent: "   ", comma: false)
            lines.append(index + 1 < entries.count ? "  }," : "  }")
        }
        return (lines + [" }", "}", ""]).joined(separator: "\n")
    }

    private static func list(_ name: String, _ values: [String], indent: String, comma: Bool) -> [String] {
        let end = comma ? "]," : "]"
        guard !values.isEmpty else { return ["\(indent)\"\(name)\": [\(end)"] }
        let lines = values.enumerated().map { index, value in
            "\(indent) \(RuntimeJSON.quoted(value))\(index + 1 < values.count ? "," : "")"
        }
        return ["\(indent)\"\(name)\": ["] + lines + [indent + end]
    }
}

/// Whoever holds the runtime, for whoever shows and changes it.
public protocol RuntimeControl: Sendable {
    func runtimeDocument() -> RuntimeDocument
    /// Sets values of the admin layer; an empty one removes the key.
    ///
    /// Returns when every worker has the new values.
    func modifyRuntime(_ changes: [(key: String, value: String)]) async throws(RuntimeFault)
}

enum RuntimeJSON {
    /// - Source: the escapes of protobuf's JSON printer.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{8}": result += "\\b"
            case "\u{C}": result += "\\f"
            case "\0"..."\u{1F}", "\u{7F}"..."\u{9F}", "<", ">", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// On one line, the keys sorted.
    static func text(_ tree: RuntimeTree) -> String {
        switch tree {
        case .null: "null"
        case .bool(let bool): bool ? "true" : "false"
        case .number(let number): SixDigits.text(number)
        case .string(let text): quoted(text)
        case .list: "[]"
        case .object(let fields):
            "{" + fields.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(text($0.value))" }.joined(separator: ",")
                + "}"
        }
    }
}
