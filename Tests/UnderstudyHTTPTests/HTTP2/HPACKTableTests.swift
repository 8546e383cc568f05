// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The dynamic table beside a plain list of lines.

import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct HPACKTableTests {
    private func insert(_ line: String, into table: inout HPACKTable) {
        let bytes = Array((line + "\r\n").utf8)
        let nameLength = bytes.firstIndex(of: 0x3A) ?? 0
        let entry = HPACKTable.Entry(
            start: 0,
            nameLength: nameLength,
            valueLength: bytes.count - nameLength - 4,
            name: FieldName(),
            fault: nil,
            size: bytes.count - 4 + HPACKTable.overhead
        )
        table.insert(bytes.span, entry)
    }

    private func lines(_ table: HPACKTable) -> [String] {
        (0..<table.count).map { index in
            guard let entry = table.entry(index) else { return "nothing" }
            var bytes: [UInt8] = []
            table.append(entry, 0..<entry.wireLength, to: &bytes)
            return String(decoding: bytes.dropLast(2), as: UTF8.self)
        }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `the newest lines that fit, the newest first`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        var table = HPACKTable(limit: 400)
        var model: [String] = []
        var limit = 400
        for turn in 0..<2000 {
            if dice.chance(percent: 3) {
                limit = dice.pick([0, 33, 100, 400, 4096])
                table.setLimit(limit)
            } else {
                let line = "n\(turn): " + String(repeating: "v", count: dice.number(below: 60))
                insert(line, into: &table)
                model.insert(line, at: 0)
            }
            while model.reduce(0, { $0 + $1.utf8.count - 2 + 32 }) > limit { model.removeLast() }
            #expect(lines(table) == model, "seed \(seed), turn \(turn)")
            #expect(table.size <= limit)
            #expect(table.entry(model.count) == nil)
            #expect(table.entry(-1) == nil)
        }
    }

    @Test func `a line that is larger than the table leaves it empty`() {
        var table = HPACKTable(limit: 64)
        insert("a: b", into: &table)
        insert("a: " + String(repeating: "b", count: 32), into: &table)
        #expect(table.count == 0)
        #expect(table.size == 0)
    }

    @Test func `an entry is found by its number until it is gone`() {
        var table = HPACKTable(limit: 70)
        insert("a: b", into: &table)
        let number = table.newest
        #expect(table.index(of: number) == 0)
        insert("c: d", into: &table)
        #expect(table.index(of: number) == 1)
        insert("e: f", into: &table)
        #expect(table.index(of: number) == nil)
    }

    // RFC 7541 appendix A.
    @Test func `the static table`() throws {
        var decoder = HPACKDecoder(tableBytes: 4096)
        var section = FieldSection()
        for (index, text) in [
            (1, ":authority: "), (2, ":method: GET"), (3, ":method: POST"), (5, ":path: /index.html"),
            (14, ":status: 500"),
            (15, "accept-charset: "), (16, "accept-encoding: gzip, deflate"), (38, "host: "),
            (61, "www-authenticate: "),
        ] {
            try decoder.decode([0x80 | UInt8(index)].span, limits: MessageLimits(), into: &section)
            #expect(section.texts == [text])
        }
    }

    @Test func `names of the static table are found, and others are not`() {
        let table = HPACKStaticTable.shared
        for (index, entry) in table.entries.enumerated() {
            var name: [UInt8] = []
            table.append(entry, 0..<entry.nameLength, to: &name)
            let isPseudo = name.first == 0x3A
            #expect(table.index(ofName: 0..<name.count, in: name.span) == (isPseudo ? 0 : index + 1))
            #expect(table.index(ofName: 0..<name.count - 1, in: name.span) == 0)
            name[0] = 0x78
            #expect(table.index(ofName: 0..<name.count, in: name.span) == 0)
        }
        let empty: [UInt8] = []
        #expect(table.index(ofName: 0..<0, in: empty.span) == 0)
    }
}
