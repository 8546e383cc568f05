// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The value of `x-request-id`.

/// A version 4 UUID in its text form, lower case.
///
/// - Source: RFC 9562 section 5.4.
public struct RequestID: Sendable {
    private let high: UInt64
    private let low: UInt64

    /// Makes the identifier of two random numbers; version and variant replace six of their bits.
    public init(_ first: UInt64, _ second: UInt64) {
        high = first & ~0xF000 | 0x4000
        low = second & ~(3 << 62) | 2 << 62
    }

    /// Appends the 36 bytes.
    public func append(to bytes: inout [UInt8]) {
        bytes.append(grouped: high, low)
    }
}
