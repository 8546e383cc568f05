// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Numbers as the runtime reads and shows them.

extension RuntimeValue {
    /// A number; only one that is not negative can be asked for as a whole number.
    init(_ number: Double, text: String) {
        self.init(text: text)
        // Envoy compares with the largest whole number as a double, which is one more.
        guard number >= 0, number <= Double(UInt64.max) else { return }
        integer = UInt64(exactly: number.rounded(.down)) ?? .max
    }

    /// Text that may spell a number.
    init(plain text: String) {
        self = RuntimeNumber.parse(text).map { RuntimeValue($0, text: text) } ?? RuntimeValue(text: text)
    }
}

enum RuntimeNumber {
    /// The number that the text spells, blanks around it aside; `nil` for anything else.
    ///
    /// - Source: measured on Envoy 1.40: decimal with point and exponent, a sign, and `0x` with hexadecimal digits.
    static func parse(_ text: String) -> Double? {
        var bytes = Array(text.utf8)[...]
        while let first = bytes.first, isBlank(first) { bytes.removeFirst() }
        while let last = bytes.last, isBlank(last) { bytes.removeLast() }
        if bytes.first == 0x2B { bytes.removeFirst() }
        guard !bytes.isEmpty, bytes.allSatisfy(isNumeric) else { return nil }
        return Double(String(decoding: bytes, as: UTF8.self))
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte)
    }

    /// Keeps out the words for what is no number.
    private static func isNumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x2B, 0x2D, 0x2E: true
        // Exponents, and hexadecimal digits.
        case 0x41...0x46, 0x61...0x66, 0x58, 0x78: true
        default: false
        }
    }
}

/// Numbers with six significant digits, as `%g` of C prints them.
///
/// - Source: measured on Envoy 1.40: 1000000 is shown as `1e+06`.
enum SixDigits {
    static func text(_ number: Double) -> String {
        guard number.isFinite else { return number.isNaN ? "nan" : number < 0 ? "-inf" : "inf" }
        guard number != 0 else { return "0" }
        var (digits, exponent) = decimal(number.magnitude)
        round(&digits, &exponent)
        while digits.count > 1, digits.last == 0 { digits.removeLast() }
        let sign = number < 0 ? "-" : ""
        return sign + (exponent < -4 || exponent >= 6 ? scientific(digits, exponent) : positional(digits, exponent))
    }

    /// The digits, and the power of ten of the first.
    private static func decimal(_ magnitude: Double) -> (digits: [UInt8], exponent: Int) {
        var digits: [UInt8] = []
        var point: Int?
        var exponent = 0
        let parts = magnitude.description.split(separator: "e")
        for byte in (parts.first ?? "0").utf8 {
            if byte == 0x2E { point = digits.count } else { digits.append(byte &- 0x30) }
        }
        if parts.count > 1 { exponent = Int(parts[1]) ?? 0 }
        exponent += (point ?? digits.count) - 1
        while digits.count > 1, digits[0] == 0 {
            digits.removeFirst()
            exponent -= 1
        }
        return (digits, exponent)
    }

    private static func round(_ digits: inout [UInt8], _ exponent: inout Int) {
        guard digits.count > 6 else { return }
        let roundsUp = digits[6] >= 5
        digits.removeSubrange(6...)
        guard roundsUp else { return }
        var index = 5
        while index >= 0 {
            if digits[index] < 9 {
                digits[index] += 1
                return
            }
            digits[index] = 0
            index -= 1
        }
        digits.insert(1, at: 0)
        exponent += 1
    }

    private static func scientific(_ digits: [UInt8], _ exponent: Int) -> String {
        let tail = digits.count > 1 ? "." + string(digits.dropFirst()) : ""
        let magnitude = abs(exponent)
        return "\(digits[0])\(tail)e\(exponent < 0 ? "-" : "+")\(magnitude < 10 ? "0" : "")\(magnitude)"
    }

    private static func positional(_ digits: [UInt8], _ exponent: Int) -> String {
        guard exponent >= 0 else { return "0." + String(repeating: "0", count: -exponent - 1) + string(digits[...]) }
        let whole = exponent + 1
        guard digits.count > whole else {
            return string(digits[...]) + String(repeating: "0", count: whole - digits.count)
        }
        return string(digits[..<whole]) + "." + string(digits[whole...])
    }

    private static func string(_ digits: ArraySlice<UInt8>) -> String {
        String(decoding: digits.map { $0 + 0x30 }, as: UTF8.self)
    }
}
