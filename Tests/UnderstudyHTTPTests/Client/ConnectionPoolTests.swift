// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Circuit breakers of a pool: who waits, who is refused, and in which order those who wait are served.

import NIOCore
import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct ConnectionPoolTests {
    @Test func `beyond max_connections requests wait, and take over the freed connection in order`() throws {
        let rig = try PoolRig(UpstreamLimits(connections: 1))
        let asked = try ["/1", "/2", "/3"].map { try rig.ask($0) }
        #expect(rig.transports.count == 1)
        #expect(rig.pool.waitingCount == 2)
        #expect(rig.limits.gauges == [1, 3, 0])
        #expect(rig.counters.connectionOverflows.current == 2)

        rig.connect()
        #expect(rig.targets() == ["/1"])
        #expect(rig.limits.gauges == [1, 2, 1])
        rig.answer()
        #expect(rig.targets() == ["/1", "/2"])
        rig.answer()
        #expect(rig.targets() == ["/1", "/2", "/3"])
        rig.answer()
        #expect(asked.allSatisfy { $0.events == ["200", "end, reusable"] })
        #expect(rig.transports.count == 1)
        #expect(rig.pool.idleCount == 1)
        #expect(rig.limits.gauges == [1, 0, 0])
        #expect(rig.counters.connections.current == 1)
        #expect(rig.counters.requests.current == 3)
    }

    @Test func `a request that took a connection over knows that it has carried others`() throws {
        let rig = try PoolRig(UpstreamLimits(connections: 1))
        let asked = try ["/1", "/2"].map { try rig.ask($0) }
        rig.connect()
        #expect(!asked[0].connection.isReused)
        rig.answer()
        #expect(asked[1].connection.isReused)
    }

    @Test func `every pool has at least one connection`() throws {
        let limits = UpstreamLimits(connections: 1)
        let hosts = ResourceLimit(1)
        let rigs = try (0..<3).map { _ in try PoolRig(limits, hostConnections: hosts) }
        for rig in rigs { _ = try rig.ask("/") }
        #expect(rigs.map(\.transports.count) == [1, 1, 1])
        #expect(limits.connections.current == 3)
        #expect(hosts.current == 3)
        #expect(limits.connections.remaining == 0)
        for rig in rigs { rig.end(0, .couldNotConnect) }
        #expect(limits.gauges == [0, 0, 0])
        #expect(hosts.current == 0)
    }

    @Test func `beyond max_pending_requests a request is refused`() throws {
        let rig = try PoolRig(UpstreamLimits(connections: 1, pending: 2))
        _ = try rig.ask("/1")
        _ = try rig.ask("/2")
        #expect(rig.request("/3") == nil)
        #expect(rig.counters.pendingOverflows.current == 1)
        #expect(rig.counters.pendingRequests.current == 2)
        // One that waits for a connection to be made counts as well.
        rig.connect()
        _ = try rig.ask("/4")
        #expect(rig.request("/5") == nil)
    }

    @Test func `no request may wait if max_pending_requests is zero, but idle connections serve`() throws {
        let limits = UpstreamLimits(pending: 1)
        let rig = try PoolRig(limits)
        _ = try rig.ask("/1")
        rig.connect()
        rig.answer()
        limits.pending.setMaximum(0)
        _ = try rig.ask("/2")
        #expect(rig.targets() == ["/1", "/2"])
        #expect(rig.request("/3") == nil)
    }

    @Test func `beyond max_requests an idle connection is no help`() throws {
        let rig = try PoolRig(UpstreamLimits(requests: 1))
        _ = try rig.ask("/1")
        _ = try rig.ask("/2")
        rig.connect(0)
        rig.answer(0)
        rig.connect(1)
        #expect(rig.request("/3") == nil)
        #expect(rig.pool.idleCount == 1)
        #expect(rig.counters.activeOverflows.current == 1)
    }

    @Test func `beyond max_requests one that has waited fails, and its connection stays`() throws {
        let rig = try PoolRig(UpstreamLimits(requests: 1))
        let first = try rig.ask("/1")
        let second = try rig.ask("/2")
        rig.connect(0)
        rig.connect(1)
        #expect(second.events == ["failed: overflow"])
        #expect(rig.targets(1) == [])
        #expect(rig.pool.idleCount == 1)
        #expect(rig.limits.gauges == [2, 0, 1])
        rig.answer(0)
        #expect(first.isAnswered)
        let third = try rig.ask("/3")
        rig.answer(0)
        #expect(third.isAnswered)
        #expect(rig.limits.gauges == [2, 0, 0])
    }

    @Test func `all that wait may fail for max_requests one after the other`() throws {
        let limits = UpstreamLimits(connections: 1, pending: 1_024)
        let rig = try PoolRig(limits)
        let asked = try (0..<1_024).map { try rig.ask("/\($0)") }
        limits.requests.setMaximum(0)
        rig.connect()
        #expect(asked.allSatisfy { $0.events == ["failed: overflow"] })
        #expect(limits.gauges == [1, 0, 0])
        #expect(rig.pool.idleCount == 1)
    }

    @Test func `the limit of a host holds for all its pools, beyond the first of each`() throws {
        let hosts = ResourceLimit(2)
        let rigs = try (0..<2).map { _ in try PoolRig(hostConnections: hosts) }
        for _ in 0..<2 {
            for rig in rigs { _ = try rig.ask("/") }
        }
        #expect(rigs.map(\.transports.count) == [1, 1])
        #expect(rigs.map(\.pool.waitingCount) == [1, 1])
        #expect(hosts.current == 2)
        // The limit of the cluster has not been used up for nothing.
        #expect(rigs.map(\.limits.connections.current) == [1, 1])
    }

    @Test func `a waiting request that is closed frees its place`() throws {
        let rig = try PoolRig(UpstreamLimits(connections: 1, pending: 2))
        let first = try rig.ask("/1")
        let second = try rig.ask("/2")
        second.connection.close()
        #expect(rig.pool.waitingCount == 0)
        #expect(rig.limits.gauges == [1, 1, 0])
        #expect(rig.counters.cancelledRequests.current == 1)
        let third = try rig.ask("/3")
        rig.connect()
        rig.answer()
        rig.answer()
        #expect(rig.targets() == ["/1", "/3"])
        #expect(first.isAnswered && third.isAnswered && second.events.isEmpty)
    }

    @Test(arguments: [TransportEnd.closedByPeer, .reset, .couldNotConnect])
    func `a connection that ends makes room for the next that waits`(end: TransportEnd) throws {
        let rig = try PoolRig(UpstreamLimits(connections: 1))
        let asked = try ["/1", "/2"].map { try rig.ask($0) }
        if end != .couldNotConnect { rig.connect() }
        rig.end(0, end)
        #expect(asked[0].isOver)
        #expect(rig.transports.count == 2)
        #expect(rig.pool.waitingCount == 0)
        rig.connect(1)
        #expect(!asked[1].connection.isReused)
        rig.answer(1)
        #expect(asked[1].isAnswered)
    }

    @Test func `whoever gives up while its connection is made frees both places`() throws {
        let rig = try PoolRig(UpstreamLimits(connections: 1))
        let asked = try ["/1", "/2"].map { try rig.ask($0) }
        asked[0].connection.close()
        #expect(rig.transports.map(\.isClosed) == [true, false])
        #expect(rig.limits.gauges == [1, 1, 0])
        asked[1].connection.close()
        #expect(rig.gauges.allSatisfy { $0 == 0 })
    }

    @Test func `a request that needs a fresh connection is given the place of an idle one`() throws {
        let rig = try PoolRig(UpstreamLimits(connections: 1))
        _ = try rig.ask("/1")
        rig.connect()
        rig.answer()
        let fresh = try rig.ask("/2", fresh: true)
        #expect(rig.transports.map(\.isClosed) == [true, false])
        rig.connect(1)
        rig.answer(1)
        #expect(fresh.isAnswered)
    }

    @Test func `a request that needs a fresh connection is given the place of one that becomes free`() throws {
        let rig = try PoolRig(UpstreamLimits(connections: 1))
        _ = try rig.ask("/1")
        let fresh = try rig.ask("/2", fresh: true)
        let other = try rig.ask("/3")
        rig.connect()
        rig.answer()
        // Who does not mind takes over first.
        #expect(rig.targets() == ["/1", "/3"])
        rig.answer()
        #expect(other.isAnswered)
        #expect(rig.transports.map(\.isClosed) == [true, false])
        rig.connect(1)
        #expect(!fresh.connection.isReused)
        rig.answer(1)
        #expect(fresh.isAnswered)
    }

    @Test func `a retired pool still serves those who wait, and keeps nothing`() throws {
        let rig = try PoolRig(UpstreamLimits(connections: 1))
        let asked = try ["/1", "/2"].map { try rig.ask($0) }
        rig.pool.retire()
        rig.connect()
        rig.answer()
        rig.answer()
        #expect(asked.allSatisfy { $0.isAnswered })
        #expect(rig.transports[0].isClosed)
        #expect(rig.gauges.allSatisfy { $0 == 0 })
    }

    // MARK: Clients and copies

    @Test func `copies that wait never take the connection of a client`() throws {
        let rig = try PoolRig(UpstreamLimits(connections: 1))
        let copies = UpstreamLimits(connections: 1, slot: 1)
        _ = try rig.ask("/client-1")
        _ = try rig.ask("/copy-1", of: copies)
        _ = try rig.ask("/copy-2", of: copies)
        _ = try rig.ask("/client-2")
        rig.connect(0)
        rig.connect(1)
        rig.answer(0)
        rig.answer(1)
        #expect(rig.targets(0) == ["/client-1", "/client-2"])
        #expect(rig.targets(1) == ["/copy-1", "/copy-2"])
        rig.answer(0)
        _ = try rig.ask("/copy-3", of: copies)
        #expect(rig.targets(0).count == 2)
        #expect(rig.limits.connections.current == 1)
        #expect(copies.connections.current == 1)
    }

    @Test func `a copy that waits for a place does not keep a client from taking one`() throws {
        let clients = UpstreamLimits(connections: 1)
        let copies = UpstreamLimits(connections: 1, slot: 1)
        let rig = try PoolRig(clients)
        _ = try rig.ask("/copy-1", of: copies)
        _ = try rig.ask("/copy-2", of: copies)
        _ = try rig.ask("/client-1")
        let waiting = try rig.ask("/client-2")
        rig.connect(1)
        rig.end(1, .reset)
        #expect(rig.pool.waitingCount == 1)
        rig.connect(2)
        rig.answer(2)
        #expect(waiting.isAnswered)
    }
}
