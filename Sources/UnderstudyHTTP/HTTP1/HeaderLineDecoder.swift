// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The header lines of a head, which requests and answers share.

internal import UnderstudyCore

/// Reads header lines from received bytes into a `HeaderBlock`, validating each on the way.
///
/// Strict where leniency lets two hops disagree: CR LF only, no folding, no space before the colon.
/// - Source: RFC 9112 sections 2.2, 5.1 and 5.2.
struct HeaderLineDecoder {
    var limits: MessageLimits
    /// Notes each name as it arrived.
    var keepsNames = false
    /// The first `count` are those of the head under way; the others are kept for their room.
    private var lines: [RawLine] = []
    private var count = 0

    private struct RawLine {
        let start: Int
        let nameLength: Int
        let value: Range<Int>
        let end: Int

        /// The line already has its wire form: one space after the colon and none at the end.
        var isInWireForm: Bool { value.lowerBound == start + nameLength + 2 && value.upperBound == end }
    }

    init(limits: MessageLimits) {
        self.limits = limits
        lines.reserveCapacity(16)
    }

    /// The range of the next line without its CR LF, or `nil` if its end has not arrived.
    func line(in bytes: Span<UInt8>, from start: Int) throws(MessageFault) -> Range<Int>? {
        guard let feed = ByteScan.lineFeed(in: bytes, from: start) else {
            guard bytes.count <= limits.headBytes else { throw .tooLarge }
            return nil
        }
        guard feed < limits.headBytes else { throw .tooLarge }
        guard feed > start, bytes[feed - 1] == 0x0D else { throw .badSyntax }
        return start..<feed - 1
    }

    /// Reads lines until the empty one.
    ///
    /// - Returns: The offset behind the empty line, or `nil` if it has not arrived.
    mutating func scan(_ bytes: Span<UInt8>, from start: Int) throws(MessageFault) -> Int? {
        count = 0
        var offset = start
        while let line = try line(in: bytes, from: offset) {
            offset = line.upperBound + 2
            if line.isEmpty { return offset }
            guard count < limits.headerLines else { throw .tooManyLines }
            add(try Self.split(bytes, line))
        }
        return nil
    }

    private mutating func add(_ line: RawLine) {
        if count < lines.count {
            lines[count] = line
        } else {
            lines.append(line)
        }
        count += 1
    }

    /// Moves a scanned head into the block: its bytes, and a line for each line scanned.
    func store(_ bytes: Span<UInt8>, headLength: Int, into block: inout HeaderBlock) {
        block.bytes.append(copying: bytes.extracting(0..<headLength))
        if keepsNames { storeNames(bytes, into: &block) }
        for index in 0..<count {
            let line = lines[index]
            let name = line.start..<line.start + line.nameLength
            block.bytes.lowercase(name)
            let known = KnownHeader(lowercased: block.bytes.span, at: line.start, length: line.nameLength)
            if line.isInWireForm {
                block.addLineInPlace(
                    start: line.start,
                    nameLength: line.nameLength,
                    valueEnd: line.value.upperBound,
                    known: known
                )
            } else {
                block.addLineRewritten(name: name, value: line.value, known: known)
            }
        }
    }

    private func storeNames(_ bytes: Span<UInt8>, into block: inout HeaderBlock) {
        var names = OriginalNames()
        for line in lines[..<count] { names.add(bytes.extracting(line.start..<line.start + line.nameLength)) }
        block.originalNames = names
    }

    private static func split(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(MessageFault) -> RawLine {
        let colon = ByteScan.endOfToken(bytes, line)
        guard colon > line.lowerBound, colon < line.upperBound, bytes[colon] == 0x3A else { throw .badSyntax }
        var first = colon + 1
        var last = line.upperBound
        while first < last, isBlank(bytes[first]) { first += 1 }
        while last > first, isBlank(bytes[last - 1]) { last -= 1 }
        guard ByteScan.isFieldValue(bytes, first..<last) else { throw .badSyntax }
        let nameLength = colon - line.lowerBound
        return RawLine(start: line.lowerBound, nameLength: nameLength, value: first..<last, end: line.upperBound)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
