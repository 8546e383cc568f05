// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The value of `x-request-id`.

/// A version 4 UUID in its text form, lower case.
///
/// - Source: RFC 9562 section 5.4.
package struct RequestID: Sendable {
    private let high: UInt64
    private let low: UInt64

    /// Makes the identifier of two random numbers; version and variant replace six of their bits.
    package init(_ first: UInt64, _ second: UInt64) {
        high = first & ~0xF000 | 0x4000
        low = second & ~(3 << 62) | 2 << 62
    }

    /// Appends the 36 bytes.
    package func append(to bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0x2D, count: 36))
        var text = bytes.mutableSpan
        var position = start
        for index in 0..<32 {
            if index == 8 || index == 12 || index == 16 || index == 20 { position += 1 }
            text[position] = digit(index)
            position += 1
        }
    }

    /// The hexadecimal digit at `index`, 0 to 31.
    private func digit(_ index: Int) -> UInt8 {
        let word = index < 16 ? high : low
        // Safe: the shift is 0 to 60, and a nibble fits a byte.
        let nibble = UInt8(truncatingIfNeeded: word &>> UInt64(60 &- 4 &* (index & 15)) & 15)
        return nibble < 10 ? 0x30 &+ nibble : 0x57 &+ nibble
    }
}
