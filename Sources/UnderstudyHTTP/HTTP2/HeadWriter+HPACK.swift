// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Integers and strings as header blocks have them.

extension HeadWriter {
    /// Appends an integer behind the bits that say what it is.
    ///
    /// - Source: RFC 7541 section 5.1.
    mutating func append(_ value: Int, behind bits: UInt8, mask: UInt8) {
        guard value >= Int(mask) else {
            // Safe: it is below the mask, which is a byte.
            return append(bits | UInt8(truncatingIfNeeded: value))
        }
        append(bits | mask)
        var rest = value - Int(mask)
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    /// Appends the bytes of a literal as a string.
    mutating func append(string literal: StaticString) {
        append(literal.utf8CodeUnitCount, behind: 0, mask: 0x7F)
        append(literal)
    }

    /// Appends a string as it is: Huffman code would save some bytes, and cost work for each of them at both ends.
    mutating func append(string bytes: Span<UInt8>, _ range: Range<Int>) {
        append(range.count, behind: 0, mask: 0x7F)
        append(bytes, range)
    }
}
