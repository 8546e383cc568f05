// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Addresses as numbers: read from `x-forwarded-for` without allocating, told in the one form that everybody writes.

/// An IPv4 or IPv6 address.
public struct IPAddress: Sendable, Equatable {
    private let high: UInt64
    private let low: UInt64
    public let isIPv6: Bool

    private init(ipv4: UInt32) {
        high = 0
        low = UInt64(ipv4)
        isIPv6 = false
    }

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
        isIPv6 = true
    }

    /// The address that the bytes spell, or `nil`.
    ///
    /// Scopes (`%eth0`) and brackets are not part of an address here.
    ///
    /// - Source: POSIX `inet_pton`, which Envoy asks.
    public init?(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        guard range.count <= Self.longestText, range.upperBound <= bytes.count else { return nil }
        if let number = Self.ipv4(bytes, range) {
            self.init(ipv4: number)
        } else if let halves = Self.ipv6(bytes, range) {
            self.init(high: halves.high, low: halves.low)
        } else {
            return nil
        }
    }

    public init?(_ text: [UInt8]) {
        self.init(text.span, 0..<text.count)
    }

    private static let longestText = 45

    /// 127.0.0.0/8 or `::1`.
    public var isLoopback: Bool {
        isIPv6 ? high == 0 && low == 1 : low >> 24 == 127
    }

    /// The IPv4 address that `::ffff:1.2.3.4` stands for, or the address itself.
    public var unmapped: IPAddress {
        guard isIPv6, high == 0, low >> 32 == 0xFFFF else { return self }
        return IPAddress(ipv4: UInt32(truncatingIfNeeded: low))
    }

    /// The network whose name the first bits of the address are.
    ///
    /// - Parameter prefixLength: From 0 to 32, or 128 in an IPv6 address.
    public func network(prefixLength: Int) -> IPAddress {
        guard isIPv6 else { return IPAddress(ipv4: UInt32(truncatingIfNeeded: low) & .max << (32 - prefixLength)) }
        return IPAddress(
            high: high & .max << max(0, 64 - prefixLength),
            low: low & .max << min(64, 128 - prefixLength)
        )
    }

    /// 4 or 16 bytes, in network order.
    public var bytes: [UInt8] {
        let count = isIPv6 ? 16 : 4
        return (0..<count).map { index in
            let word = index < 8 ? bits.high : bits.low
            // Safe: the shift is 0 to 56.
            return UInt8(truncatingIfNeeded: word &>> UInt64(56 &- 8 &* (index & 7)))
        }
    }

    /// The bits of the address, the first one highest; those of IPv4 fill the upper 32.
    fileprivate var bits: (high: UInt64, low: UInt64) {
        isIPv6 ? (high, low) : (low << 32, 0)
    }
}

extension AddressRange {
    /// Whether the address lies in the range; one of the other family never does.
    ///
    /// A prefix longer than the address means the whole address, as in Envoy.
    public func contains(_ other: IPAddress) -> Bool {
        guard address.count == (other.isIPv6 ? 16 : 4) else { return false }
        let bits = other.bits
        for index in 0..<min(prefixLength, address.count * 8) {
            let word = index < 64 ? bits.high : bits.low
            // Safe: the shifts are below the widths, and the byte's index is below the address's length.
            let theirs = UInt8(truncatingIfNeeded: word &>> UInt64(63 &- index & 63)) & 1
            let ours = address[index / 8] &>> UInt8(7 &- index & 7) & 1
            guard theirs == ours else { return false }
        }
        return true
    }
}

// MARK: Reading

extension IPAddress {
    private static func ipv4(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt32? {
        var address: UInt32 = 0
        var part: UInt32 = 0
        var digits = 0
        var dots = 0
        for offset in range {
            let byte = bytes[offset]
            if byte == 0x2E {
                guard digits > 0, dots < 3 else { return nil }
                address = address << 8 | part
                (part, digits, dots) = (0, 0, dots + 1)
                continue
            }
            let digit = byte &- 0x30
            // A leading zero might mean octal, and is refused.
            guard digit <= 9, digits == 0 || part > 0 else { return nil }
            part = part * 10 + UInt32(digit)
            digits += 1
            guard part <= 255 else { return nil }
        }
        guard dots == 3, digits > 0 else { return nil }
        return address << 8 | part
    }

    private static func ipv6(_ bytes: Span<UInt8>, _ range: Range<Int>) -> (high: UInt64, low: UInt64)? {
        var groups = Groups()
        var offset = range.lowerBound
        if range.count >= 2, bytes[offset] == 0x3A {
            guard bytes[offset + 1] == 0x3A else { return nil }
            groups.gap = 0
            offset += 2
        }
        while offset < range.upperBound {
            let end = endOfGroup(bytes, offset..<range.upperBound)
            if end == range.upperBound, let tail = ipv4(bytes, offset..<end) {
                guard groups.append(UInt64(tail >> 16)), groups.append(UInt64(tail & 0xFFFF)) else { return nil }
                break
            }
            guard let group = hexadecimal(bytes, offset..<end), groups.append(group) else { return nil }
            offset = end
            guard offset < range.upperBound else { break }
            offset += 1
            if offset == range.upperBound { return nil }
            if bytes[offset] == 0x3A {
                guard groups.gap == nil else { return nil }
                groups.gap = groups.count
                offset += 1
            }
        }
        return groups.settled
    }

    private static func endOfGroup(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
        for offset in range where bytes[offset] == 0x3A { return offset }
        return range.upperBound
    }

    private static func hexadecimal(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
        guard (1...4).contains(range.count) else { return nil }
        var value: UInt64 = 0
        for offset in range {
            let byte = HeaderToken.lowercased(bytes[offset])
            switch byte {
            case 0x30...0x39: value = value << 4 | UInt64(byte - 0x30)
            case 0x61...0x66: value = value << 4 | UInt64(byte - 0x57)
            default: return nil
            }
        }
        return value
    }

    /// The groups of an IPv6 address as they are read.
    private struct Groups {
        var count = 0
        /// How many groups stand before the `::`.
        var gap: Int?
        /// The groups before the gap, and those behind it, each as one number of 128 bits.
        private var before: (high: UInt64, low: UInt64) = (0, 0)
        private var behind: (high: UInt64, low: UInt64) = (0, 0)

        mutating func append(_ group: UInt64) -> Bool {
            guard count < 8 else { return false }
            count += 1
            if gap == nil { Self.push(group, &before) } else { Self.push(group, &behind) }
            return true
        }

        private static func push(_ group: UInt64, _ number: inout (high: UInt64, low: UInt64)) {
            number = (number.high << 16 | number.low >> 48, number.low << 16 | group)
        }

        /// All groups in their places, or `nil` if there are too few, or too many for a `::` to mean anything.
        var settled: (high: UInt64, low: UInt64)? {
            guard let gap else { return count == 8 ? before : nil }
            guard count < 8 else { return nil }
            var result = before
            for _ in gap..<8 { Self.push(0, &result) }
            return (result.high | behind.high, result.low | behind.low)
        }
    }
}

// MARK: Telling

extension IPAddress {
    /// Appends the address as text, in the one form of RFC 5952.
    public func append(to bytes: inout [UInt8]) {
        guard isIPv6 else { return Self.append(UInt32(truncatingIfNeeded: low), to: &bytes) }
        let tailIsIPv4 = high == 0 && (low >> 32 == 0xFFFF || low >> 32 == 0 && low > 0xFFFF)
        let count = tailIsIPv4 ? 6 : 8
        let gap = longestRunOfZeros(in: count)
        var index = 0
        while index < count {
            if index == gap.lowerBound, !gap.isEmpty {
                bytes.append(literal: "::")
                index = gap.upperBound
                continue
            }
            if index > 0, index != gap.upperBound || gap.isEmpty { bytes.append(0x3A) }
            Self.append(hexadecimal: group(index), to: &bytes)
            index += 1
        }
        guard tailIsIPv4 else { return }
        if gap.isEmpty || gap.upperBound < count { bytes.append(0x3A) }
        Self.append(UInt32(truncatingIfNeeded: low), to: &bytes)
    }

    public var text: [UInt8] {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return bytes
    }

    private func group(_ index: Int) -> UInt16 {
        let word = index < 4 ? high : low
        // Safe: the shift is 0 to 48.
        return UInt16(truncatingIfNeeded: word &>> UInt64(48 &- 16 &* (index & 3)))
    }

    /// The first of the longest runs of two zero groups or more.
    private func longestRunOfZeros(in count: Int) -> Range<Int> {
        var longest = 0..<0
        var start = 0
        for index in 0..<count {
            guard group(index) == 0 else {
                start = index + 1
                continue
            }
            if index + 1 - start > max(1, longest.count) { longest = start..<index + 1 }
        }
        return longest
    }

    private static func append(_ address: UInt32, to bytes: inout [UInt8]) {
        for shift in [24, 16, 8, 0] as [UInt32] {
            bytes.append(decimal: Int(address >> shift & 0xFF))
            if shift > 0 { bytes.append(0x2E) }
        }
    }

    private static func append(hexadecimal group: UInt16, to bytes: inout [UInt8]) {
        var isLeading = true
        for shift in [12, 8, 4, 0] as [UInt16] {
            // Safe: a nibble fits a byte.
            let nibble = UInt8(truncatingIfNeeded: group >> shift & 0xF)
            if isLeading, nibble == 0, shift > 0 { continue }
            isLeading = false
            bytes.append(nibble < 10 ? 0x30 &+ nibble : 0x57 &+ nibble)
        }
    }
}
