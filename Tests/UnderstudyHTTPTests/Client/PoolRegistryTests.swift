// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Idle connections that give up their descriptors.

import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct PoolRegistryTests {
    @Test func `an idle connection gives up its descriptor, one of a copy before one of a client`() throws {
        let rig = try PoolRig()
        let copies = UpstreamLimits(slot: 1)
        _ = try rig.ask("/client")
        _ = try rig.ask("/copy", of: copies)
        for index in 0..<2 {
            rig.connect(index)
            rig.answer(index)
        }
        #expect(rig.pool.idleCount == 2)
        #expect(rig.loop.pools.makeRoom())
        #expect(rig.transports.map(\.isClosed) == [false, true])
        #expect(rig.loop.pools.makeRoom())
        #expect(rig.transports.map(\.isClosed) == [true, true])
        #expect(!rig.loop.pools.makeRoom())
    }

    @Test func `a connection that is in use is not closed`() throws {
        let rig = try PoolRig()
        _ = try rig.ask("/")
        rig.connect()
        #expect(!rig.loop.pools.makeRoom())
        #expect(rig.transports.map(\.isClosed) == [false])
    }

    @Test func `a pool that is gone is forgotten`() throws {
        let registry = PoolRegistry()
        do {
            let rig = try PoolRig()
            registry.insert(rig.pool)
        }
        #expect(!registry.makeRoom())
    }

    // MARK: Places

    @Test func `where there are few places idle connections make way for others, and copies' are spared`() throws {
        let rig = try PoolRig()
        let places = UpstreamPlaces(2)
        rig.loop.pools.places = places
        _ = try rig.ask("/copy", of: UpstreamLimits(isRestrained: true, slot: 1))
        _ = try rig.ask("/0")
        for index in 0..<2 {
            rig.connect(index)
            rig.answer(index)
        }
        _ = try rig.ask("/1", fresh: true)
        #expect(rig.transports.map(\.isClosed) == [false, false, false])
        #expect(places.isFull && !places.isCrowded)
        _ = try rig.ask("/2", fresh: true)
        #expect(rig.transports.map(\.isClosed) == [false, true, false, false])
    }

    @Test func `what was too many is not kept, and others are asked for room, once at a time`() throws {
        let rig = try PoolRig()
        let places = UpstreamPlaces(1)
        let asked = Counter()
        places.onWant { asked.add() }
        rig.loop.pools.places = places
        for path in ["/0", "/1", "/2"] { _ = try rig.ask(path) }
        #expect(asked.current == 1)
        places.roomWasMade()
        for index in 0..<3 {
            rig.connect(index)
            rig.answer(index)
        }
        #expect(rig.transports.map(\.isClosed) == [true, true, false])
        #expect(places.isFull && !places.isCrowded)
        _ = try rig.ask("/3")
        #expect(asked.current == 1)
    }
}
