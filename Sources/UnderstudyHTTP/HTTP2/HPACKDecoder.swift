// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Header blocks to fields (RFC 7541).

internal import UnderstudyCore

/// Decodes what one peer sends on one connection.
public struct HPACKDecoder: Sendable {
    /// What the table has until the peer says otherwise (RFC 9113 section 6.5.2).
    static let defaultTableBytes = 4096
    /// A block that decodes to so many times the limit is not meant to be read.
    static let patience = 16

    private var table = HPACKTable(limit: defaultTableBytes)
    private let announced: Int
    /// What the peer may make the table.
    private var allowed: Int
    /// The next block has to begin by making the table smaller.
    private var mustShrink = false

    /// - Parameter tableBytes: What SETTINGS_HEADER_TABLE_SIZE has announced.
    public init(tableBytes: Int) {
        announced = tableBytes
        allowed = max(tableBytes, Self.defaultTableBytes)
    }

    /// The peer has acknowledged SETTINGS_HEADER_TABLE_SIZE, so the table may not be larger any more.
    ///
    /// - Source: RFC 7541 section 4.2.
    public mutating func settingsAcknowledged() {
        allowed = announced
        mustShrink = table.limit > announced
    }

    /// Decodes one whole header block into the section, which it resets first.
    ///
    /// - Throws: What the connection ends with: `compressionError` if the block cannot be decoded, `enhanceYourCalm` if
    ///   it decodes to many times the limits.
    public mutating func decode(
        _ block: Span<UInt8>,
        limits: MessageLimits,
        into section: inout FieldSection
    ) throws(HTTP2ErrorCode) {
        section.begin(limits)
        let (patience, isEndless) = limits.headBytes.multipliedReportingOverflow(by: Self.patience)
        var offset = 0
        try readTableSizes(block, &offset)
        while offset < block.count {
            let first = block[offset]
            if first & 0x80 != 0 {
                let index = try Self.integer(block, &offset, mask: 0x7F)
                try addIndexed(index, to: &section)
            } else if first & 0x40 != 0 {
                let index = try Self.integer(block, &offset, mask: 0x3F)
                try addLiteral(block, &offset, name: index, isIndexed: true, to: &section)
            } else {
                // RFC 7541 section 4.2: a table's size changes at the beginning of a block only.
                guard first & 0x20 == 0 else { throw .compressionError }
                let index = try Self.integer(block, &offset, mask: 0x0F)
                try addLiteral(block, &offset, name: index, isIndexed: false, to: &section)
            }
            guard section.listBytes <= patience || isEndless else { throw .enhanceYourCalm }
        }
    }

    private mutating func readTableSizes(_ block: Span<UInt8>, _ offset: inout Int) throws(HTTP2ErrorCode) {
        while offset < block.count, block[offset] & 0xE0 == 0x20 {
            let size = try Self.integer(block, &offset, mask: 0x1F)
            guard size <= allowed else { throw .compressionError }
            table.setLimit(size)
            mustShrink = false
        }
        guard !mustShrink else { throw .compressionError }
    }

    private func addIndexed(_ index: Int, to section: inout FieldSection) throws(HTTP2ErrorCode) {
        let entry = try entry(index)
        guard section.isKeeping else {
            return section.skip(nameLength: entry.nameLength, valueLength: entry.valueLength)
        }
        let start = section.headers.bytes.count
        append(entry, index, 0..<entry.wireLength, to: &section.headers.bytes)
        section.take(
            entry.name,
            entry.fault,
            at: start,
            nameLength: entry.nameLength,
            valueLength: entry.valueLength
        )
    }

    private mutating func addLiteral(
        _ block: Span<UInt8>,
        _ offset: inout Int,
        name index: Int,
        isIndexed: Bool,
        to section: inout FieldSection
    ) throws(HTTP2ErrorCode) {
        let start = section.headers.bytes.count
        let name: FieldName
        if index > 0 {
            let entry = try entry(index)
            append(entry, index, 0..<entry.nameLength + 2, to: &section.headers.bytes)
            name = entry.name
        } else {
            try Self.string(block, &offset, appendingTo: &section.headers.bytes)
            let length = section.headers.bytes.count - start
            name = FieldName(section.headers.bytes.span, at: start, length: length)
            section.headers.bytes.append(literal: ": ")
        }
        let valueStart = section.headers.bytes.count
        try Self.string(block, &offset, appendingTo: &section.headers.bytes)
        let value = valueStart..<section.headers.bytes.count
        let fault = name.fault(section.headers.bytes.span, value: value)
        section.headers.bytes.append(literal: "\r\n")
        let nameLength = valueStart - 2 - start
        if isIndexed {
            let entry = HPACKTable.Entry(
                start: 0,
                nameLength: nameLength,
                valueLength: value.count,
                name: name,
                fault: fault,
                size: nameLength + value.count + HPACKTable.overhead
            )
            table.insert(section.headers.bytes.span.extracting(start..<value.upperBound + 2), entry)
        }
        section.take(name, fault, at: start, nameLength: nameLength, valueLength: value.count)
    }

    private func entry(_ index: Int) throws(HTTP2ErrorCode) -> HPACKTable.Entry {
        let known = HPACKStaticTable.shared.entries
        if index > 0, index <= known.count { return known[index - 1] }
        guard let entry = table.entry(index - known.count - 1) else { throw .compressionError }
        return entry
    }

    private func append(_ entry: HPACKTable.Entry, _ index: Int, _ range: Range<Int>, to arena: inout [UInt8]) {
        if index <= HPACKStaticTable.count {
            HPACKStaticTable.shared.append(entry, range, to: &arena)
        } else {
            table.append(entry, range, to: &arena)
        }
    }
}

extension HPACKDecoder {
    /// Five bytes behind the first are more than any honest number needs.
    private static let mostShift = 28

    /// The integer whose first bits the mask selects at `offset`.
    ///
    /// - Source: RFC 7541 section 5.1.
    private static func integer(
        _ block: Span<UInt8>,
        _ offset: inout Int,
        mask: UInt8
    ) throws(HTTP2ErrorCode) -> Int {
        let first = block[offset] & mask
        offset += 1
        guard first == mask else { return Int(first) }
        var value = Int(mask)
        var shift = 0
        while true {
            guard offset < block.count, shift <= mostShift else { throw .compressionError }
            let byte = block[offset]
            offset += 1
            // Safe: seven bits shifted by 28 at most, five times, stay below 2^36.
            value += Int(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
    }

    /// Appends the string at `offset`.
    ///
    /// - Source: RFC 7541 section 5.2.
    private static func string(
        _ block: Span<UInt8>,
        _ offset: inout Int,
        appendingTo arena: inout [UInt8]
    ) throws(HTTP2ErrorCode) {
        guard offset < block.count else { throw .compressionError }
        let isHuffman = block[offset] & 0x80 != 0
        let length = try integer(block, &offset, mask: 0x7F)
        guard length <= block.count - offset else { throw .compressionError }
        let range = offset..<offset + length
        offset += length
        if isHuffman {
            guard HuffmanDecoder.decode(block, range, appendingTo: &arena) else { throw .compressionError }
        } else {
            arena.append(copying: block.extracting(range))
        }
    }
}
