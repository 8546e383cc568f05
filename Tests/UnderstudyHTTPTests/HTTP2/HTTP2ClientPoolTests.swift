// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How many connections there are for how many requests, and which limits count them.

import NIOCore
import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct HTTP2ClientPoolTests {
    @Test func `an upstream that takes nothing gets no further requests until it does`() throws {
        let rig = try HTTP2PoolRig(UpstreamLimits(connections: 1)) { $0.bufferedBytes = 1000 }
        let first = try rig.ask("/1")
        rig.connect()
        let transport = rig.transports[0]
        (transport.isWritable, transport.queuedBytes) = (false, 4001)
        transport.user?.transportWritabilityChanged()
        rig.receive(0, .ping())
        _ = rig.sent()
        let second = try rig.ask("/2")
        first.stream.close()
        rig.run()
        #expect(!rig.sent().contains { $0.contains("/2") })
        (transport.isWritable, transport.queuedBytes) = (true, 0)
        transport.user?.transportWritabilityChanged()
        rig.run()
        #expect(rig.sent().contains { $0.contains("/2") })
        second.stream.close()
    }

    @Test func `many requests share one connection`() throws {
        let rig = try HTTP2PoolRig()
        let asked = [try rig.ask("/1"), try rig.ask("/2"), try rig.ask("/3")]
        #expect(rig.transports.count == 1)
        #expect(rig.limits.gauges == [1, 3, 0])
        rig.connect()
        #expect(rig.sent().map { $0.prefix(9) } == ["HEADERS 1", "HEADERS 3", "HEADERS 5"])
        #expect(rig.limits.gauges == [1, 0, 3])
        for id in [5, 1, 3] as [UInt32] { rig.answer(0, id) }
        #expect(asked.allSatisfy { $0.events == ["200", "end, reusable"] })
        #expect(rig.gauges == [1, 0, 0, 1, 0, 0, 1, 0, 0])
        #expect(rig.counters.http2Connections.current == 1)
        #expect(rig.counters.pendingRequests.current == 3)
        #expect(rig.counters.requests.current == 3)
    }

    @Test func `beyond what the upstream takes there is another connection`() throws {
        let rig = try HTTP2PoolRig()
        let first = [try rig.ask(), try rig.ask(), try rig.ask()]
        rig.connect(settings: [(3, 2)])
        // The first three were sent before anybody knew.
        #expect(rig.transports.count == 1)
        #expect(first.allSatisfy { $0.stream.hasSentRequest })
        let fourth = try rig.ask()
        #expect(rig.transports.count == 2)
        rig.connect(1, settings: [(3, 2)])
        rig.answer(1, 1)
        #expect(fourth.events == ["200", "end, reusable"])
    }

    @Test func `the configuration may allow fewer streams than the upstream`() throws {
        let rig = try HTTP2PoolRig { $0.http2.options.concurrentStreams = 2 }
        let asked = [try rig.ask(), try rig.ask(), try rig.ask()]
        #expect(rig.transports.count == 2)
        rig.connect(0)
        rig.connect(1)
        #expect(rig.limits.gauges == [2, 0, 3])
        #expect(asked.allSatisfy { $0.stream.hasSentRequest })
    }

    @Test func `requests wait for a place where there may be no other connection`() throws {
        let rig = try HTTP2PoolRig(UpstreamLimits(connections: 1, pending: 1)) {
            $0.http2.options.concurrentStreams = 1
        }
        let first = try rig.ask("/1")
        rig.connect()
        let second = try rig.ask("/2")
        #expect(rig.transports.count == 1)
        #expect(rig.counters.connectionOverflows.current == 1)
        #expect(rig.isRefused())
        #expect(rig.counters.pendingOverflows.current == 1)
        rig.answer(0, 1)
        #expect(first.isOver)
        rig.answer(0, 3)
        #expect(second.events == ["200", "end, reusable"])
        #expect(rig.gauges == [1, 0, 0, 1, 0, 0, 1, 0, 0])
    }

    @Test func `the limit on requests counts streams`() throws {
        let rig = try HTTP2PoolRig(UpstreamLimits(requests: 2))
        _ = try rig.ask()
        rig.connect()
        _ = try rig.ask()
        #expect(rig.isRefused())
        #expect(rig.counters.activeOverflows.current == 1)
        #expect(rig.counters.pendingOverflows.current == 0)
    }

    @Test func `of those that wait, some may find the limit reached`() throws {
        let rig = try HTTP2PoolRig(UpstreamLimits(requests: 1))
        let asked = [try rig.ask(), try rig.ask()]
        rig.connect()
        rig.answer(0, 1)
        #expect(asked.map(\.events) == [["200", "end, reusable"], ["failed: overflow"]])
        #expect(rig.gauges == [1, 0, 0, 1, 0, 0, 1, 0, 0])
    }

    @Test(arguments: [(TransportEnd.couldNotConnect, "connectFailure"), (.connectTimedOut, "connectTimeout")])
    func `without a connection all that wait fail`(end: TransportEnd, failure: String) throws {
        let rig = try HTTP2PoolRig()
        let asked = [try rig.ask(), try rig.ask()]
        rig.end(0, end)
        #expect(asked.map(\.events) == [["failed: \(failure)"], ["failed: \(failure)"]])
        #expect(rig.counters.connectFailures.current == 1)
        #expect(rig.counters.pendingFailures.current == 2)
        #expect(rig.gauges == [0, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test func `copies have connections of their own`() throws {
        let copies = UpstreamLimits(slot: 1)
        let rig = try HTTP2PoolRig()
        _ = try rig.ask()
        rig.connect(0)
        _ = try rig.ask(of: copies)
        #expect(rig.transports.count == 2)
        #expect(copies.gauges == [1, 1, 0])
        rig.connect(1)
        #expect(rig.pool.closeOneIdle(sparingCopies: false) == false)
        rig.answer(1, 1)
        #expect(!rig.pool.closeOneIdle(sparingCopies: true))
        #expect(rig.pool.closeOneIdle(sparingCopies: false))
        #expect(copies.gauges == [0, 0, 0])
    }

    @Test func `a request that is given up while it waits leaves the connection to others`() throws {
        let rig = try HTTP2PoolRig()
        let asked = try rig.ask()
        asked.stream.close()
        #expect(rig.counters.cancelledRequests.current == 1)
        rig.connect()
        #expect(rig.sent() == [])
        #expect(rig.pool.idleCount == 1)
        #expect(rig.gauges == [1, 0, 0, 1, 0, 0, 1, 0, 0])
    }

    @Test func `a connection carries so many requests, and ends with the last`() throws {
        let rig = try HTTP2PoolRig { $0.requestsPerConnection = 2 }
        let asked = [try rig.ask(), try rig.ask(), try rig.ask()]
        #expect(rig.transports.count == 2)
        rig.connect(0)
        rig.connect(1)
        #expect(rig.counters.spentConnections.current == 1)
        rig.answer(0, 1)
        #expect(!rig.transports[0].isClosed)
        rig.answer(0, 3)
        #expect(rig.transports[0].isClosed)
        #expect(rig.counters.destroyedLocally.current == 1)
        rig.answer(1, 1)
        #expect(asked.allSatisfy { $0.isOver })
    }

    @Test func `an idle connection ends after its time`() throws {
        let rig = try HTTP2PoolRig { $0.idleTime = .seconds(7) }
        _ = try rig.ask()
        rig.connect()
        rig.pass(.seconds(8))
        #expect(!rig.transports[0].isClosed)
        rig.answer(0, 1)
        rig.pass(.seconds(8))
        #expect(rig.transports[0].isClosed)
        #expect(rig.counters.idleTimeouts.current == 1)
        #expect(rig.gauges == [0, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    // MARK: GOAWAY

    @Test func `an upstream that leaves answers what it has, and the rest goes elsewhere`() throws {
        let rig = try HTTP2PoolRig()
        let asked = [try rig.ask(), try rig.ask()]
        rig.connect()
        rig.receive(0, .goAway(1))
        #expect(asked.map(\.events) == [[], ["failed: goneAway"]])
        #expect(rig.counters.closeNotifies.current == 1)
        let next = try rig.ask()
        #expect(rig.transports.count == 2)
        rig.answer(0, 1)
        #expect(asked[0].events == ["200", "end, reusable"])
        #expect(rig.transports[0].isClosed)
        rig.connect(1)
        rig.answer(1, 1)
        #expect(next.isOver)
        #expect(rig.counters.destroyedLocally.current == 1)
    }

    @Test func `an idle connection ends with the GOAWAY`() throws {
        let rig = try HTTP2PoolRig()
        _ = try rig.ask()
        rig.connect()
        rig.answer(0, 1)
        rig.receive(0, .goAway(1))
        #expect(rig.transports[0].isClosed)
        #expect(rig.gauges == [0, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test func `whoever may not wait for stale connections gets another`() throws {
        let rig = try HTTP2PoolRig()
        _ = try rig.ask()
        rig.connect()
        rig.answer(0, 1)
        let fresh = [try rig.ask(fresh: true), try rig.ask(fresh: true)]
        #expect(rig.transports.count == 2)
        rig.connect(1)
        rig.receive(1, .status(1, "200"), .status(3, "200"))
        #expect(fresh.allSatisfy { $0.isOver })
    }

    @Test func `unless there may be none`() throws {
        let rig = try HTTP2PoolRig(UpstreamLimits(connections: 1))
        _ = try rig.ask()
        rig.connect()
        rig.answer(0, 1)
        let fresh = try rig.ask(fresh: true)
        rig.answer(0, 3)
        #expect(fresh.events == ["200", "end, reusable"])
    }

    @Test func `an upstream that takes no stream at all is refused by`() throws {
        let rig = try HTTP2PoolRig()
        let first = try rig.ask()
        rig.connect(settings: nil)
        rig.receive(0, .settings([(3, 0)]), .reset(1, .refusedStream))
        #expect(first.events == ["failed: streamRefused"])
        #expect(rig.transports[0].isClosed)
        #expect(rig.gauges == [0, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test func `a pool that retires ends idle connections now and others when they are done`() throws {
        let rig = try HTTP2PoolRig { $0.http2.options.concurrentStreams = 1 }
        let asked = [try rig.ask(), try rig.ask()]
        rig.connect(0)
        rig.connect(1)
        rig.answer(0, 1)
        rig.pool.retire()
        #expect(rig.transports.map(\.isClosed) == [true, false])
        rig.answer(1, 1)
        #expect(asked.allSatisfy { $0.isOver })
        #expect(rig.transports.map(\.isClosed) == [true, true])
        #expect(rig.gauges == [0, 0, 0, 0, 0, 0, 0, 0, 0])
    }
}
