// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Comma lists of tokens, as `connection`, `te` and `transfer-encoding` hold them (RFC 9110 section 5.6.1).

package enum HeaderToken {
    /// Whether the value is this one token and nothing else, in any case.
    ///
    /// The token is given in lower case.
    package static func isExactly(_ token: StaticString, _ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard range.count == token.utf8CodeUnitCount else { return false }
        var lowered: [UInt8] = []
        lowered.append(literal: token)
        for (offset, wanted) in zip(range, lowered) where lowercased(bytes[offset]) != wanted { return false }
        return true
    }

    /// Whether the range begins with the literal, in any case.
    ///
    /// The literal is given in lower case.
    package static func hasPrefix(_ literal: StaticString, _ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        let length = literal.utf8CodeUnitCount
        guard range.count >= length else { return false }
        return isExactly(literal, bytes, range.lowerBound..<range.lowerBound + length)
    }

    /// The non-empty elements of a list, in lower case.
    package static func list(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [[UInt8]] {
        var elements: [[UInt8]] = []
        var element: [UInt8] = []
        func trimmed() -> [UInt8] {
            Array(element.drop { $0 == 0x20 || $0 == 0x09 }.reversed().drop { $0 == 0x20 || $0 == 0x09 }.reversed())
        }
        for offset in range {
            if bytes[offset] == 0x2C {
                elements.append(trimmed())
                element.removeAll()
            } else {
                element.append(lowercased(bytes[offset]))
            }
        }
        elements.append(trimmed())
        return elements.filter { !$0.isEmpty }
    }

    package static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
    }
}
