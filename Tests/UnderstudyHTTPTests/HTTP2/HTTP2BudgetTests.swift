// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What costs a client nothing and us something has an end.

import NIOCore
import TestSupport
import Testing
import UnderstudyCore
import UnderstudyHTTP

struct HTTP2BudgetTests {
    private func end(_ rig: HTTP2ServerRig) -> String? {
        rig.sent.last.map { $0.split(separator: " ").last.map(String.init) ?? "" }
    }

    @Test func `requests that are reset at once are counted`() {
        let rig = HTTP2ServerRig()
        for index in 0..<100 { rig.receive(.get(UInt32(2 * index + 1)), .reset(UInt32(2 * index + 1))) }
        #expect(!rig.isEnding)
        rig.receive(.get(201), .reset(201))
        #expect(end(rig) == "calm")
        #expect(rig.isEnding)
    }

    @Test func `a client that gives up less than half of its requests is served`() {
        let rig = HTTP2ServerRig()
        for index in 0..<500 {
            let id = UInt32(4 * index + 1)
            rig.receive(.get(id), .get(id + 2), .reset(id))
            rig.service.handler(2 * index + 1).answer(200, "")
        }
        #expect(!rig.isEnding)
    }

    @Test func `a client that makes us reset its streams has the same budget`() {
        let rig = HTTP2ServerRig()
        for index in 0...100 { rig.receive(.post(UInt32(2 * index + 1)), .window(UInt32(2 * index + 1), 0)) }
        #expect(end(rig) == "calm")
    }

    @Test func `so has one that sends malformed requests`() {
        let rig = HTTP2ServerRig()
        for index in 0...100 { rig.receive(.headers(UInt32(2 * index + 1), [0x82])) }
        #expect(end(rig) == "calm")
        #expect(rig.counters.messagingErrors.current == 101)
    }

    @Test func `streams beyond the limit are refused`() {
        var limits = ServerLimits()
        limits.http2.options.concurrentStreams = 2
        let rig = HTTP2ServerRig(limits: limits)
        rig.receive(.get(1), .get(3), .get(5))
        #expect(rig.sent == ["RST 5 refused"])
        #expect(rig.events.count == 2)
        rig.service.handler(0).answer(200, "")
        rig.receive(.get(7))
        #expect(rig.events.count == 3)
        for index in 0...100 { rig.receive(.get(UInt32(2 * index + 9))) }
        #expect(end(rig) == "calm")
    }

    @Test func `an answer that the client does not take still has its stream`() {
        var limits = ServerLimits()
        limits.http2.options.concurrentStreams = 1
        let rig = HTTP2ServerRig(limits: limits)
        rig.receive(.settings([(4, 0)]), .get(1))
        rig.service.handler(0).answer(200, "x")
        rig.receive(.get(3))
        #expect(end(rig) == "refused")
    }

    @Test func `empty frames in a row`() {
        let rig = HTTP2ServerRig()
        rig.receive(.post(1), .data(1, ""), .data(1, "x"), .data(1, ""))
        #expect(!rig.isEnding)
        rig.receive(.data(1, ""))
        #expect(end(rig) == "calm")
        #expect(rig.counters.emptyFrameFloods.current == 1)
    }

    @Test func `header blocks of very many frames, or bytes`() {
        let rig = HTTP2ServerRig()
        rig.receive(.headers(1, Block.get(), endHeaders: false))
        for _ in 0..<70 { rig.receive(.continuation(1, [0x82], endHeaders: false)) }
        #expect(!rig.isEnding)
        for _ in 0..<3 { rig.receive(.continuation(1, [0x82], endHeaders: false)) }
        #expect(end(rig) == "calm")
        let other = HTTP2ServerRig()
        other.receive(.headers(1, Block.get(), endHeaders: false))
        for _ in 0..<8 { other.receive(.continuation(1, Array(repeating: 0, count: 16384), endHeaders: false)) }
        #expect(end(other) == "calm")
        #expect(other.counters.tooManyHeaderFrames.current == 1)
    }

    @Test func `priorities`() {
        let rig = HTTP2ServerRig()
        for _ in 0..<100 { rig.receive(.priority(1)) }
        #expect(!rig.isEnding)
        rig.receive(.priority(1))
        #expect(end(rig) == "calm")
        #expect(rig.counters.priorityFloods.current == 1)
    }

    @Test func `windows that are opened by little and little`() {
        let rig = HTTP2ServerRig()
        for _ in 0..<5 { rig.receive(.window(0, 1)) }
        #expect(!rig.isEnding)
        rig.receive(.window(0, 1))
        #expect(end(rig) == "calm")
        #expect(rig.counters.windowUpdateFloods.current == 1)
    }

    @Test(arguments: [WireFrame.ping(), .settings()])
    func `what has to be answered`(frame: WireFrame) {
        let rig = HTTP2ServerRig()
        // One of them were the client's own settings, and some the time that the test takes.
        for _ in 0..<990 { rig.receive(frame) }
        #expect(!rig.isEnding)
        for _ in 0..<100_000 where !rig.isEnding { rig.receive(frame) }
        #expect(end(rig) == "calm")
        #expect(rig.counters.outboundControlFloods.current == 1)
    }

    @Test func `a question beside each piece of a body is no flood`() {
        let rig = HTTP2ServerRig()
        rig.receive(.post(1))
        for _ in 0..<5000 { rig.receive(.data(1, "x"), .ping()) }
        #expect(!rig.isEnding)
    }

    @Test func `a client that takes no answers is not read any more, though the socket has them`() {
        var limits = ServerLimits()
        limits.bufferedBytes = 1000
        let rig = HTTP2ServerRig(limits: limits)
        rig.setWritable(false)
        rig.transport.queuedBytes = 4001
        rig.receive(.get(1))
        #expect(!rig.transport.isReading)
        rig.transport.queuedBytes = 0
        rig.setWritable(true)
        #expect(rig.transport.isReading)
    }

    @Test func `a flood within one read ends there, too`() {
        let rig = HTTP2ServerRig()
        rig.setWritable(false)
        rig.receive(Array(repeatElement(WireFrame.ping().bytes, count: 3000).joined()))
        #expect(rig.isEnding)
        // No more than the budget was ever written.
        #expect(rig.transport.sentBytes.readableBytes <= 1001 * 17)
    }

    @Test func `heads for a client that does not read them`() {
        var limits = ServerLimits()
        limits.http2.options.outboundFrames = 50
        let rig = HTTP2ServerRig(limits: limits)
        rig.setWritable(false)
        for index in 0..<51 {
            rig.receive(.get(UInt32(2 * index + 1)))
            rig.service.handler(index).answer(200, "")
        }
        _ = rig.sent
        #expect(rig.transport.isClosed)
        #expect(rig.counters.outboundFloods.current == 1)
    }

    @Test func `a client that takes no heads is not read any more, and given up in the end`() {
        var limits = ServerLimits()
        limits.bufferedBytes = 100
        let rig = HTTP2ServerRig(limits: limits)
        rig.setWritable(false)
        for index in 0..<60 {
            rig.receive(.get(UInt32(2 * index + 1)))
            rig.service.handler(index).answer(200, "")
        }
        _ = rig.sent
        #expect(!rig.transport.isReading)
        #expect(!rig.transport.isClosed)
        rig.pass(.minutes(6))
        #expect(rig.transport.isClosed)
        #expect(rig.counters.flushTimeouts.current == 1)
    }

    @Test func `a refusal of HEAD has no body, and one of GET on the stream object after it has`() {
        let rig = HTTP2ServerRig()
        let large = Block.fields((0..<101).map { ("x\($0)", "1") })
        rig.receive(.headers(1, Block.request("HEAD") + large))
        #expect(rig.sent.contains { $0.hasPrefix("DATA 1 ") && $0 != "DATA 1  end" } == false)
        rig.receive(.headers(3, Block.get() + large))
        #expect(rig.sent.contains { $0.hasPrefix("DATA 3 ") && $0 != "DATA 3  end" })
    }

    @Test func `a field of the static table that HTTP2 has no place for makes a request malformed`() {
        let rig = HTTP2ServerRig()
        // `transfer-encoding`, without a value.
        rig.receive(.headers(1, Block.get() + [0xB9]))
        #expect(rig.events.isEmpty)
        #expect(rig.counters.messagingErrors.current == 1)
    }

    @Test func `heads over the limits are told so`() {
        let rig = HTTP2ServerRig()
        let fields = (0..<101).map { ("x\($0)", "1") }
        rig.receive(.headers(1, Block.get() + Block.fields(fields)))
        #expect(rig.sent.first?.hasPrefix("HEADERS 1 431") == true)
        let large = Block.fields([("x", String(repeating: "a", count: 16_000))])
        rig.receive(.headers(3, Block.get(), endHeaders: false))
        for index in 0..<4 { rig.receive(.continuation(3, large, endHeaders: index == 3)) }
        #expect(rig.sent.first?.hasPrefix("HEADERS 3 431") == true)
        #expect(rig.counters.headerOverflows.current == 2)
        #expect(!rig.isEnding)
        rig.receive(.get(5))
        #expect(rig.events.count == 1)
    }
}
