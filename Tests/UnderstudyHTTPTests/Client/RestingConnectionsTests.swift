// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Idle connections make room in the order in which they came to rest.

import TestSupport
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

    @Test(arguments: [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]], [false, true])
    func `those that were used again go in the order of their last rest`(order: [Int], looksBetween: Bool) throws {
        let rig = try rig()
        try rest(3, rig)
        _ = try (0..<3).map { try rig.ask("/again/\($0)") }
        #expect(rig.loop.resting.count == 0)
        if looksBetween { #expect(!rig.loop.resting.closeLongest()) }
        for index in order { rig.answer(index) }
        #expect(rig.loop.resting.count == 3)
        // The pool gives the one that was used last.
        _ = try rig.ask("/and/again")
        rig.answer(order[2])
        for index in order {
            #expect(rig.loop.resting.closeLongest())
            #expect(rig.transports[index].isClosed)
        }
        #expect(rig.loop.resting.count == 0)
        #expect(rig.loop.resting.listedCount == 0)
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func `whatever comes, rests, is used and ends, the one that rests longest goes first`(seed: UInt64) throws {
        var dice = SeededGenerator(seed: seed)
        let rig = try PoolRig(UpstreamLimits(total: ResourceLimit(100), isRestrained: true, slot: 1))
        // Those that rest, in the order in which they came to it, and those in use.
        var resting: [Int] = []
        var used: [Int] = []
        for step in 0..<300 {
            switch dice.number(below: 5) {
            case 0, 1:
                _ = try rig.ask("/\(step)")
                if let index = resting.popLast() {
                    used.append(index)
                } else {
                    rig.connect(rig.transports.count - 1)
                    used.append(rig.transports.count - 1)
                }
            case 2, 3:
                guard !used.isEmpty else { continue }
                let index = used.remove(at: dice.number(below: used.count))
                rig.answer(index)
                resting.append(index)
            default:
                guard !resting.isEmpty, dice.number(below: 3) == 0 else { continue }
                let index = resting.removeFirst()
                #expect(rig.loop.resting.closeLongest(), "seed \(seed)")
                #expect(rig.transports[index].isClosed, "seed \(seed), step \(step)")
            }
            #expect(rig.loop.resting.count == resting.count, "seed \(seed), step \(step)")
            #expect(rig.loop.resting.listedCount <= resting.count + used.count, "seed \(seed), step \(step)")
        }
        for index in used { rig.end(index) }
        rig.pool.retire()
        #expect(rig.loop.resting.listedCount == 0, "seed \(seed)")
    }

    /// As a crowd does whose answers come in the order of its requests, of which each takes what was used last.
    @Test func `many that have come back in the opposite order go in the order of their last rest`() throws {
        let rig = try PoolRig(UpstreamLimits(total: ResourceLimit(500), isRestrained: true, slot: 1))
        try rest(200, rig)
        _ = try (0..<200).map { try rig.ask("/again/\($0)") }
        for index in (0..<200).reversed() where index % 7 != 0 { rig.answer(index) }
        for index in (0..<200).reversed() where index % 7 != 0 {
            #expect(rig.loop.resting.closeLongest())
            #expect(rig.transports[index].isClosed, "\(index)")
        }
        #expect(!rig.loop.resting.closeLongest())
        for index in (0..<200) where index % 7 == 0 { rig.answer(index) }
        for index in (0..<200) where index % 7 == 0 {
            #expect(rig.loop.resting.closeLongest())
            #expect(rig.transports[index].isClosed, "\(index)")
        }
        #expect(rig.loop.resting.listedCount == 0)
    }

    @Test func `one whose socket another request goes on with is forgotten`() throws {
        let total = ResourceLimit(10)
        let rig = try PoolRig(UpstreamLimits(connections: 1, total: total, isRestrained: true, slot: 1))
        try rest(1, rig)
        for number in 0..<20 {
            _ = try rig.ask("/\(number)")
            // It waits for the only connection there may be.
            _ = try rig.ask("/\(number)/waits")
            rig.answer(0)
            rig.answer(0)
            #expect(rig.loop.resting.count == 1)
            #expect(rig.loop.resting.listedCount == 1)
        }
        #expect(rig.transports.count == 1)
        rig.end(0)
        #expect(rig.loop.resting.listedCount == 0)
    }

    @Test(arguments: [false, true])
    func `one on HTTP 2 that ends is forgotten`(isInUse: Bool) throws {
        let limits = UpstreamLimits(total: ResourceLimit(10), isRestrained: true, slot: 1)
        let rig = try HTTP2PoolRig(limits)
        _ = try rig.ask("/")
        rig.connect()
        rig.answer(0, 1)
        #expect(rig.loop.resting.count == 1)
        if isInUse { _ = try rig.ask("/again") }
        #expect(rig.loop.resting.listedCount == 1)
        rig.end()
        #expect(rig.loop.resting.count == 0)
        #expect(rig.loop.resting.listedCount == 0)
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
