// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the .proto files say, arranged for looking up the names in a file.

/// The messages and enumerations of `api/`.
struct Schema: Sendable {
    enum FieldType: Sendable, Equatable {
        case string
        case bool
        /// Base64.
        case bytes
        case integer(ClosedRange<Int128>)
        /// A finite number.
        case double
        case enumeration(String)
        case message(String)
    }

    struct Field: Sendable {
        let name: String
        let type: FieldType
        let isList: Bool
        /// The alternatives it belongs to: at most one of them may be given.
        let oneof: String?

        init(name: String, type: FieldType, isList: Bool = false, oneof: String? = nil) {
            self.name = name
            self.type = type
            self.isList = isList
            self.oneof = oneof
        }
    }

    struct Message: Sendable {
        /// Without the package.
        let name: String
        /// In the order of the .proto file, which groups related ones.
        let fields: [Field]
        /// By either spelling.
        let fieldsByName: [String: Field]
        /// Names of Envoy, in either spelling, that Understudy does not know.
        let unsupported: Set<String>
        /// Whether it is no message of a file but one entry, `key` and `value`, of a map.
        let isMapEntry: Bool
        /// Whether it is a message that Envoy does not have.
        let isOurs: Bool

        init(
            name: String,
            fields: [Field],
            unsupported: Set<String> = [],
            isMapEntry: Bool = false,
            isOurs: Bool = false
        ) {
            self.name = name
            self.isMapEntry = isMapEntry
            self.isOurs = isOurs
            self.fields = fields
            self.unsupported = unsupported
            let spellings = fields.map { ($0.name, $0) } + fields.map { (lowerCamelCase($0.name), $0) }
            fieldsByName = Dictionary(spellings) { first, _ in first }
        }
    }

    struct Enumeration: Sendable {
        /// In the order of their numbers.
        let values: [(name: String, number: Int64)]
        /// By name in upper case, and by number: values of Envoy that Understudy does not know.
        let unsupportedNames: Set<String>
        let unsupportedNumbers: Set<Int64>
    }

    var messages: [String: Message] = [:]
    var enumerations: [String: Enumeration] = [:]
}
