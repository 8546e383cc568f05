// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// TLS records and the fields within them, as far as they are sent in the clear.

/// Finds the first handshake message in a series of records.
///
/// - Source: RFC 8446 sections 4 and 5.1.
struct RecordReader {
    static let handshake: UInt8 = 22
    static let majorVersion: UInt8 = 3
    static let clientHello: UInt8 = 1
    /// Kind and length of a message.
    static let messageHeader = 4
    private static let recordHeader = 5
    private static let largestRecord = 16 * 1024

    private let mostRecords: Int
    /// Bytes that were looked at in all, by whoever looks again with each byte that comes.
    private(set) var lookedAt = 0

    init(mostRecords: Int) {
        self.mostRecords = mostRecords
    }

    enum Message {
        case needsMore, malformed
        /// It stands in one record; with its header.
        case inPlace(Range<Int>)
        /// It came in several.
        case joined([UInt8])
    }

    mutating func message(_ bytes: Span<UInt8>, mostBytes: Int) -> Message {
        var parts: [Range<Int>] = []
        var total = 0
        var offset = 0
        while parts.count < mostRecords {
            guard let length = recordLength(bytes, offset) else { return .malformed }
            let start = offset + Self.recordHeader
            let end = min(start + length, bytes.count)
            if start < end {
                parts.append(start..<end)
                total += end - start
            }
            if let wanted = messageLength(bytes, parts) {
                guard wanted <= mostBytes else { return .malformed }
                if total >= wanted { return message(bytes, parts, wanted) }
            }
            offset = start + length
            if offset >= bytes.count { return bytes.count >= mostBytes ? .malformed : .needsMore }
        }
        return .malformed
    }

    /// Zero while the record's header is not whole; `nil` for what is no handshake record.
    private mutating func recordLength(_ bytes: Span<UInt8>, _ offset: Int) -> Int? {
        lookedAt += Self.recordHeader
        guard offset >= bytes.count || bytes[offset] == Self.handshake else { return nil }
        guard offset + 1 >= bytes.count || bytes[offset + 1] == Self.majorVersion else { return nil }
        guard offset + Self.recordHeader <= bytes.count else { return 0 }
        let length = Int(bytes[offset + 3]) << 8 | Int(bytes[offset + 4])
        return (1...Self.largestRecord).contains(length) ? length : nil
    }

    /// With its header; `nil` while that is not whole.
    private mutating func messageLength(_ bytes: Span<UInt8>, _ parts: [Range<Int>]) -> Int? {
        var header = 0
        var count = 0
        for part in parts {
            for index in part {
                header = header << 8 | Int(bytes[index])
                count += 1
                lookedAt += 1
                if count == Self.messageHeader { return Self.messageHeader + (header & 0xFF_FFFF) }
            }
        }
        return nil
    }

    private mutating func message(_ bytes: Span<UInt8>, _ parts: [Range<Int>], _ wanted: Int) -> Message {
        lookedAt += wanted
        if parts[0].count >= wanted { return .inPlace(parts[0].lowerBound..<parts[0].lowerBound + wanted) }
        var joined: [UInt8] = []
        joined.reserveCapacity(wanted)
        for part in parts {
            for index in part.prefix(wanted - joined.count) { joined.append(bytes[index]) }
        }
        return .joined(joined)
    }
}

/// Reads the fields of a message one after the other, and never beyond its end.
///
/// - Source: RFC 8446 section 3.
struct ByteCursor {
    private var offset: Int
    private let end: Int

    init(_ range: Range<Int>) {
        offset = range.lowerBound
        end = range.upperBound
    }

    var isAtEnd: Bool { offset == end }

    /// What is left.
    var range: Range<Int> { offset..<end }

    mutating func skip(_ count: Int) -> Bool {
        guard count <= end - offset else { return false }
        offset += count
        return true
    }

    mutating func integer8(_ bytes: Span<UInt8>) -> UInt8? {
        guard offset < end else { return nil }
        defer { offset += 1 }
        return bytes[offset]
    }

    mutating func integer16(_ bytes: Span<UInt8>) -> UInt16? {
        guard end - offset >= 2 else { return nil }
        defer { offset += 2 }
        return UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
    }

    /// Bytes behind a length of one byte.
    mutating func vector8(_ bytes: Span<UInt8>) -> ByteCursor? {
        integer8(bytes).flatMap { take(Int($0)) }
    }

    /// Bytes behind a length of two bytes.
    mutating func vector16(_ bytes: Span<UInt8>) -> ByteCursor? {
        integer16(bytes).flatMap { take(Int($0)) }
    }

    private mutating func take(_ count: Int) -> ByteCursor? {
        guard count <= end - offset else { return nil }
        defer { offset += count }
        return ByteCursor(offset..<offset + count)
    }
}
