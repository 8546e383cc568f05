// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Names come from requests as bytes; a lookup must agree with a plain dictionary.

import TestSupport
import Testing
import UnderstudyCore

struct NameTableTests {
    private func table(_ names: String...) -> NameTable {
        NameTable(names.enumerated().map { (name: Array($0.element.utf8), value: $0.offset) })
    }

    private func find(_ name: String, in table: NameTable) -> Int? { table[Array(name.utf8)] }

    @Test func `an empty table finds nothing, not even the empty name`() {
        #expect(find("", in: table()) == nil)
        #expect(find("a", in: table()) == nil)
        #expect(table().count == 0)
    }

    @Test func `names are exact and case-sensitive`() {
        let names = table("service1", "service1-mirror", "Service1", "")
        #expect(find("service1", in: names) == 0)
        #expect(find("service1-mirror", in: names) == 1)
        #expect(find("Service1", in: names) == 2)
        #expect(find("", in: names) == 3)
        #expect(find("service", in: names) == nil)
        #expect(find("service1 ", in: names) == nil)
        #expect(find("SERVICE1", in: names) == nil)
    }

    @Test func `of two equal names the first counts`() {
        #expect(find("a", in: table("b", "a", "a")) == 1)
    }

    @Test func `only the bytes of the range are looked at`() {
        let names = table("abc")
        let bytes = Array("xxabcxx".utf8)
        let (inside, shifted, beyond) = (names[bytes.span, 2..<5], names[bytes.span, 1..<4], names[bytes.span, 5..<9])
        #expect(inside == 0)
        #expect(shifted == nil)
        #expect(beyond == nil)
    }

    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func `any set of names is found as a dictionary finds it`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        func name() -> [UInt8] {
            (0..<dice.number(below: 4)).map { _ in UInt8(0x61 + dice.number(below: 3)) }
        }
        let names = (0..<40).map { (name: name(), value: $0) }
        let dictionary = Dictionary(names.map { ($0.name, $0.value) }) { first, _ in first }
        let table = NameTable(names)
        for _ in 0..<400 {
            let wanted = name()
            #expect(table[wanted] == dictionary[wanted], "seed \(seed), name \(wanted)")
        }
    }
}
