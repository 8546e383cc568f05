// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Header lines over one arena: every change must leave order, values and wire form right.

import TestSupport
import Testing
import UnderstudyCore

struct HeaderBlockTests {
    private var block: HeaderBlock { HeaderBlock(["host: h", "x-a: 1", "date: now", "x-a: 2"]) }

    /// Every line stands in the arena as it leaves on the wire.
    private func wire(_ block: HeaderBlock) -> String {
        block.lines.map { block.text($0.wire) }.joined()
    }

    @Test func `lines keep their order and repeated names stay apart`() {
        #expect(block.texts == ["host: h", "x-a: 1", "date: now", "x-a: 2"])
        #expect(wire(block) == "host: h\r\nx-a: 1\r\ndate: now\r\nx-a: 2\r\n")
    }

    @Test func `added lines go to the end, in wire form`() {
        var block = block
        block.add("x-b", "literal")
        block.add("x-c", Array("bytes".utf8), known: .other)
        block.add("content-length", decimal: 42, known: .contentLength)
        block.add("x-d", known: .other) { $0.append(literal: "") }
        #expect(block.texts.suffix(4) == ["x-b: literal", "x-c: bytes", "content-length: 42", "x-d: "])
        #expect(wire(block).hasSuffix("x-b: literal\r\nx-c: bytes\r\ncontent-length: 42\r\nx-d: \r\n"))
    }

    @Test func `a line that was not in wire form is written again`() {
        var block = HeaderBlock()
        block.bytes = Array("x-a:  1 \r\n".utf8)
        block.addLineRewritten(name: 0..<3, value: 6..<7, known: .other)
        #expect(block.texts == ["x-a: 1"])
        #expect(wire(block) == "x-a: 1\r\n")
    }

    @Test func `a value changes in its place`() {
        var block = block
        block.setValue(at: 1, to: Array("longer than before".utf8))
        block.setValue(at: 0, to: [])
        #expect(block.texts == ["host: ", "x-a: longer than before", "date: now", "x-a: 2"])
        #expect(wire(block) == "host: \r\nx-a: longer than before\r\ndate: now\r\nx-a: 2\r\n")
        #expect(block.lines.map(\.known) == [.host, .other, .date, .other])
    }

    @Test func `a value may be put together of ranges of the arena`() {
        var block = block
        let value = block.lines[2].value
        block.setValue(
            at: 2,
            prefix: value.lowerBound..<value.lowerBound + 1,
            infix: Array("-".utf8),
            suffix: value.lowerBound + 1..<value.upperBound
        )
        #expect(block.texts[2] == "date: n-ow")
        block.setValue(at: 3, prefix: block.lines[2].value, infix: Array("!".utf8))
        #expect(block.texts[3] == "x-a: n-ow!")
    }

    @Test(arguments: [
        (0, ["host: h", "x-a: 1", "date: now", "x-a: 2"]),
        (2, ["date: now", "host: h", "x-a: 1", "x-a: 2"]),
        (3, ["x-a: 2", "host: h", "x-a: 1", "date: now"]),
    ])
    func `a line moves to the front and the others keep their order`(index: Int, texts: [String]) {
        var block = block
        block.moveLineToFront(index)
        #expect(block.texts == texts)
    }

    @Test func `lines are removed by place or by what they are`() {
        var block = block
        block.removeLine(at: 1)
        #expect(block.texts == ["host: h", "date: now", "x-a: 2"])
        block.removeLines { $0.known == .other }
        #expect(block.texts == ["host: h", "date: now"])
    }

    @Test func `of several lines of a name the first stays`() {
        var block = HeaderBlock(["date: 1", "x-a: 1", "date: 2", "server: s", "date: 3"])
        let found = [KnownHeader.date, .server, .te].map { block.keepFirstLine(of: $0) }
        #expect(found == [true, true, false])
        #expect(block.texts == ["date: 1", "x-a: 1", "server: s"])
    }

    @Test func `values are joined with commas, an empty one among them`() {
        var block = HeaderBlock(["x-a: 1", "x-b: ", "x-c: 3, 4"])
        block.setValue(at: 1, joining: block.lines.map(\.value))
        #expect(block.texts == ["x-a: 1", "x-b: 1,,3, 4", "x-c: 3, 4"])
        block.setValue(at: 0, joining: [])
        #expect(block.texts[0] == "x-a: ")
    }

    @Test func `the first line of a name is found`() {
        #expect(block.firstIndex(of: .date) == 2)
        #expect(block.firstIndex(of: .host) == 0)
        #expect(block.firstIndex(of: .te) == nil)
        #expect(block.firstIndex(named: Array("x-a".utf8)) == 1)
        #expect(block.firstIndex(named: Array("date".utf8)) == 2)
        #expect(block.firstIndex(named: Array("x-".utf8)) == nil)
        #expect(block.firstIndex(named: Array("x-a:".utf8)) == nil)
        #expect(block.firstIndex(named: Array("X-A".utf8)) == nil)
        #expect(block.firstIndex(named: []) == nil)
    }

    @Test func `a copy takes the other's place and then stands alone`() {
        var copy = HeaderBlock(["x-old: 1"])
        copy.copy(block)
        #expect(copy.texts == block.texts)
        copy.setValue(at: 0, to: Array("changed".utf8))
        #expect(copy.texts[0] == "host: changed")
        #expect(block.texts[0] == "host: h")
    }

    @Test func `bytes of no line join the arena`() {
        var block = block
        let range = block.appendBytes("/", followedBy: block.lines[1].value)
        #expect(block.text(range) == "/1")
        #expect(block.texts.count == 4)
    }

    @Test func `nothing is left after all was removed`() {
        var block = block
        block.removeAll()
        #expect(block.bytes.isEmpty)
        #expect(block.lines.isEmpty)
        block.add(wireText: "x-a: 1")
        #expect(block.texts == ["x-a: 1"])
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func `any sequence of changes leaves what a list of strings would`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        var block = HeaderBlock()
        var list: [(name: String, value: String)] = []
        for step in 0..<200 {
            let value = String(repeating: "v", count: dice.number(below: 20)) + "\(step)"
            switch dice.number(below: list.isEmpty ? 1 : 5) {
            case 0:
                block.add(wireText: "x-\(step): \(value)")
                list.append(("x-\(step)", value))
            case 1:
                let index = dice.number(below: list.count)
                block.setValue(at: index, to: Array(value.utf8))
                list[index].value = value
            case 2:
                let index = dice.number(below: list.count)
                block.moveLineToFront(index)
                list.insert(list.remove(at: index), at: 0)
            case 3:
                let index = dice.number(below: list.count)
                block.removeLine(at: index)
                list.remove(at: index)
            default:
                let (from, to) = (dice.number(below: list.count), dice.number(below: list.count))
                block.setValue(at: to, prefix: block.lines[from].value, infix: Array(",".utf8))
                list[to].value = list[from].value + ","
            }
            let expected = list.map { "\($0.name): \($0.value)" }
            #expect(block.texts == expected, "seed \(seed), step \(step)")
            #expect(wire(block) == expected.map { $0 + "\r\n" }.joined(), "seed \(seed), step \(step)")
        }
    }
}
