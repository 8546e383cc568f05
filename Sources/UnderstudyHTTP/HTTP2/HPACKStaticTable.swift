// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The 61 fields that everybody knows (RFC 7541 appendix A), arranged for both directions.

internal import UnderstudyCore

final class HPACKStaticTable: Sendable {
    static let shared = HPACKStaticTable()
    static let count = 61

    /// The lines in wire form, one behind the other.
    private let bytes: [UInt8]
    /// By index less one; their positions are offsets into `bytes`.
    let entries: [HPACKTable.Entry]
    /// The index of the regular name that a key belongs to; 0 if there is none.
    private let names: [UInt8]

    private init() {
        var bytes: [UInt8] = []
        var entries: [HPACKTable.Entry] = []
        var names = [UInt8](repeating: 0, count: 128)
        for (name, value) in Self.fields {
            let (start, nameLength, valueLength) = (bytes.count, name.utf8CodeUnitCount, value.utf8CodeUnitCount)
            bytes.append(literal: name)
            bytes.append(literal: ": ")
            bytes.append(literal: value)
            bytes.append(literal: "\r\n")
            let field = FieldName(bytes.span, at: start, length: nameLength)
            let entry = HPACKTable.Entry(
                start: start,
                nameLength: nameLength,
                valueLength: valueLength,
                name: field,
                // There is a `transfer-encoding`, which HTTP/2 has no place for.
                fault: field.fault,
                size: nameLength + valueLength + HPACKTable.overhead
            )
            entries.append(entry)
            guard bytes[start] != 0x3A else { continue }
            let key = Self.key(bytes.span, start..<start + nameLength)
            precondition(names[key] == 0, "two names have the key \(key)")
            names[key] = UInt8(entries.count)
        }
        precondition(entries.count == Self.count, "\(entries.count) entries")
        (self.bytes, self.entries, self.names) = (bytes, entries, names)
    }

    /// The index of a regular name; 0 if it is not in the table.
    func index(ofName name: Range<Int>, in other: Span<UInt8>) -> Int {
        guard !name.isEmpty else { return 0 }
        let index = Int(names[Self.key(other, name)])
        guard index > 0 else { return 0 }
        let entry = entries[index - 1]
        guard entry.nameLength == name.count else { return 0 }
        let bytes = bytes
        return ByteScan.equals(other, name, bytes.span, at: entry.start) ? index : 0
    }

    /// Appends what stands between two places of an entry's line.
    func append(_ entry: HPACKTable.Entry, _ range: Range<Int>, to arena: inout [UInt8]) {
        let bytes = bytes
        let line = entry.start + range.lowerBound..<entry.start + range.upperBound
        arena.append(copying: bytes.span.extracting(line))
    }

    /// Length and two letters tell the names apart; the factors were searched for.
    private static func key(_ bytes: Span<UInt8>, _ name: Range<Int>) -> Int {
        let middle = bytes[name.lowerBound + max(0, name.count / 2 - 1)]
        let last = bytes[name.upperBound - 1]
        return (name.count * 152 + Int(middle) * 187 + Int(last) * 79) & 127
    }

    private static let fields: [(StaticString, StaticString)] = [
        (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"),
        (":scheme", "http"), (":scheme", "https"), (":status", "200"), (":status", "204"), (":status", "206"),
        (":status", "304"), (":status", "400"), (":status", "404"), (":status", "500"), ("accept-charset", ""),
        ("accept-encoding", "gzip, deflate"), ("accept-language", ""), ("accept-ranges", ""), ("accept", ""),
        ("access-control-allow-origin", ""), ("age", ""), ("allow", ""), ("authorization", ""), ("cache-control", ""),
        ("content-disposition", ""), ("content-encoding", ""), ("content-language", ""), ("content-length", ""),
        ("content-location", ""), ("content-range", ""), ("content-type", ""), ("cookie", ""), ("date", ""),
        ("etag", ""), ("expect", ""), ("expires", ""), ("from", ""), ("host", ""), ("if-match", ""),
        ("if-modified-since", ""), ("if-none-match", ""), ("if-range", ""), ("if-unmodified-since", ""),
        ("last-modified", ""), ("link", ""), ("location", ""), ("max-forwards", ""), ("proxy-authenticate", ""),
        ("proxy-authorization", ""), ("range", ""), ("referer", ""), ("refresh", ""), ("retry-after", ""),
        ("server", ""), ("set-cookie", ""), ("strict-transport-security", ""), ("transfer-encoding", ""),
        ("user-agent", ""), ("vary", ""), ("via", ""), ("www-authenticate", ""),
    ]
}
