// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The numbers by which lines are found again.
//
// Unsafe because it reads eight bytes at once, for every line of every head. Every load is checked against its span;
// `HPACKEncoderTests` encodes lines of every length.

enum LineHash {
    /// A number by which the range is found again; whoever wants two ranges to have the same one can arrange that.
    static func of(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64 {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "a line outside of its block")
        return unsafe bytes.withUnsafeBytes { bytes in
            var hash = UInt64(range.count)
            var offset = range.lowerBound
            while range.upperBound - offset >= 8 {
                // Safe: eight bytes are left in the range.
                hash = unsafe mix(hash ^ bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                offset += 8
            }
            var rest: UInt64 = 0
            if range.count >= 8, offset < range.upperBound {
                // Safe: the last eight bytes of the range, some of them for the second time.
                rest = unsafe bytes.loadUnaligned(fromByteOffset: range.upperBound - 8, as: UInt64.self)
            } else {
                while offset < range.upperBound {
                    rest = unsafe rest << 8 | UInt64(bytes[offset])
                    offset += 1
                }
            }
            return mix(hash ^ rest)
        }
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        // Safe: only the bits matter.
        let product = value.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return product.low ^ product.high
    }
}
