// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Names looked up by the bytes of a request, without making a string of them.

/// A fixed set of names, each with a number.
///
/// Exact and case-sensitive, unless asked otherwise.
public struct NameTable: Sendable {
    private var buckets: [[Entry]]
    public let count: Int

    private struct Entry: Sendable {
        let name: [UInt8]
        let value: Int
    }

    /// Later duplicates are ignored.
    public init(_ names: some Sequence<(name: [UInt8], value: Int)>) {
        let all = Array(names)
        count = all.count
        var size = 1
        while size < all.count * 2 { size *= 2 }
        buckets = Array(repeating: [], count: size)
        for (name, value) in all {
            let bucket = Self.bucket(of: name.span, 0..<name.count, size)
            buckets[bucket].append(Entry(name: name, value: value))
        }
    }

    public subscript(bytes: Span<UInt8>, range: Range<Int>) -> Int? {
        guard count > 0, range.upperBound <= bytes.count else { return nil }
        for entry in buckets[Self.bucket(of: bytes, range, buckets.count)]
        where ByteScan.equals(bytes, range, entry.name) {
            return entry.value
        }
        return nil
    }

    public subscript(name: [UInt8]) -> Int? { self[name.span, 0..<name.count] }

    /// The number of the name that the range holds in any case; the table's names are all in lower case.
    public subscript(lowercasing bytes: Span<UInt8>, range: Range<Int>) -> Int? {
        guard count > 0, range.upperBound <= bytes.count else { return nil }
        for entry in buckets[Self.bucket(of: bytes, range, buckets.count, fold: HeaderToken.lowercased)]
        where entry.name.count == range.count && Self.isEqual(bytes, range.lowerBound, entry.name) {
            return entry.value
        }
        return nil
    }

    private static func isEqual(_ bytes: Span<UInt8>, _ start: Int, _ lowered: [UInt8]) -> Bool {
        for index in lowered.indices where HeaderToken.lowercased(bytes[start + index]) != lowered[index] {
            return false
        }
        return true
    }

    /// FNV-1a; the table is built from the configuration, so nobody outside can choose colliding names.
    @inline(__always)
    private static func bucket(
        of bytes: Span<UInt8>,
        _ range: Range<Int>,
        _ size: Int,
        fold: (UInt8) -> UInt8 = { $0 }
    ) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for offset in range {
            hash = (hash ^ UInt64(fold(bytes[offset]))) &* 0x100_0000_01b3
        }
        // Safe: the size is a power of two, so the mask is below it.
        return Int(truncatingIfNeeded: hash) & (size - 1)
    }
}
