// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// JSON inside a format string, read when the configuration is.

/// A value of JSON (RFC 8259).
enum PlainJSON: Equatable {
    case null
    case bool(Bool)
    /// As it is spelt.
    case number(String)
    case string(String)
    case list([PlainJSON])
    /// Of members with the same name the last.
    case object([String: PlainJSON])

    /// - Returns: `nil` if the text is no JSON, or is nested more than 16 deep.
    static func parse(_ text: [UInt8]) -> PlainJSON? {
        var reader = PlainJSONReader(text)
        guard let value = reader.value(depth: 16), reader.isAtEnd else { return nil }
        return value
    }
}

private struct PlainJSONReader {
    private let text: [UInt8]
    private var offset = 0

    init(_ text: [UInt8]) {
        self.text = text
    }

    private var next: UInt8? { offset < text.count ? text[offset] : nil }

    var isAtEnd: Bool {
        mutating get {
            skipBlanks()
            return offset == text.count
        }
    }

    private mutating func skipBlanks() {
        while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { offset += 1 }
    }

    /// Blanks, and then the byte.
    private mutating func take(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard next == byte else { return false }
        offset += 1
        return true
    }

    mutating func value(depth: Int) -> PlainJSON? {
        skipBlanks()
        guard depth > 0, let byte = next else { return nil }
        switch byte {
        case 0x7B: return object(depth: depth)
        case 0x5B: return list(depth: depth)
        case 0x22: return string().map(PlainJSON.string)
        case 0x74: return word("true", .bool(true))
        case 0x66: return word("false", .bool(false))
        case 0x6E: return word("null", .null)
        default: return number()
        }
    }

    private mutating func word(_ word: String, _ value: PlainJSON) -> PlainJSON? {
        guard text[offset...].starts(with: word.utf8) else { return nil }
        offset += word.utf8.count
        return value
    }

    private mutating func number() -> PlainJSON? {
        let start = offset
        while let byte = next, (0x30...0x39).contains(byte) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains(byte) {
            offset += 1
        }
        let spelling = String(decoding: text[start..<offset], as: UTF8.self)
        return Double(spelling) == nil ? nil : .number(spelling)
    }

    private mutating func list(depth: Int) -> PlainJSON? {
        offset += 1
        var elements: [PlainJSON] = []
        if take(0x5D) { return .list([]) }
        repeat {
            guard let element = value(depth: depth - 1) else { return nil }
            elements.append(element)
        } while take(0x2C)
        return take(0x5D) ? .list(elements) : nil
    }

    private mutating func object(depth: Int) -> PlainJSON? {
        offset += 1
        var members: [String: PlainJSON] = [:]
        if take(0x7D) { return .object([:]) }
        repeat {
            skipBlanks()
            guard next == 0x22, let key = string(), take(0x3A), let value = value(depth: depth - 1) else { return nil }
            members[key] = value
        } while take(0x2C)
        return take(0x7D) ? .object(members) : nil
    }

    private mutating func string() -> String? {
        offset += 1
        var bytes: [UInt8] = []
        while let byte = next {
            offset += 1
            switch byte {
            case 0x22: return UTF8Syntax.isValid(bytes) ? String(decoding: bytes, as: UTF8.self) : nil
            case 0..<0x20: return nil
            case 0x5C: guard appendEscape(to: &bytes) else { return nil }
            default: bytes.append(byte)
            }
        }
        return nil
    }

    private mutating func appendEscape(to bytes: inout [UInt8]) -> Bool {
        guard let letter = next else { return false }
        offset += 1
        switch letter {
        case 0x22, 0x5C, 0x2F: bytes.append(letter)
        case 0x62: bytes.append(0x08)
        case 0x66: bytes.append(0x0C)
        case 0x6E: bytes.append(0x0A)
        case 0x72: bytes.append(0x0D)
        case 0x74: bytes.append(0x09)
        case 0x75:
            guard let unit = unit() else { return false }
            guard (0xD800..<0xDC00).contains(unit) else { return append(UInt32(unit), to: &bytes) }
            guard text[offset...].starts(with: "\\u".utf8) else { return false }
            offset += 2
            guard let low = self.unit(), (0xDC00..<0xE000).contains(low) else { return false }
            return append(0x10000 + (UInt32(unit) - 0xD800) << 10 + UInt32(low) - 0xDC00, to: &bytes)
        default: return false
        }
        return true
    }

    private func append(_ value: UInt32, to bytes: inout [UInt8]) -> Bool {
        guard let scalar = Unicode.Scalar(value) else { return false }
        bytes.append(contentsOf: String(Character(scalar)).utf8)
        return true
    }

    private mutating func unit() -> UInt16? {
        guard offset + 4 <= text.count else { return nil }
        var unit: UInt16 = 0
        for index in offset..<offset + 4 {
            guard let digit = HexadecimalDigit.value(text[index]) else { return nil }
            unit = unit << 4 | UInt16(digit)
        }
        offset += 4
        return unit
    }
}
