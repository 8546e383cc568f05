// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The few byte loops that run over every head, written on whole words because byte-wise they are a third of the parser.
// (On the library's vectors they are slower than byte-wise: it compares them lane by lane.)
//
// Unsafe because they load eight bytes at once and call `memchr`/`memcmp`. Every function checks its range against the
// span first and never reads outside it; `ByteScanTests` walks every offset and length around the size of a word.

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

public enum ByteScan {
    /// Offset of the first line feed at or after `start`, or `nil`.
    public static func lineFeed(in bytes: Span<UInt8>, from start: Int) -> Int? {
        guard start >= 0, start < bytes.count else { return nil }
        return unsafe bytes.withUnsafeBufferPointer { buffer in
            // Safe: start < count, so the base address exists and `count - start` bytes follow it.
            guard let base = buffer.baseAddress,
                let found = unsafe memchr(base + start, 0x0A, buffer.count - start)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
        }
    }

    /// Whether every byte of the range may stand in a field value (RFC 9110 section 5.5): no control bytes but tab.
    public static func isFieldValue(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        holds(bytes, range, word: { !$0.hasByte(below: 0x20) && !$0.hasByte(0x7F) }) { byte in
            byte >= 0x20 && byte != 0x7F || byte == 0x09
        }
    }

    /// Whether every byte of the range is visible ASCII, as a request target must be (RFC 9112 section 3.2).
    public static func isVisibleASCII(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        holds(bytes, range, word: { $0.isASCII && !$0.hasByte(below: 0x21) && !$0.hasByte(0x7F) }) { byte in
            byte > 0x20 && byte < 0x7F
        }
    }

    /// Where the bytes end that the range begins with and a token may have (RFC 9110 section 5.6.2).
    public static func endOfToken(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
        guard isInside(range, bytes) else { return range.lowerBound }
        return unsafe bytes.withUnsafeBufferPointer { bytes in
            var offset = range.lowerBound
            while true {
                if range.upperBound - offset >= 8 {
                    // Safe: eight bytes are left inside the checked range.
                    let word = unsafe UnsafeRawBufferPointer(bytes).loadUnaligned(
                        fromByteOffset: offset,
                        as: UInt64.self
                    )
                    let plain = word.littleEndian.plainBytes
                    offset += plain
                    if plain == 8 { continue }
                }
                // Safe: the offset is inside the checked range.
                guard offset < range.upperBound, HeaderToken.allows(unsafe bytes[offset]) else { return offset }
                offset += 1
            }
        }
    }

    /// Whether the bytes at `offset` are exactly `literal`.
    public static func equals(_ bytes: Span<UInt8>, at offset: Int, _ literal: StaticString) -> Bool {
        let length = literal.utf8CodeUnitCount
        guard offset >= 0, length <= bytes.count - offset else { return false }
        return unsafe bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return length == 0 }
            // Safe: offset + length <= count was checked above.
            return unsafe memcmp(base + offset, literal.utf8Start, length) == 0
        }
    }

    /// Whether the bytes at `offset` are the literal but for the case of letters.
    ///
    /// The literal is in lower case.
    public static func equalsIgnoringCase(_ bytes: Span<UInt8>, at offset: Int, _ literal: StaticString) -> Bool {
        let length = literal.utf8CodeUnitCount
        guard offset >= 0, length <= bytes.count - offset else { return false }
        for index in 0..<length {
            // Safe: the index is below the literal's length.
            guard unsafe literal.utf8Start[index] == HeaderToken.lowercased(bytes[offset + index]) else { return false }
        }
        return true
    }

    /// Whether the range holds the same bytes as `other`.
    public static func equals(_ bytes: Span<UInt8>, _ range: Range<Int>, _ other: [UInt8]) -> Bool {
        guard range.count == other.count else { return false }
        return hasPrefix(bytes, range, other)
    }

    /// Whether the range holds the same bytes as `other` from `offset` on.
    public static func equals(
        _ bytes: Span<UInt8>,
        _ range: Range<Int>,
        _ other: Span<UInt8>,
        at offset: Int
    ) -> Bool {
        guard isInside(range, bytes), offset >= 0, range.count <= other.count - offset else { return false }
        return unsafe bytes.withUnsafeBufferPointer { left in
            unsafe other.withUnsafeBufferPointer { right in
                guard let left = left.baseAddress, let right = right.baseAddress else { return range.isEmpty }
                // Safe: so many bytes lie inside both spans, as was checked above.
                return unsafe memcmp(left + range.lowerBound, right + offset, range.count) == 0
            }
        }
    }

    /// Whether the range begins with the bytes of `prefix`.
    public static func hasPrefix(_ bytes: Span<UInt8>, _ range: Range<Int>, _ prefix: [UInt8]) -> Bool {
        guard prefix.count <= range.count, isInside(range, bytes) else { return false }
        return unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe prefix.withUnsafeBytes { wanted in
                guard let left = buffer.baseAddress, let right = wanted.baseAddress else { return prefix.isEmpty }
                // Safe: the range lies inside the span and is at least as long as the prefix.
                return unsafe memcmp(left + range.lowerBound, right, wanted.count) == 0
            }
        }
    }

    private static func isInside(_ range: Range<Int>, _ bytes: Span<UInt8>) -> Bool {
        range.lowerBound >= 0 && range.upperBound <= bytes.count
    }

    /// Whether `byte` holds for each of the range.
    ///
    /// - Parameter word: Whether it certainly holds for all eight.
    @inline(__always)
    private static func holds(
        _ bytes: Span<UInt8>,
        _ range: Range<Int>,
        word: (UInt64) -> Bool,
        byte: (UInt8) -> Bool
    ) -> Bool {
        guard isInside(range, bytes) else { return false }
        return unsafe bytes.withUnsafeBufferPointer { buffer in
            var offset = range.lowerBound
            let end = range.upperBound
            while offset < end {
                // Safe: eight bytes are left inside the checked range.
                if end - offset >= 8,
                    word(unsafe UnsafeRawBufferPointer(buffer).loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                {
                    offset += 8
                    continue
                }
                guard byte(unsafe buffer[offset]) else { return false }
                offset += 1
            }
            return true
        }
    }
}

extension UInt64 {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    /// How many of the eight bytes, from the lowest on, are letters or hyphens, which nearly all names consist of.
    fileprivate var plainBytes: Int {
        let sevenBits = self & ~Self.highBits
        // The high bit of each byte says whether it is at least `a`, or beyond `z`, in either case.
        let folded = sevenBits | Self.ones &* 0x20
        let letters = (folded &+ Self.ones &* 0x1F) & ~(folded &+ Self.ones &* 0x05)
        // Of what is a hyphen seven bits are zero, and it has no high bit to begin with.
        let hyphens = ~((sevenBits ^ Self.ones &* 0x2D) &+ Self.ones &* 0x7F)
        let others = (~(letters | hyphens) | self) & Self.highBits
        return others.trailingZeroBitCount >> 3
    }

    fileprivate var isASCII: Bool { self & Self.highBits == 0 }

    /// Whether any of the eight bytes is below a bound of at most 128.
    ///
    /// A borrow goes only upwards, from a byte that is below: which bytes are is not told, but whether any is.
    fileprivate func hasByte(below bound: UInt64) -> Bool {
        (self &- Self.ones &* bound) & ~self & Self.highBits != 0
    }

    fileprivate func hasByte(_ byte: UInt64) -> Bool {
        (self ^ Self.ones &* byte).hasByte(below: 1)
    }
}

extension [UInt8] {
    /// Appends a copy of the bytes in one step.
    public mutating func append(copying bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    /// Appends the bytes of a literal in one step.
    public mutating func append(literal: StaticString) {
        guard literal.hasPointerRepresentation else { return }
        // Safe: the literal's storage lives as long as the program.
        unsafe append(contentsOf: UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }
}
