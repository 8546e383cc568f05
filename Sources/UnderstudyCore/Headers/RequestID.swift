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

    /// Bytes of its text.
    static let length = 36

    public func append(to bytes: inout [UInt8]) {
        bytes.append(addingCapacity: Self.length) { append(to: &$0) }
    }

    func append(to bytes: inout OutputSpan<UInt8>) {
        bytes.append(grouped: high, low)
    }
}
