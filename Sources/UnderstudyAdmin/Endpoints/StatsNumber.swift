// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Numbers as Envoy writes them.

/// Decimal texts of values that a histogram tells.
enum StatsNumber {
    /// The shortest text that means the same number, such as `46.333333333333336`, `125` and `nan`.
    static func plain(_ value: Double) -> String {
        if value.isNaN { return "nan" }
        let text = value.description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// As JSON has it; an exponent only where it makes the text shorter, and `null` for NaN.
    static func json(_ value: Double) -> String {
        if value.isNaN { return "null" }
        let plain = plain(value)
        guard let exponential = exponential(plain), exponential.utf8.count < plain.utf8.count else { return plain }
        return exponential
    }

    /// With an exponent from a million on, as C's `%g` has it.
    ///
    /// For values with at most six significant digits.
    static func general(_ value: Double) -> String {
        let plain = plain(value)
        guard value >= 1_000_000, let exponential = exponential(plain) else { return plain }
        return exponential
    }

    /// `12000` as `1.2e+04`; `nil` for what is not a positive whole number.
    private static func exponential(_ plain: String) -> String? {
        let digits = Array(plain.utf8)
        guard let first = digits.first, first != 0x30, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        let tail = digits.dropFirst().reversed().drop { $0 == 0x30 }.reversed()
        let mantissa = [first] + (tail.isEmpty ? [] : [0x2E] + tail)
        let exponent = digits.count - 1
        return String(decoding: mantissa, as: UTF8.self) + (exponent < 10 ? "e+0\(exponent)" : "e+\(exponent)")
    }
}

extension [UInt8] {
    mutating func append(_ text: String) {
        append(contentsOf: text.utf8)
    }

    mutating func append(_ number: UInt64) {
        guard number >= 10 else { return append(0x30 + UInt8(number)) }
        append(contentsOf: String(number).utf8)
    }
}
