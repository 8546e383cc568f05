// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The dynamic table of either direction: lines in wire form, the oldest of which make room for new ones.

internal import UnderstudyCore

/// A queue of lines with a bound on what they count for.
///
/// - Source: RFC 7541 sections 2.3.2 and 4.
struct HPACKTable: Sendable {
    struct Entry: Sendable {
        /// Where the line begins; positions go on for as long as the connection does.
        var start: Int
        var nameLength: Int
        var valueLength: Int
        var name: FieldName
        /// What is wrong with the field.
        var fault: FieldFault?
        /// What it counts for.
        var size: Int

        /// Bytes of the line with its CR LF.
        var wireLength: Int { nameLength + valueLength + 4 }
    }

    /// What an entry counts for beyond its name and value.
    static let overhead = 32

    private var bytes: [UInt8] = []
    /// The position of the first of `bytes`.
    private var base = 0
    /// A ring whose size is a power of two.
    private var ring: [Entry] = []
    private var first = 0
    private(set) var count = 0
    private(set) var size = 0
    private(set) var limit: Int
    /// The number of the newest entry; it goes around after 2^32.
    private(set) var newest: UInt32 = 0

    init(limit: Int) {
        self.limit = limit
    }

    mutating func setLimit(_ limit: Int) {
        self.limit = limit
        evict(downTo: limit)
    }

    /// The entry with the index, 0 being the newest.
    func entry(_ index: Int) -> Entry? {
        guard index >= 0, index < count else { return nil }
        return ring[(first + count - 1 - index) & (ring.count - 1)]
    }

    /// How many entries are newer than the one with the number; `nil` if that is gone.
    func index(of number: UInt32) -> Int? {
        // Safe: numbers go around, and only their distance counts.
        let index = Int(newest &- number)
        return index < count ? index : nil
    }

    /// Appends what stands between two places of an entry's line.
    func append(_ entry: Entry, _ range: Range<Int>, to arena: inout [UInt8]) {
        let start = entry.start - base
        arena.append(copying: bytes.span.extracting(start + range.lowerBound..<start + range.upperBound))
    }

    /// Whether the entry is this line, which has no CR LF.
    func equals(_ entry: Entry, _ other: Span<UInt8>, _ line: Range<Int>) -> Bool {
        entry.wireLength == line.count + 2 && ByteScan.equals(other, line, bytes.span, at: entry.start - base)
    }

    /// Adds a line, whose entry knows all but where it stands.
    ///
    /// One that is larger than the table leaves it empty.
    mutating func insert(_ line: Span<UInt8>, _ entry: Entry) {
        guard entry.size <= limit else { return evict(downTo: 0) }
        evict(downTo: limit - entry.size)
        var entry = entry
        entry.start = base + bytes.count
        bytes.append(copying: line)
        if count == ring.count { growRing() }
        ring[(first + count) & (ring.count - 1)] = entry
        count += 1
        size += entry.size
        newest &+= 1
    }

    private mutating func evict(downTo target: Int) {
        guard size > target else { return }
        while size > target, count > 0 {
            size -= ring[first].size
            first = (first + 1) & (ring.count - 1)
            count -= 1
        }
        // What is left moves to the front when at least as much is gone, so each byte moves about once.
        let start = count > 0 ? ring[first].start - base : bytes.count
        guard start * 2 >= bytes.count else { return }
        bytes.removeSubrange(0..<start)
        base += start
    }

    private mutating func growRing() {
        var grown: [Entry] = []
        let size = max(16, ring.count * 2)
        grown.reserveCapacity(size)
        for index in 0..<count { grown.append(ring[(first + index) & (ring.count - 1)]) }
        let filler = Entry(start: 0, nameLength: 0, valueLength: 0, name: FieldName(), fault: nil, size: 0)
        while grown.count < size { grown.append(filler) }
        ring = grown
        first = 0
    }
}
