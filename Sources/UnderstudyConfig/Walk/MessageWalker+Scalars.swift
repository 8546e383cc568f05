// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Values of text, numbers, switches and enumerations: each accepted in every notation that Envoy accepts.

extension MessageWalker {
    /// Longest value, in bytes.
    ///
    /// Nothing that is configured is near it, while a pattern of megabytes takes the regular-expression compiler
    /// seconds and hundreds of megabytes.
    static let longestText = 32_768

    /// Writes a scalar; false, after a report, if the value does not fit the type.
    mutating func writeScalar(_ place: Place, _ type: Schema.FieldType) -> Bool {
        guard case .scalar(let scalar) = place.content else {
            refuse(place, "not \(type.noun)", accepted: accepted(type))
            return false
        }
        guard scalar.string.utf8.count <= Self.longestText else {
            refuse(place, "text too long", accepted: "\(Self.longestText) bytes at most")
            return false
        }
        let value = scalar.value
        switch type {
        case .string: return writeString(value, scalar, place)
        case .bool: return writeBool(value, place)
        case .bytes: return writeBytes(value, scalar, place)
        case .integer(let range): return writeInteger(place, range)
        case .double: return writeDouble(place)
        case .enumeration(let name): return writeEnumeration(value, name, place)
        case .message: preconditionFailure("\(place.path): a message is not a scalar")
        }
    }

    private mutating func writeString(_ value: ScalarValue, _ scalar: Node.Scalar, _ place: Place) -> Bool {
        switch value {
        case .text(let text):
            output.append(quoting: text)
            return true
        case .null:
            output.append("\"\"")
            return true
        case .bool, .integer:
            let kind = if case .bool = value { "a boolean" } else { "a number" }
            refuse(place, "\(scalar.string) is \(kind) here, not text", accepted: "text: \"\(scalar.string)\"")
            return false
        }
    }

    /// Writes base64, with or without padding, in either alphabet.
    private mutating func writeBytes(_ value: ScalarValue, _ scalar: Node.Scalar, _ place: Place) -> Bool {
        guard case .text(let text) = value else { return writeString(value, scalar, place) }
        guard let canonical = Base64Text.canonical(text) else {
            refuse(place, "corrupt base64", accepted: accepted(.bytes))
            return false
        }
        output.append(quoting: canonical)
        return true
    }

    private mutating func writeBool(_ value: ScalarValue, _ place: Place) -> Bool {
        let bool: Bool? =
            switch value {
            case .bool(let bool): bool
            case .text(let text): ScalarValue.bool(quoted: text)
            case .null, .integer: nil
            }
        guard let bool else {
            refuse(place, "not a boolean", accepted: accepted(.bool))
            return false
        }
        output.append(bool ? "true" : "false")
        return true
    }

    /// The value of an integer in `range`; `nil`, after a report, if it is none.
    mutating func integer(_ place: Place, in range: ClosedRange<Int128>) -> Int128? {
        let integer: Int128? =
            switch place.node?.scalar?.value {
            case .integer(let integer): Int128(integer)
            case .text(let text): ScalarValue.wholeNumber(text)
            case .null, .bool, nil: nil
            }
        guard let integer, range.contains(integer) else {
            let message = integer == nil ? "not a whole number" : "number out of range"
            refuse(place, message, accepted: accepted(.integer(range)))
            return nil
        }
        return integer
    }

    private mutating func writeInteger(_ place: Place, _ range: ClosedRange<Int128>) -> Bool {
        guard let integer = integer(place, in: range) else { return false }
        // As text where a reader of free-form values, which have nothing but doubles, would lose digits.
        if integer.magnitude < 1 << 53 { output.append(String(integer)) } else { output.append(quoting: "\(integer)") }
        return true
    }

    /// Writes a number, which may have a fraction.
    private mutating func writeDouble(_ place: Place) -> Bool {
        let double: Double? =
            switch place.node?.scalar?.value {
            case .integer(let integer): Double(integer)
            case .text(let text): text.utf8.count <= 64 ? Double(text) : nil
            case .null, .bool, nil: nil
            }
        guard let double, double.isFinite else {
            refuse(place, "not a number", accepted: accepted(.double))
            return false
        }
        output.append(String(double))
        return true
    }

    private mutating func writeEnumeration(_ value: ScalarValue, _ name: String, _ place: Place) -> Bool {
        guard let enumeration = schema.enumerations[name] else { preconditionFailure("no descriptor of \(name)") }
        let name: String? = if case .text(let text) = value { text.uppercased() } else { nil }
        let number = number(value)
        if let match = enumeration.values.first(where: { $0.name.uppercased() == name || $0.number == number }) {
            output.append(String(match.number))
            return true
        }
        let isUnsupported =
            enumeration.unsupportedNames.contains { $0.uppercased() == name }
            || number.map(enumeration.unsupportedNumbers.contains) == true
        let field = place.path.split(separator: ".").last.map(String.init) ?? "value"
        let names = enumeration.values.map(\.name)
        log.report(
            isUnsupported ? .unsupported : .unknown,
            at: place,
            "\(isUnsupported ? "unsupported" : "unknown") \(field)",
            found: found(place),
            accepted: names.joined(separator: ", "),
            envoy: isUnsupported ? nil : envoyWords(value, place),
            suggestion: isUnsupported ? nil : name.flatMap { nearestName(to: $0, among: names) }
        )
        return false
    }

    /// Envoy's words for a value that its enumeration does not have.
    private func envoyWords(_ value: ScalarValue, _ place: Place) -> String? {
        if number(value) != nil { return place.breaking("value must be one of the defined enum values") }
        guard case .text(let text) = value else { return nil }
        return "unknown enum value: '\(shown(text))'"
    }

    /// The number that an enumeration's value may be given as: decimal if it is text.
    private func number(_ value: ScalarValue) -> Int64? {
        switch value {
        case .integer(let integer): integer
        case .text(let text): Int64(text.trimmingBlanks)
        case .null, .bool: nil
        }
    }

    private func accepted(_ type: Schema.FieldType) -> String {
        switch type {
        case .string: "text"
        case .bool: "true or false"
        case .bytes: "base64"
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .double: "a number"
        case .enumeration(let name):
            schema.enumerations[name]?.values.map(\.name).joined(separator: ", ") ?? "a name"
        case .message: "a mapping"
        }
    }
}

extension Schema.FieldType {
    fileprivate var noun: String {
        switch self {
        case .string: "text"
        case .bool: "a boolean"
        case .bytes: "base64"
        case .integer: "a whole number"
        case .double: "a number"
        case .enumeration: "a name"
        case .message: "a mapping"
        }
    }
}

extension String {
    fileprivate var trimmingBlanks: Substring {
        var rest = self[...]
        while rest.first == " " { rest.removeFirst() }
        while rest.last == " " { rest.removeLast() }
        return rest
    }
}
