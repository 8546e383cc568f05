// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The loops on words must say what a plain loop says, at every offset and length around the size of a word.

import Testing
import UnderstudyCore

struct ByteScanTests {
    private static let offsets = Array(0...17) + [31, 32, 33]
    private static let lengths = Array(0...34) + [47, 48, 49]

    private func isFieldValue(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        ByteScan.isFieldValue(bytes.span, range)
    }

    private func isVisible(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        ByteScan.isVisibleASCII(bytes.span, range)
    }

    @Test(arguments: offsets)
    func `a range of good bytes is good, whatever surrounds it`(offset: Int) {
        for length in Self.lengths {
            // Nothing but forbidden bytes outside of the range.
            var bytes = [UInt8](repeating: 0x0A, count: offset + length + 20)
            for index in offset..<offset + length { bytes[index] = 0x61 }
            #expect(isFieldValue(bytes, offset..<offset + length), "length \(length)")
            #expect(isVisible(bytes, offset..<offset + length), "length \(length)")
        }
    }

    @Test(arguments: offsets)
    func `one bad byte anywhere in the range is found`(offset: Int) {
        for length in Self.lengths {
            var bytes = [UInt8](repeating: 0x61, count: offset + length + 20)
            var missed: [Int] = []
            for bad in offset..<offset + length {
                bytes[bad] = 0x7F
                let range = offset..<offset + length
                if isFieldValue(bytes, range) || isVisible(bytes, range) { missed.append(bad) }
                bytes[bad] = 0x61
            }
            #expect(missed == [], "length \(length)")
        }
    }

    /// Every place in a word, and one that the rest of the range has.
    @Test(arguments: [0, 3, 7, 8, 15, 16])
    func `every byte is judged alike in a word and behind one`(position: Int) {
        for byte in UInt8.min...UInt8.max {
            var bytes = [UInt8](repeating: 0x61, count: 17)
            bytes[position] = byte
            let mayStandInValue = byte == 0x09 || byte >= 0x20 && byte != 0x7F
            #expect(isFieldValue(bytes, 0..<17) == mayStandInValue, "byte \(byte)")
            #expect(isVisible(bytes, 0..<17) == (0x21...0x7E).contains(byte), "byte \(byte)")
        }
    }

    @Test(arguments: [-1..<2, 0..<4, 3..<4, 4..<5, -2..<(-1), 100..<200])
    func `a range outside of the bytes holds nothing good`(range: Range<Int>) {
        #expect(!isFieldValue([0x61, 0x61, 0x61], range))
        #expect(!isVisible([0x61, 0x61, 0x61], range))
    }

    @Test func `no bytes at all are good`() {
        #expect(isFieldValue([], 0..<0))
        #expect(isVisible([], 0..<0))
    }

    // MARK: Line feeds

    private func lineFeed(_ bytes: [UInt8], from start: Int) -> Int? {
        ByteScan.lineFeed(in: bytes.span, from: start)
    }

    @Test func `the first line feed at or behind the start is found`() {
        for position in 0..<40 {
            var bytes = [UInt8](repeating: 0x0D, count: 40)
            bytes[position] = 0x0A
            for start in 0..<40 {
                #expect(lineFeed(bytes, from: start) == (start <= position ? position : nil))
            }
        }
        #expect(lineFeed([0x0A, 0x0A, 0x0A], from: 1) == 1)
    }

    @Test(arguments: [-1, 3, 4, 1_000])
    func `a start outside of the bytes finds nothing`(start: Int) {
        #expect(lineFeed([0x0A, 0x0A, 0x0A], from: start) == nil)
        #expect(lineFeed([], from: start) == nil)
    }

    @Test func `nothing is found in no bytes`() {
        #expect(lineFeed([], from: 0) == nil)
    }

    // MARK: Tokens

    private func endOfToken(_ bytes: [UInt8], _ range: Range<Int>) -> Int {
        ByteScan.endOfToken(bytes.span, range)
    }

    /// Whether `allows` is right is what `HeaderTokenTests` asks.
    @Test(arguments: 0...17)
    func `a token ends before the first byte that it may not have, wherever that stands`(position: Int) {
        for byte in UInt8.min...UInt8.max {
            for rest in [0x61, 0x5A, 0x2D, 0x5F, 0x30, 0x7A] as [UInt8] {
                var bytes = [UInt8](repeating: rest, count: 18)
                bytes[position] = byte
                #expect(endOfToken(bytes, 0..<18) == (HeaderToken.allows(byte) ? 18 : position), "byte \(byte)")
            }
        }
    }

    @Test func `a token ends with its range, whatever follows`() {
        let bytes = [UInt8](repeating: 0x61, count: 40)
        for start in 0...20 {
            for end in start...40 { #expect(endOfToken(bytes, start..<end) == end) }
        }
        #expect(endOfToken(bytes, 5..<41) == 5)
        #expect(endOfToken(bytes, -1..<3) == -1)
        #expect(endOfToken([], 0..<0) == 0)
    }

    // MARK: Comparisons

    private func equals(_ text: String, at offset: Int, _ literal: StaticString) -> Bool {
        let bytes = Array(text.utf8)
        return ByteScan.equals(bytes.span, at: offset, literal)
    }

    @Test func `a literal is compared where it should stand`() {
        #expect(equals("xhost", at: 1, "host"))
        #expect(equals("host", at: 0, "host"))
        #expect(!equals("host", at: 1, "host"))
        #expect(!equals("Host", at: 0, "host"))
        #expect(!equals("hos", at: 0, "host"))
        #expect(!equals("host", at: -1, "host"))
        #expect(!equals("host", at: 5, "host"))
        #expect(!equals("", at: 0, "host"))
        #expect(equals("", at: 0, ""))
        #expect(equals("a", at: 1, ""))
    }

    @Test(arguments: [
        ("xHoSt", 1, true), ("host", 0, true), ("HOST", 0, true), ("host", 1, false), ("hos", 0, false),
        ("host", -1, false), ("host", 9, false), ("\u{8}ost", 0, false), ("Hos\u{14}", 0, false),
    ])
    func `a literal is compared in any case of its letters`(text: String, offset: Int, expected: Bool) {
        let bytes = Array(text.utf8)
        let found = ByteScan.equalsIgnoringCase(bytes.span, at: offset, "host")
        #expect(found == expected)
    }

    private func compare(_ text: String, _ range: Range<Int>, _ other: String) -> (equal: Bool, prefix: Bool) {
        let bytes = Array(text.utf8)
        let wanted = Array(other.utf8)
        return (ByteScan.equals(bytes.span, range, wanted), ByteScan.hasPrefix(bytes.span, range, wanted))
    }

    @Test(arguments: [
        ("/service/1", 0..<10, "/service/1", true, true),
        ("/service/1", 0..<10, "/service", false, true),
        ("/service/1", 1..<8, "service", true, true),
        ("/service/1", 0..<4, "/service", false, false),
        ("/service/1", 0..<10, "/Service/1", false, false),
        ("/service/1", 0..<10, "", false, true),
        ("/service/1", 4..<4, "", true, true),
        ("", 0..<0, "", true, true),
        ("/service/1", 5..<15, "", false, false),
        ("/service/1", -1..<3, "/", false, false),
        ("/service/1", 2..<12, "ervice/1xx", false, false),
    ])
    func `ranges are compared within their bounds only`(
        text: String,
        range: Range<Int>,
        other: String,
        equal: Bool,
        prefix: Bool
    ) {
        let result = compare(text, range, other)
        #expect(result.equal == equal)
        #expect(result.prefix == prefix)
    }

    @Test(arguments: [
        (0..<4, 0, false), (0..<4, 2, true), (1..<4, 3, true), (0..<4, 3, false), (0..<4, -1, false), (0..<5, 2, false),
        (2..<2, 6, true), (2..<2, 7, false), (-1..<2, 0, false),
    ])
    func `a range of one span is compared with a place in another`(range: Range<Int>, offset: Int, expected: Bool) {
        let bytes = Array("host".utf8)
        let other = Array("a-host".utf8)
        let found = ByteScan.equals(bytes.span, range, other.span, at: offset)
        #expect(found == expected)
    }

    // MARK: Appending

    @Test func `copies and literals are appended whole`() {
        var bytes = Array("a".utf8)
        let tail = Array("bc".utf8)
        bytes.append(copying: tail.span)
        bytes.append(literal: "de")
        bytes.append(literal: "")
        bytes.append(copying: [UInt8]().span)
        #expect(bytes == Array("abcde".utf8))
    }
}
