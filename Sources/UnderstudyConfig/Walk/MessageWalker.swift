// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Holds a YAML tree against the schema: finds every name and every value that does not fit, and writes the rest as
// proto3 JSON. Values come out in one plain notation, so what Envoy accepts in ten ways is decided here alone.

/// Walks the tree once, message by message.
struct MessageWalker {
    let schema: Schema
    let allowUnknownFields: Bool
    var log: DiagnosticLog
    var output = JSONText()
    private var visited = 0
    private var depth = 0

    /// Most values visited, aliases followed.
    static let maximumVisits = 250_000
    /// Longest JSON, in bytes: one long text may stand behind many aliases.
    static let maximumOutput = 16 << 20

    /// Deepest nesting of messages; the JSON reader stops at 100.
    static let maximumDepth = 90

    /// Most names of fields that a message lists.
    private static let mostNames = 16

    /// Why a walk ends before the tree does.
    enum Stop: Error {
        /// The tree is larger than any file that is meant to be served.
        case tooLarge
        /// The log holds all that anybody will read.
        case tooManyMistakes
    }

    init(log: DiagnosticLog, allowUnknownFields: Bool, schema: Schema = .envoy) {
        self.log = log
        self.allowUnknownFields = allowUnknownFields
        self.schema = schema
    }

    /// The document as JSON; `nil` if there is nothing to make a message of.
    mutating func json(of root: Place, as typeName: String) -> [UInt8]? {
        do {
            return try writeMessage(root, typeName) ? output.bytes : nil
        } catch .tooLarge {
            let message = "too large: aliases repeat more than can be checked"
            let most = "\(Self.maximumVisits) values with every alias followed"
            let accepted = "\(most), \(Self.maximumOutput >> 20) MiB in all"
            log.report(.invalid, line: nil, column: nil, message, accepted: accepted)
            return nil
        } catch {
            return nil
        }
    }

    /// Writes a message; false, after a report, if the value is none.
    mutating func writeMessage(_ place: Place, _ typeName: String) throws(Stop) -> Bool {
        if let written = try writeWellKnown(place, typeName) { return written }
        guard let message = schema.messages[typeName] else { preconditionFailure("no descriptor of \(typeName)") }
        depth += 1
        defer { depth -= 1 }
        guard depth < Self.maximumDepth else {
            refuse(place, "nested too deeply", accepted: "\(Self.maximumDepth) levels")
            return false
        }
        guard case .mapping(let mapping) = place.content else {
            refuse(place, "not a mapping", accepted: "a mapping with \(fieldNames(of: message))")
            return false
        }
        try writeFields(mapping, of: message, typeName, at: place)
        return true
    }

    /// Counts a value against the budget.
    mutating func visit() throws(Stop) {
        visited += 1
        if visited > Self.maximumVisits || output.count > Self.maximumOutput { throw .tooLarge }
        if log.isFull { throw .tooManyMistakes }
    }

    mutating func writeFields(
        _ mapping: Node.Mapping,
        of message: Schema.Message,
        _ typeName: String,
        at place: Place,
        typeURL: String? = nil
    ) throws(Stop) {
        output.append("{")
        if let typeURL {
            output.append("\"@type\":")
            output.append(quoting: typeURL)
        }
        var isFirst = typeURL == nil
        let deprecated = Schema.deprecatedFields[typeName]
        for (field, value) in try fields(mapping, of: message, at: place, isTyped: typeURL != nil) {
            if let replacement = deprecated?[field.name] { warnOfDeprecated(field, value, replacement) }
            let before = output.count
            output.append(isFirst ? "" : ",")
            output.append(quoting: field.name)
            output.append(":")
            let isWritten =
                if let point = ExtensionPoint(of: typeName, field.name, in: place) {
                    try writeExtension(value, at: point, in: place)
                } else if field.name == "value", let carried = carriedMessage(of: typeName, at: place) {
                    try writeMessage(value, carried)
                } else {
                    try writeValue(value, of: field)
                }
            if isWritten { isFirst = false } else { output.truncate(to: before) }
        }
        output.append("}")
    }

    private mutating func writeValue(_ place: Place, of field: Schema.Field) throws(Stop) -> Bool {
        if case .message(let typeName) = field.type, let entry = schema.messages[typeName], entry.isMapEntry {
            return try writeMap(place, typeName, entry)
        }
        guard field.isList else { return try writeSingle(place, of: field.type) }
        output.append("[")
        var index = 0
        if let node = place.node { try writeItems(node, of: field, in: place, &index) }
        output.append("]")
        return true
    }

    /// Writes the items of a list; a value that is not a list is a list of one, and lists in lists are one list.
    private mutating func writeItems(
        _ node: Node,
        of field: Schema.Field,
        in list: Place,
        _ index: inout Int
    ) throws(Stop) {
        try visit()
        if case .sequence(let sequence) = node.content {
            for item in sequence { try writeItems(item, of: field, in: list, &index) }
            return
        }
        if index > 0 { output.append(",") }
        let place = list.item(index, node)
        let before = output.count
        // A faulty item, like a null, leaves an empty one, so that the items after it keep their places.
        let isWritten = isNull(node) ? false : try writeSingle(place, of: field.type)
        if !isWritten {
            output.truncate(to: before)
            writeDefault(of: field.type)
        }
        index += 1
    }

    mutating func writeSingle(_ place: Place, of type: Schema.FieldType) throws(Stop) -> Bool {
        if case .message(let typeName) = type { return try writeMessage(place, typeName) }
        return writeScalar(place, type)
    }

    mutating func writeDefault(of type: Schema.FieldType) {
        switch type {
        case .message: output.append("{}")
        case .string, .bytes: output.append("\"\"")
        case .bool: output.append("false")
        case .integer, .double, .enumeration: output.append("0")
        }
    }

    private mutating func warnOfDeprecated(_ field: Schema.Field, _ place: Place, _ replacement: String) {
        let message = "\(field.name) is deprecated"
        log.report(.invalid, .warning, at: place, replacement.isEmpty ? message : "\(message): use \(replacement)")
    }

    func isNull(_ node: Node) -> Bool {
        guard let scalar = node.scalar else { return false }
        return scalar.value == .null
    }

    mutating func refuse(_ place: Place, _ message: String, accepted: String) {
        log.report(.invalid, at: place, message, found: found(place), accepted: accepted)
    }

    /// What stands there, as messages show it.
    func found(_ place: Place) -> String {
        switch place.content {
        case .scalar(let scalar):
            switch scalar.value {
            case .null: "nothing"
            case .text(let text): quoted(text)
            case .bool, .integer: scalar.string
            }
        case .mapping: "a mapping"
        case .sequence: "a list"
        case nil: "nothing"
        }
    }

    func fieldNames(of message: Schema.Message) -> String {
        guard !message.fields.isEmpty else { return "no fields" }
        let names = message.fields.map(\.name)
        guard names.count > Self.mostNames else { return names.joined(separator: ", ") }
        let others = "\(names.count - Self.mostNames) more: see docs/configuration.md"
        return "\(names.prefix(Self.mostNames).joined(separator: ", ")) and \(others)"
    }
}
