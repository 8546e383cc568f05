// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Idle connections make room in the order in which they came to rest.

import Testing

@testable import UnderstudyHTTP

struct RestingConnectionsTests {
    private let total = ResourceLimit(3)

    private func rig() throws -> PoolRig {
        try PoolRig(UpstreamLimits(total: total, isRestrained: true, slot: 1))
    }

    /// So many connections, which are idle at the end in the order of their numbers.
    private func rest(_ count: Int, _ rig: PoolRig) throws {
        let asked = try (0..<count).map { try rig.ask("/\($0)") }
        for index in 0..<count { rig.connect(index) }
        for index in 0..<count { rig.answer(index) }
        #expect(asked.count(where: { $0.isAnswered }) == count)
        #expect(rig.loop.resting.count == count)
    }

    @Test func `the one that has rested longest goes first`() throws {
        let rig = try rig()
        try rest(3, rig)
        #expect(total.isExhausted)
        for index in 0..<3 {
            #expect(rig.loop.resting.closeLongest())
            #expect(rig.transports.map(\.isClosed) == (0..<3).map { $0 <= index })
            #expect(total.current == 2 - index)
        }
        #expect(!rig.loop.resting.closeLongest())
        #expect(rig.gauges.max() == 0)
    }

    @Test func `one that is in use is not asked`() throws {
        let rig = try rig()
        try rest(2, rig)
        // The pool gives the one that was used last.
        _ = try rig.ask("/again")
        #expect(rig.loop.resting.count == 1)
        #expect(rig.loop.resting.closeLongest())
        #expect(!rig.loop.resting.closeLongest())
        #expect(rig.transports.map(\.isClosed) == [true, false])
        rig.answer(1)
        #expect(rig.loop.resting.count == 1)
    }

    @Test func `one that was used again has rested last`() throws {
        let rig = try rig()
        try rest(3, rig)
        // The pool gives the one that was used last, so that all are asked for and come back in another order.
        _ = try (0..<3).map { try rig.ask("/again/\($0)") }
        #expect(rig.loop.resting.count == 0)
        #expect(!rig.loop.resting.closeLongest())
        for index in [1, 2, 0] { rig.answer(index) }
        #expect(rig.loop.resting.count == 3)
        _ = try rig.ask("/and/again")
        rig.answer(0)
        for index in [1, 2, 0] {
            #expect(rig.loop.resting.closeLongest())
            #expect(rig.transports[index].isClosed)
        }
        #expect(rig.loop.resting.count == 0)
    }

    @Test func `one that ends while it is in use is not asked either`() throws {
        let rig = try rig()
        try rest(2, rig)
        _ = try rig.ask("/again")
        rig.end(1)
        #expect(rig.loop.resting.count == 1)
        #expect(rig.loop.resting.closeLongest())
        #expect(rig.transports.map(\.isClosed) == [true, false])
        #expect(!rig.loop.resting.closeLongest())
    }

    @Test(arguments: [[0, 1, 2], [1, 0, 2], [2, 1, 0], [1, 2, 0]])
    func `one that ends by itself leaves the order of the others`(order: [Int]) throws {
        let rig = try rig()
        try rest(3, rig)
        rig.end(order[0])
        #expect(rig.loop.resting.count == 2)
        let oldest = min(order[1], order[2])
        rig.loop.resting.closeLongest()
        #expect(rig.transports[oldest].isClosed)
        rig.pool.retire()
        #expect(rig.loop.resting.count == 0)
        #expect(total.current == 0)
    }

    @Test func `connections without a limit over all are left alone`() throws {
        let rig = try PoolRig()
        _ = try rig.ask("/")
        rig.connect()
        rig.answer()
        #expect(rig.pool.idleCount == 1)
        #expect(rig.loop.resting.count == 0)
    }
}
