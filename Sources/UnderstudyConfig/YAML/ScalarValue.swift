// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a scalar of a YAML file means before a field's type is known, by the rules of Envoy's YAML reader rather than
// by any YAML standard: its booleans are those of YAML 1.1, its integers those of C.

/// A scalar as Envoy reads it.
///
/// - Source: experiments with Envoy 1.40; the tests of `MessageWalker` list them.
enum ScalarValue: Equatable {
    case null
    case bool(Bool)
    /// Never outside `Int32`: larger integers are text.
    case integer(Int64)
    /// Everything else, fractions included.
    case text(String)

    /// How the scalar is written.
    enum Style {
        case plain
        /// Plain, with a tag that Envoy ignores, such as `!!str`.
        case tagged
        /// In quotes or as a block, or with the tag `!`.
        case quoted
    }

    init(_ text: String, style: Style) {
        guard style != .quoted else {
            self = .text(text)
            return
        }
        if style == .plain, text.utf8.count <= 4, ["", "~", "null", "Null", "NULL"].contains(text) {
            self = .null
        } else if let bool = Self.bool(plain: text) {
            self = .bool(bool)
        } else if let integer = Self.integer(plain: text) {
            self = Int32(exactly: integer) == nil ? .text(String(integer)) : .integer(integer)
        } else {
            self = .text(text)
        }
    }

    /// Lower case, upper case, or a capital and lower case; `tRUE` is text.
    private static func bool(plain text: String) -> Bool? {
        guard let first = text.utf8.first, "yYnNtTfFoO".utf8.contains(first), text.utf8.count <= 5 else { return nil }
        let lower = text.lowercased()
        guard text == lower || text == text.uppercased() || text == lower.capitalizedASCII else { return nil }
        switch lower {
        case "y", "yes", "true", "on": return true
        case "n", "no", "false", "off": return false
        default: return nil
        }
    }

    /// `010` is 8 and `0x10` is 16, as in C; `08` and `1_000` are text.
    private static func integer(plain text: String) -> Int64? {
        guard let start = text.utf8.first, "+-0123456789".utf8.contains(start), text.utf8.count <= 64 else {
            return nil
        }
        var digits = Substring(text)
        var sign = ""
        if let first = digits.first, first == "+" || first == "-" {
            sign = first == "-" ? "-" : ""
            digits.removeFirst()
        }
        var radix = 10
        if digits.hasPrefix("0x") || digits.hasPrefix("0X") {
            radix = 16
            digits.removeFirst(2)
        } else if digits.hasPrefix("0"), digits.utf8.count > 1 {
            radix = 8
            digits.removeFirst()
        }
        guard let first = digits.first, first != "+", first != "-" else { return nil }
        return Int64(sign + digits, radix: radix)
    }
}

extension ScalarValue {
    /// Text as a field of type bool reads it.
    static func bool(quoted text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "t", "yes", "y", "1": true
        case "false", "f", "no", "n", "0": false
        default: nil
        }
    }

    /// Text as a field of an integer type reads it: any notation of a number, as long as the number is whole.
    static func wholeNumber(_ text: String) -> Int128? {
        guard text.utf8.count <= 64 else { return nil }
        return Int128(text) ?? Double(text).flatMap { Int128(exactly: $0) }
    }
}

extension String {
    fileprivate var capitalizedASCII: String {
        prefix(1).uppercased() + dropFirst()
    }
}
