// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which lines the peer knows already, and which were seen once before.

internal import UnderstudyCore

/// The encoder's side of a dynamic table.
///
/// A line comes into the table when it is seen for the second time, so what differs from one message to the next never
/// drives out what does not.
struct HPACKMemory: Sendable {
    /// What is to be done about a line.
    enum Finding {
        /// The peer knows it by this index of its dynamic table, 0 being the newest.
        case index(Int)
        /// It has just come into the table.
        case added
        case unknown
    }

    private struct Place: Sendable {
        var hash: UInt32 = 0
        /// Of the entry in the table; 0 if the line was seen but once.
        var number: UInt32 = 0
    }

    private var table: HPACKTable
    /// Two for each line.
    private var places: [Place] = []

    private static let placeCount = 256

    init(limit: Int) {
        table = HPACKTable(limit: limit)
    }

    mutating func setLimit(_ limit: Int) {
        table.setLimit(limit)
    }

    /// Looks a line up, which has no CR LF.
    ///
    /// - Parameter size: What it counts for in the table.
    mutating func find(_ bytes: Span<UInt8>, _ line: Range<Int>, nameLength: Int, size: Int) -> Finding {
        // What fills half of the table is not worth the rest.
        guard size <= table.limit / 2 else { return .unknown }
        if places.isEmpty { places = Array(repeating: Place(), count: Self.placeCount) }
        let hash = LineHash.of(bytes, line)
        // Safe: both are some bits of the hash.
        let short = UInt32(truncatingIfNeeded: hash >> 32)
        let first = Int(truncatingIfNeeded: hash) & (Self.placeCount - 1)
        for place in [first, first ^ 1] where places[place].hash == short {
            guard let entry = entry(places[place].number) else {
                return add(bytes, line, nameLength: nameLength, size: size, at: place)
            }
            if table.equals(entry.entry, bytes, line) { return .index(entry.index) }
        }
        for place in [first, first ^ 1] where entry(places[place].number) == nil {
            places[place] = Place(hash: short, number: 0)
            return .unknown
        }
        return .unknown
    }

    private mutating func add(
        _ bytes: Span<UInt8>,
        _ line: Range<Int>,
        nameLength: Int,
        size: Int,
        at place: Int
    ) -> Finding {
        let entry = HPACKTable.Entry(
            start: 0,
            nameLength: nameLength,
            valueLength: line.count - nameLength - 2,
            name: FieldName(),
            fault: nil,
            size: size
        )
        // With its CR LF, which follows every line.
        table.insert(bytes.extracting(line.lowerBound..<line.upperBound + 2), entry)
        places[place].number = table.newest
        return .added
    }

    private func entry(_ number: UInt32) -> (entry: HPACKTable.Entry, index: Int)? {
        guard number != 0, let index = table.index(of: number), let entry = table.entry(index) else { return nil }
        return (entry, index)
    }
}
