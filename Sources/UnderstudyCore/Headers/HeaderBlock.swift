// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The header lines of one message, kept as bytes so that forwarding them is copying ranges.

/// Header lines in order, over an arena of bytes that is used again for the next message.
///
/// Every line stands in the arena in the form it has on the wire, `name: value CR LF` with a lower-case name. Lines
/// that were next to each other in the received head still are, so most of a head is written with one copy.
/// New lines are added at the arena's end; a removed line is only forgotten.
public struct HeaderBlock: Sendable {
    /// One header line; offsets into `bytes`.
    public struct Line: Sendable {
        public var start: Int
        public var nameLength: Int
        /// End of the value; CR LF follows.
        public var valueEnd: Int
        public var known: KnownHeader

        @inlinable public var valueStart: Int { start + nameLength + 2 }
        @inlinable public var value: Range<Int> { valueStart..<valueEnd }
        @inlinable public var name: Range<Int> { start..<start + nameLength }
        /// The whole line with its CR LF.
        @inlinable public var wire: Range<Int> { start..<valueEnd + 2 }
    }

    /// The arena.
    ///
    /// A codec may put the received head here before it adds the lines.
    public var bytes: [UInt8]
    public private(set) var lines: [Line]
    /// How the peer wrote the names, if that is kept.
    public var originalNames: OriginalNames?

    public init() {
        bytes = []
        lines = []
    }

    /// Forgets the message but keeps the memory.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        lines.removeAll(keepingCapacity: true)
        originalNames = nil
    }

    /// Becomes a copy of `other`, in the memory it already has.
    public mutating func copy(_ other: borrowing HeaderBlock) {
        removeAll()
        bytes.append(contentsOf: other.bytes)
        lines.append(contentsOf: other.lines)
        originalNames = other.originalNames
    }

    /// Adds a line that stands in the arena already, in its wire form.
    public mutating func addLineInPlace(start: Int, nameLength: Int, valueEnd: Int, known: KnownHeader) {
        lines.append(Line(start: start, nameLength: nameLength, valueEnd: valueEnd, known: known))
    }

    /// Adds a line whose name and value stand in the arena, but not in wire form: it is written again at the end.
    public mutating func addLineRewritten(name: Range<Int>, value: Range<Int>, known: KnownHeader) {
        let start = bytes.count
        bytes.append(copyOfOwn: name)
        bytes.append(literal: ": ")
        bytes.append(copyOfOwn: value)
        lines.append(Line(start: start, nameLength: name.count, valueEnd: bytes.count, known: known))
        bytes.append(literal: "\r\n")
    }

    /// Adds a line made by the proxy.
    ///
    /// - Parameters:
    ///   - name: In lower case.
    ///   - writeValue: Appends the value's bytes, none of them a control byte.
    public mutating func add(_ name: StaticString, known: KnownHeader = .other, writeValue: (inout [UInt8]) -> Void) {
        let start = bytes.count
        bytes.append(literal: name)
        bytes.append(literal: ": ")
        writeValue(&bytes)
        let end = bytes.count
        bytes.append(literal: "\r\n")
        lines.append(Line(start: start, nameLength: name.utf8CodeUnitCount, valueEnd: end, known: known))
    }

    /// Adds a line under a name that only the configuration knows.
    ///
    /// - Parameters:
    ///   - name: In lower case.
    ///   - writeValue: Appends the value's bytes, none of them a control byte.
    public mutating func add(_ name: [UInt8], known: KnownHeader, writeValue: (inout [UInt8]) -> Void) {
        let start = bytes.count
        bytes.append(contentsOf: name)
        bytes.append(literal: ": ")
        writeValue(&bytes)
        let end = bytes.count
        bytes.append(literal: "\r\n")
        lines.append(Line(start: start, nameLength: name.count, valueEnd: end, known: known))
    }

    public mutating func add(_ name: StaticString, _ value: [UInt8], known: KnownHeader) {
        let start = bytes.count
        let end = bytes.appendLine(name, value.span)
        lines.append(Line(start: start, nameLength: name.utf8CodeUnitCount, valueEnd: end, known: known))
    }

    public mutating func add(_ name: StaticString, _ value: StaticString, known: KnownHeader = .other) {
        let start = bytes.count
        let end = bytes.appendLine(name, value)
        lines.append(Line(start: start, nameLength: name.utf8CodeUnitCount, valueEnd: end, known: known))
    }

    public mutating func add(_ name: StaticString, decimal value: Int, known: KnownHeader) {
        let start = bytes.count
        let end = bytes.appendLine(name, room: OutputSpan.mostDigits) { $0.append(decimal: value) }
        lines.append(Line(start: start, nameLength: name.utf8CodeUnitCount, valueEnd: end, known: known))
    }

    public mutating func add(_ name: StaticString, _ value: RequestID, known: KnownHeader) {
        let start = bytes.count
        let end = bytes.appendLine(name, room: RequestID.length) { value.append(to: &$0) }
        lines.append(Line(start: start, nameLength: name.utf8CodeUnitCount, valueEnd: end, known: known))
    }

    /// Gives line `index` another value; its place in the order stays.
    public mutating func setValue(at index: Int, writeValue: (inout [UInt8]) -> Void) {
        let line = lines[index]
        let start = bytes.count
        bytes.append(copyOfOwn: line.name)
        bytes.append(literal: ": ")
        writeValue(&bytes)
        lines[index] = Line(start: start, nameLength: line.nameLength, valueEnd: bytes.count, known: line.known)
        bytes.append(literal: "\r\n")
    }

    /// Appends to the value of line `index`; its place in the order stays.
    ///
    /// - Parameter writeMore: Gets the arena and whether the value is empty so far.
    public mutating func extendValue(at index: Int, writeMore: (inout [UInt8], _ isEmpty: Bool) -> Void) {
        let value = lines[index].value
        setValue(at: index) { bytes in
            bytes.append(copyOfOwn: value)
            writeMore(&bytes, value.isEmpty)
        }
    }

    public mutating func setValue(at index: Int, to value: [UInt8]) {
        setValue(at: index) { $0.append(contentsOf: value) }
    }

    /// Gives line `index` a value made of bytes that stand in the arena and bytes between them.
    public mutating func setValue(at index: Int, prefix: Range<Int>, infix: [UInt8] = [], suffix: Range<Int> = 0..<0) {
        setValue(at: index) { bytes in
            bytes.append(copyOfOwn: prefix)
            bytes.append(contentsOf: infix)
            bytes.append(copyOfOwn: suffix)
        }
    }

    /// Gives line `index` a value made of several that stand in the arena, with commas between them.
    public mutating func setValue(at index: Int, joining values: [Range<Int>]) {
        setValue(at: index) { bytes in
            for (position, value) in values.enumerated() {
                if position > 0 { bytes.append(0x2C) }
                bytes.append(copyOfOwn: value)
            }
        }
    }

    /// Adds a line as the first one.
    public mutating func addFirst(_ name: StaticString, _ value: [UInt8], known: KnownHeader) {
        add(name, value, known: known)
        moveLineToFront(lines.count - 1)
    }

    /// Makes the line the first one.
    public mutating func moveLineToFront(_ index: Int) {
        guard index > 0 else { return }
        lines.insert(lines.remove(at: index), at: 0)
    }

    /// Puts bytes into the arena that are part of no line.
    ///
    /// - Returns: Where they stand.
    public mutating func appendBytes(_ literal: StaticString, followedBy range: Range<Int>) -> Range<Int> {
        let start = bytes.count
        bytes.append(literal: literal)
        bytes.append(copyOfOwn: range)
        return start..<bytes.count
    }

    public mutating func removeLine(at index: Int) {
        lines.remove(at: index)
    }

    /// Removes all but the first line of the name.
    ///
    /// - Returns: Whether there is any.
    @discardableResult
    public mutating func keepFirstLine(of known: KnownHeader) -> Bool {
        guard let first = firstIndex(of: known) else { return false }
        var index = lines.count - 1
        while index > first {
            if lines[index].known == known { lines.remove(at: index) }
            index -= 1
        }
        return true
    }

    public mutating func removeLines(where isRemoved: (Line) -> Bool) {
        lines.removeAll(where: isRemoved)
    }

    public func firstIndex(of known: KnownHeader) -> Int? {
        for index in lines.indices where lines[index].known == known { return index }
        return nil
    }

    /// The first line with this lower-case name.
    public func firstIndex(named name: [UInt8]) -> Int? {
        let arena = bytes.span
        for index in lines.indices where ByteScan.equals(arena, lines[index].name, name) { return index }
        return nil
    }

    /// For tests and logs, never on the request path.
    public func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }
}
