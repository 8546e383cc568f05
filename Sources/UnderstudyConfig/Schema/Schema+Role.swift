// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a value of the file is to the schema, so that messages can name it as Envoy does.

extension Schema {
    struct Role: Sendable {
        /// The message that has the field, by its full name; `nil` for the root and for what stands in a map.
        private(set) var holder: String?
        /// Empty without a holder.
        private(set) var field = ""
        /// Which item of the field, if it is a list.
        private(set) var index: Int?
        /// The message that the value is, by its full name; `nil` if it is none.
        let type: String?

        init(type: String?) {
            self.type = type
        }

        /// The role of a field's value; `nil` if there is no such field.
        func field(_ name: String, _ value: Node?) -> Role? {
            guard let type, let field = Schema.envoy.messages[type]?.fieldsByName[name] else { return nil }
            var role = Role(type: field.type.messageType(of: value))
            role.holder = type
            role.field = field.name
            return role
        }

        func item(_ index: Int) -> Role {
            var role = Role(type: type)
            role.holder = holder
            role.field = field
            role.index = index
            return role
        }

        /// The role of a value in a map.
        func entry(_ value: Node?) -> Role? {
            guard let type, let field = Schema.envoy.messages[type]?.fieldsByName["value"] else { return nil }
            return Role(type: field.type.messageType(of: value))
        }
    }
}

extension Schema.FieldType {
    /// The message that a value of this type is; for one of any type, the one that it names itself.
    fileprivate func messageType(of value: Node?) -> String? {
        guard case .message(let name) = self else { return nil }
        guard name == "google.protobuf.Any" else { return name }
        guard case .mapping(let mapping) = value?.content,
            let text = mapping.first(where: { $0.key.scalar?.string == "@type" })?.value.scalar?.string,
            let slash = text.lastIndex(of: "/")
        else { return nil }
        return String(text[slash...].dropFirst())
    }
}
