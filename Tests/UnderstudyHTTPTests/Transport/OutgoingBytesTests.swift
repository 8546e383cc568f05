// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Bytes on their way out: few writes, no reordering, and no memory held for the sake of a slice.

import NIOCore
import NIOEmbedded
import TestSupport
import Testing
import UnderstudyHTTP

struct OutgoingBytesTests {
    private let loop = LoopContext(eventLoop: EmbeddedEventLoop())
    private let transport = RecordingTransport()

    private func text(_ count: Int, _ letter: String = "x") -> String { String(repeating: letter, count: count) }

    private func add(_ text: String, to outgoing: inout OutgoingBytes) {
        outgoing.append(loop, ByteBuffer(string: text), to: transport)
    }

    @Test func `small pieces leave in one write`() {
        var outgoing = OutgoingBytes()
        outgoing.append(loop) { $0.writeString("head ") }
        add("body ", to: &outgoing)
        add(text(4096), to: &outgoing)
        #expect(transport.writes == [])
        outgoing.flush(loop, to: transport)
        #expect(transport.writes == ["head body " + text(4096)])
        #expect(transport.flushes == 1)
    }

    @Test func `a large piece leaves by itself, behind what came before it and before what comes after`() {
        var outgoing = OutgoingBytes()
        add("before", to: &outgoing)
        add(text(4097), to: &outgoing)
        add("after", to: &outgoing)
        outgoing.flush(loop, to: transport)
        #expect(transport.writes == ["before", text(4097), "after"])
        #expect(transport.flushes == 1)
        #expect(transport.unflushedBytes == 0)
    }

    @Test func `a large piece alone is flushed, too`() {
        var outgoing = OutgoingBytes()
        add(text(5_000), to: &outgoing)
        outgoing.flush(loop, to: transport)
        #expect(transport.unflushedBytes == 0)
        #expect(transport.flushes == 1)
    }

    @Test func `with nothing to say nothing is written or flushed`() {
        var outgoing = OutgoingBytes()
        outgoing.flush(loop, to: transport)
        outgoing.append(loop) { _ in }
        outgoing.flush(loop, to: transport)
        #expect(transport.writes == [])
        #expect(transport.flushes == 0)
    }

    @Test func `a chunk is its size, its data and an end of line`() {
        var outgoing = OutgoingBytes()
        outgoing.appendChunk(loop, ByteBuffer(string: "hello"), to: transport)
        outgoing.appendChunk(loop, ByteBuffer(string: text(5_000)), to: transport)
        outgoing.flush(loop, to: transport)
        #expect(transport.writes == ["5\r\nhello\r\n1388\r\n", text(5_000), "\r\n"])
    }

    // MARK: A blocked transport

    @Test func `a blocked transport gets nothing below 32 KiB, and then one block`() {
        var outgoing = OutgoingBytes()
        transport.isWritable = false
        for _ in 0..<31 {
            add(text(1_024), to: &outgoing)
            outgoing.flush(loop, to: transport)
        }
        #expect(transport.writes == [])
        #expect(outgoing.count == 31 * 1_024)
        add(text(1_024), to: &outgoing)
        outgoing.flush(loop, to: transport)
        #expect(transport.writes == [text(32 * 1_024)])
        #expect(outgoing.count == 0)
    }

    @Test func `a blocked transport gets large pieces as copies in order`() {
        var outgoing = OutgoingBytes()
        transport.isWritable = false
        add("a", to: &outgoing)
        add(text(10_000, "b"), to: &outgoing)
        add("c", to: &outgoing)
        outgoing.flush(loop, to: transport)
        #expect(transport.writes == [])
        transport.isWritable = true
        outgoing.flush(loop, to: transport)
        #expect(transport.writes == ["a" + text(10_000, "b") + "c"])
    }

    @Test func `a transport that is not connected gets nothing, however much there is`() {
        var outgoing = OutgoingBytes()
        (transport.isWritable, transport.isConnected) = (false, false)
        add(text(100_000), to: &outgoing)
        outgoing.flush(loop, to: transport)
        #expect(transport.writes == [])
        #expect(outgoing.count == 100_000)
    }

    @Test func `what was handed over before the block is flushed in spite of it`() {
        var outgoing = OutgoingBytes()
        add(text(5_000), to: &outgoing)
        transport.isWritable = false
        add("rest", to: &outgoing)
        outgoing.flush(loop, to: transport)
        #expect(transport.writes == [text(5_000)])
        #expect(transport.unflushedBytes == 0)
        #expect(outgoing.count == 4)
    }

    @Test func `at the end everything goes, blocked or not`() {
        var outgoing = OutgoingBytes()
        transport.isWritable = false
        add("last", to: &outgoing)
        outgoing.flushAll(loop, to: transport)
        #expect(transport.writes == ["last"])
        #expect(transport.unflushedBytes == 0)
        #expect(outgoing.count == 0)
    }

    @Test func `what is forgotten never leaves`() {
        var outgoing = OutgoingBytes()
        add("secret", to: &outgoing)
        outgoing.removeAll(loop)
        #expect(outgoing.count == 0)
        outgoing.flushAll(loop, to: transport)
        #expect(transport.writes == [])
        // Neither does it come back with the memory.
        add("next", to: &outgoing)
        outgoing.flush(loop, to: transport)
        #expect(transport.writes == ["next"])
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `whatever happens, bytes leave once and in order`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        var outgoing = OutgoingBytes()
        var expected = ""
        for step in 0..<300 {
            switch dice.number(below: 6) {
            case 0, 1, 2:
                let piece = "<\(step)>" + text(dice.pick([0, 1, 100, 4_090, 5_000, 40_000]), "\(step % 10)")
                add(piece, to: &outgoing)
                expected += piece
            case 3: outgoing.flush(loop, to: transport)
            case 4: transport.isWritable = dice.chance(percent: 50)
            default: transport.isConnected = dice.chance(percent: 80)
            }
            #expect(transport.sent.utf8.count + outgoing.count == expected.utf8.count, "seed \(seed), step \(step)")
        }
        outgoing.flushAll(loop, to: transport)
        #expect(transport.sent == expected, "seed \(seed)")
        #expect(transport.unflushedBytes == 0, "seed \(seed)")
    }
}
