// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The argument of START_TIME: conversions as in strftime, with Envoy's and its library's for fractions.

/// A compiled time format.
///
/// - Source: measured on Envoy 1.40, default `%Y-%m-%dT%H:%M:%E3SZ`.
public struct TimeFormat: Sendable, Equatable {
    enum Part: Sendable, Equatable {
        case literal([UInt8])
        /// A letter of strftime.
        case conversion(UInt8)
        case unixSeconds
        /// `%f` and `%3f`: so many digits of the nanoseconds.
        case fraction(digits: Int)
        /// `%E3S`, or `nil` for `%E*S`: without the zeros at the end.
        case seconds(digits: Int?)
        /// `%E*f`
        case shortFraction
        /// `%Ez`
        case zoneOffset
    }

    let parts: [Part]

    init(_ text: [UInt8]) throws(FormatFault) {
        guard !Self.hasLineFeed(text) else {
            throw FormatFault(.invalid, "Invalid header configuration. Format string contains newline.")
        }
        var parser = TimeFormatParser(text.isEmpty ? Self.standard : text)
        parts = try parser.parse()
    }

    private static let standard = Array("%Y-%m-%dT%H:%M:%E3SZ".utf8)

    /// Whether there is a `%n`, modified in any way.
    ///
    /// - Source: Envoy's `%[-_0^#]*[1-9]*(E|O)?n`.
    private static func hasLineFeed(_ text: [UInt8]) -> Bool {
        for start in text.indices where text[start] == 0x25 {
            var offset = start + 1
            while offset < text.count, TimeFormatParser.isFlag(text[offset]) { offset += 1 }
            while offset < text.count, (0x31...0x39).contains(text[offset]) { offset += 1 }
            if offset < text.count, text[offset] == 0x45 || text[offset] == 0x4F { offset += 1 }
            if offset < text.count, text[offset] == 0x6E { return true }
        }
        return false
    }
}

struct TimeFormatParser {
    private let text: [UInt8]
    private var offset = 0
    private var parts: [TimeFormat.Part] = []
    private var literal: [UInt8] = []

    init(_ text: [UInt8]) {
        self.text = text
    }

    static func isFlag(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x2D, 0x5F, 0x30, 0x5E, 0x23: true
        default: false
        }
    }

    mutating func parse() throws(FormatFault) -> [TimeFormat.Part] {
        while offset < text.count {
            if text[offset] == 0x25 {
                try parseConversion()
            } else {
                literal.append(text[offset])
                offset += 1
            }
        }
        endLiteral()
        return parts
    }

    private func byte(_ distance: Int) -> UInt8 {
        offset + distance < text.count ? text[offset + distance] : 0
    }

    private mutating func parseConversion() throws(FormatFault) {
        switch byte(1) {
        case 0:
            literal.append(0x25)
            offset += 1
        case 0x25: try parsePercent()
        case 0x73: add(.unixSeconds, length: 2)
        case 0x66: add(.fraction(digits: 9), length: 2)
        case 0x31...0x39 where byte(2) == 0x66: add(.fraction(digits: Int(byte(1)) - 0x30), length: 3)
        case 0x45: try parseExtension()
        case let letter where Self.conversions.contains(letter): add(.conversion(letter), length: 2)
        // Envoy leaves these as they are.
        case let letter where Self.plain.contains(letter):
            literal += [0x25, letter]
            offset += 2
        default: throw unsupported
        }
    }

    /// Envoy looks for its own conversions first, and so sees `%3f` in `%%3f`.
    private mutating func parsePercent() throws(FormatFault) {
        let next = (0x31...0x39).contains(byte(2)) ? byte(3) : byte(2)
        guard next != 0x66, next != 0x73 else { throw unsupported }
        literal.append(0x25)
        offset += 2
    }

    private mutating func parseExtension() throws(FormatFault) {
        switch (byte(2), byte(3)) {
        case (0x2A, 0x53): add(.seconds(digits: nil), length: 4)
        case (0x2A, 0x66): add(.shortFraction, length: 4)
        case (0x30...0x39, 0x53): add(.seconds(digits: Int(byte(2)) - 0x30), length: 4)
        case (0x30...0x39, 0x66): add(.fraction(digits: Int(byte(2)) - 0x30), length: 4)
        case (0x7A, _): add(.zoneOffset, length: 3)
        case (0x54, _): add(.literal([0x54]), length: 3)
        default: throw unsupported
        }
    }

    private mutating func add(_ part: TimeFormat.Part, length: Int) {
        endLiteral()
        parts.append(part)
        offset += length
    }

    private mutating func endLiteral() {
        guard !literal.isEmpty else { return }
        parts.append(.literal(literal))
        literal.removeAll()
    }

    private var unsupported: FormatFault {
        let rest = String(decoding: text[offset...].prefix(4), as: UTF8.self)
        return FormatFault(.unsupported, "START_TIME conversion \(rest) is not supported")
    }

    private static let conversions = Set("YmdHMSejaAbBcDFTRrpIyCuwUWVGgZzxXhklPt".utf8)
    private static let plain = Set("QLNvJqoKi".utf8)
}
