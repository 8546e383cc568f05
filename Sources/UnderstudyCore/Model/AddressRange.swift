// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Ranges of addresses, for telling peers apart.

/// A prefix of IPv4 or IPv6 addresses (RFC 4632 section 3.1).
///
/// Source: Envoy `CidrRange`.
public struct AddressRange: Sendable, Hashable {
    /// 4 or 16 bytes, network order.
    public var address: [UInt8]
    /// Bits that count, at most those of the address.
    public var prefixLength: Int

    public init(address: [UInt8], prefixLength: Int) {
        self.address = address
        self.prefixLength = prefixLength
    }

    /// The same range with the bits that do not count as zero.
    public var masked: AddressRange {
        var range = self
        for index in range.address.indices {
            // Safe: at least 0 and at most 8.
            let count = min(max(prefixLength - index * 8, 0), 8)
            range.address[index] &= UInt8(truncatingIfNeeded: 0xFF00 >> count)
        }
        return range
    }

    /// Whether the address (4 or 16 bytes) lies in the range; one of the other family never does.
    public func contains(_ other: [UInt8]) -> Bool {
        guard other.count == address.count, prefixLength <= address.count * 8 else { return false }
        let whole = prefixLength / 8
        guard other.prefix(whole) == address.prefix(whole) else { return false }
        let rest = prefixLength % 8
        guard rest > 0 else { return true }
        // Safe: 0 < rest < 8, and the prefix is shorter than the address.
        let mask = UInt8(truncatingIfNeeded: 0xFF00 >> rest)
        return other[whole] & mask == address[whole] & mask
    }
}
