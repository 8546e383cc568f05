// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Comma lists of tokens, as `connection`, `te` and `transfer-encoding` hold them (RFC 9110 section 5.6.1).

public enum HeaderToken {
    /// Whether the value is this one token and nothing else, in any case.
    ///
    /// The token is given in lower case.
    public static func isExactly(_ token: StaticString, _ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        range.count == token.utf8CodeUnitCount && ByteScan.equalsIgnoringCase(bytes, at: range.lowerBound, token)
    }

    /// Whether the range begins with the literal, in any case.
    ///
    /// The literal is given in lower case.
    public static func hasPrefix(_ literal: StaticString, _ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        let length = literal.utf8CodeUnitCount
        guard range.count >= length else { return false }
        return isExactly(literal, bytes, range.lowerBound..<range.lowerBound + length)
    }

    /// The non-empty elements of a list, in lower case.
    public static func list(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [[UInt8]] {
        elements(bytes, range).map { $0.map(lowercased) }
    }

    /// Whether the list has this very element, its case included.
    public static func contains(_ element: [UInt8], _ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        elements(bytes, range).contains(element)
    }

    /// The non-empty elements of a list, as they stand.
    static func elements(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [[UInt8]] {
        var elements: [[UInt8]] = []
        var element: [UInt8] = []
        for offset in range {
            if bytes[offset] == 0x2C {
                elements.append(trimmed(element))
                element.removeAll()
            } else {
                element.append(bytes[offset])
            }
        }
        elements.append(trimmed(element))
        return elements.filter { !$0.isEmpty }
    }

    private static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        return Array(bytes.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }

    @inlinable
    @inline(__always)
    public static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
    }

    /// Whether a token may have the byte (RFC 9110 section 5.6.2).
    @inlinable
    @inline(__always)
    public static func allows(_ byte: UInt8) -> Bool {
        // Bit by code: `!#$%&'*+-.` and digits below 64; letters, `^_` and grave accent, `|` and `~` above.
        let word: UInt64 = byte & 0x40 == 0 ? 0x03FF_6CFA_0000_0000 : 0x57FF_FFFF_C7FF_FFFE
        // Safe: the shift is below 64.
        return byte < 128 && word &>> UInt64(byte & 63) & 1 == 1
    }
}
