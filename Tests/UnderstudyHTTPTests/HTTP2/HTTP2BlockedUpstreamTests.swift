// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What waits for an upstream that takes nothing: it counts, and it goes on in order.

import NIOCore
import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct HTTP2BlockedUpstreamTests {
    private static let copies = UpstreamLimits(isRestrained: true, slot: 1)
    private static let few = UpstreamLimits(connections: 1, isRestrained: true, slot: 1)
    private static let longLine = "x: " + String(repeating: "a", count: 5000)

    /// Its only request has been answered.
    private func connected(_ limits: UpstreamLimits = copies, bufferedBytes: Int = 100_000) throws -> HTTP2PoolRig {
        let rig = try HTTP2PoolRig(limits) { $0.bufferedBytes = bufferedBytes }
        _ = try rig.ask("/first")
        rig.connect()
        rig.answer(0, 1)
        _ = rig.sent()
        return rig
    }

    /// So much waits in the socket that the connection takes no more.
    private func block(_ rig: HTTP2PoolRig) {
        rig.transports[0].queuedBytes = 4001
        rig.setWritable(false)
        // Any turn shows it.
        rig.receive(0, .ping())
    }

    private func unblock(_ rig: HTTP2PoolRig) {
        rig.transports[0].queuedBytes = 0
        rig.setWritable(true)
    }

    @Test func `the head of a copy counts while its connection does not take it`() throws {
        let rig = try connected()
        rig.setWritable(false)
        let asked = [try rig.ask("/2", ["host: h", Self.longLine]), try rig.ask("/3", ["host: h", Self.longLine])]
        // They have their place all the same.
        #expect(rig.transports.count == 1 && asked.allSatisfy { $0.stream.hasSentRequest })
        #expect(asked.allSatisfy { $0.stream.heldBytes > 5000 })
        unblock(rig)
        #expect(asked.map(\.stream.heldBytes) == [0, 0])
        #expect(asked.map(\.handler.events) == [["drained"], ["drained"]])
        for id in [3, 5] as [UInt32] { rig.answer(0, id) }
        #expect(asked.allSatisfy { $0.isOver })
    }

    @Test func `and so does its body`() throws {
        let rig = try connected()
        rig.setWritable(false)
        let asked = try rig.ask(method: "POST", ["host: h", Self.longLine], framing: .length(300))
        asked.stream.sendBody(ByteBuffer(repeating: 0x61, count: 300))
        asked.stream.endRequest()
        asked.stream.flush()
        rig.run()
        #expect(asked.stream.heldBytes > 5300)
        unblock(rig)
        #expect(asked.stream.heldBytes == 0)
    }

    @Test func `a request of the same stream's later counts anew`() throws {
        let rig = try connected()
        rig.setWritable(false)
        let asked = try rig.ask("/2", ["host: h", Self.longLine])
        asked.stream.close()
        unblock(rig)
        let next = try rig.ask("/3", ["host: h", Self.longLine])
        #expect(next.stream === asked.stream)
        #expect(next.stream.heldBytes == 0)
        next.stream.close()
    }

    @Test func `the head of a request of a client's is nobody's budget`() throws {
        let rig = try connected(UpstreamLimits())
        rig.setWritable(false)
        let asked = try rig.ask("/2", ["host: h", Self.longLine])
        #expect(asked.stream.heldBytes == 0)
        unblock(rig)
        #expect(asked.handler.events == [])
        asked.stream.close()
    }

    @Test func `a blocked upstream takes no further requests, whose heads count, and then takes them in order`() throws
    {
        let rig = try connected(Self.few, bufferedBytes: 1000)
        block(rig)
        #expect(!rig.transports[0].isReading)
        let asked = [try rig.ask("/2", ["host: h", Self.longLine]), try rig.ask("/3"), try rig.ask("/4")]
        #expect(rig.transports.count == 1)
        #expect(Self.few.gauges == [1, 3, 0])
        #expect(asked.allSatisfy { !$0.stream.hasSentRequest && $0.stream.heldBytes > 0 })
        #expect(asked[0].stream.heldBytes > 5000)
        unblock(rig)
        #expect(rig.transports[0].isReading)
        let heads = rig.sent().filter { $0.hasPrefix("HEADERS") }
        #expect(heads.map { $0.prefix(9) } == ["HEADERS 3", "HEADERS 5", "HEADERS 7"])
        #expect(Self.few.gauges == [1, 0, 3])
        #expect(asked.map(\.stream.heldBytes) == [0, 0, 0])
        for id in [3, 5, 7] as [UInt32] { rig.answer(0, id) }
        #expect(asked.allSatisfy { $0.isOver })
    }

    @Test func `answers that nobody reads hold up no requests that come later`() throws {
        let window = 65_535
        let rig = try HTTP2PoolRig { $0.http2.options.connectionWindow = window }
        let slow = try (0..<5).map { try rig.ask("/\($0)") }
        rig.connect()
        for (number, asked) in slow.enumerated() {
            let id = UInt32(2 * number + 1)
            rig.receive(0, .status(id, "200", end: false))
            asked.stream.setReading(false)
            for _ in 0..<4 { rig.receive(0, .data(id, String(repeating: "a", count: 15_000))) }
        }
        let next = try rig.ask("/next")
        #expect(rig.transports.count == 2)
        rig.connect(1)
        rig.answer(1, 1)
        #expect(next.isOver)
        // The first has room again once somebody reads.
        slow[0].stream.setReading(true)
        let others = try [rig.ask("/a"), rig.ask("/b")]
        #expect(rig.transports.count == 2)
        #expect(others.allSatisfy { $0.stream.hasSentRequest })
    }

    @Test func `a place that becomes free on a blocked upstream is nobody's yet`() throws {
        let rig = try connected(Self.few, bufferedBytes: 1000)
        let open = try rig.ask("/2")
        block(rig)
        let asked = try rig.ask("/3")
        _ = rig.sent()
        open.stream.close()
        rig.run()
        #expect(!asked.stream.hasSentRequest)
        unblock(rig)
        #expect(asked.stream.hasSentRequest)
        asked.stream.close()
    }

    @Test func `where there may be another connection, that one takes them`() throws {
        let rig = try connected(bufferedBytes: 1000)
        block(rig)
        let asked = try rig.ask("/2")
        try #require(rig.transports.count == 2)
        rig.connect(1)
        #expect(rig.sent(1) == ["HEADERS 1 GET, http, h, /2 end"])
        rig.answer(1, 1)
        #expect(asked.isOver)
    }
}
