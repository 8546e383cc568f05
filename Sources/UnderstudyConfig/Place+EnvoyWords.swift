// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What Envoy says of a broken rule: the words that operators search for, and that its own documentation answers.

extension Place {
    /// Envoy's words for a value that breaks a rule, such as `ClusterValidationError.Name: value is required`.
    func breaking(_ rule: String) -> String? {
        guard let role, let holder = role.holder else { return nil }
        return Self.violation(of: rule, in: holder, role.field, role.index)
    }

    /// Envoy's words for a message without a field, or without any field of a choice, that has to be there.
    func lacking(_ name: String) -> String? {
        guard let type = role?.type, let message = Schema.envoy.messages[type] else { return nil }
        guard let field = message.fieldsByName[name] else {
            let isChoice = message.fields.contains { $0.oneof == name }
            return isChoice ? "field: \"\(name)\", reason: is required" : nil
        }
        let rule: String? =
            switch field.type {
            case _ where field.isList: "value must contain at least 1 item(s)"
            case .string: "value length must be at least 1 characters"
            case .bytes: "value length must be at least 1 bytes"
            case .message: "value is required"
            case .bool, .integer, .double, .enumeration: nil
            }
        return rule.map { Self.violation(of: $0, in: type, field.name, nil) }
    }

    private static func violation(of rule: String, in typeName: String, _ field: String, _ index: Int?) -> String {
        let message = typeName.split(separator: ".").last ?? ""
        let words = field.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }
        let item = index.map { "[\($0)]" } ?? ""
        return "\(message)ValidationError.\(words.joined())\(item): \(rule)"
    }
}
