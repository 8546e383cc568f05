// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The few byte loops that run over every head, written on whole vectors because byte-wise they are a third of the parser.
//
// Unsafe because they load 16 bytes at once and call `memchr`/`memcmp`. Every function checks its range against the
// span first and never reads outside it; `ByteScanTests` walks every offset and length around the vector size.

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
        holds(bytes, range, vector: { ($0 .>= 0x20) .& ($0 .!= 0x7F) .| ($0 .== 0x09) }) { byte in
            byte >= 0x20 && byte != 0x7F || byte == 0x09
        }
    }

    /// Whether every byte of the range is visible ASCII, as a request target must be (RFC 9112 section 3.2).
    public static func isVisibleASCII(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        holds(bytes, range, vector: { ($0 .> 0x20) .& ($0 .< 0x7F) }) { byte in
            byte > 0x20 && byte < 0x7F
        }
    }

    /// Where the bytes end that the range begins with and a token may have (RFC 9110 section 5.6.2).
    public static func endOfToken(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
        guard isInside(range, bytes) else { return range.lowerBound }
        return unsafe bytes.withUnsafeBufferPointer { bytes in
            var offset = range.lowerBound
            // Safe: the offset stays inside the checked range.
            while offset < range.upperBound, HeaderToken.allows(unsafe bytes[offset]) { offset += 1 }
            return offset
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

    @inline(__always)
    private static func holds(
        _ bytes: Span<UInt8>,
        _ range: Range<Int>,
        vector: (SIMD16<UInt8>) -> SIMDMask<SIMD16<Int8>>,
        scalar: (UInt8) -> Bool
    ) -> Bool {
        guard isInside(range, bytes) else { return false }
        return unsafe bytes.withUnsafeBufferPointer { buffer in
            var offset = range.lowerBound
            let end = range.upperBound
            while end - offset >= 16 {
                // Safe: 16 bytes are left inside the checked range.
                let chunk = unsafe UnsafeRawBufferPointer(buffer).loadUnaligned(
                    fromByteOffset: offset,
                    as: SIMD16<UInt8>.self
                )
                guard all(vector(chunk)) else { return false }
                offset += 16
            }
            while offset < end {
                guard scalar(unsafe buffer[offset]) else { return false }
                offset += 1
            }
            return true
        }
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
