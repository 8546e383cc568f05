// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Taking turns must be fair at every moment, not only in the long run.

import TestSupport
import Testing
import UnderstudyCore

struct RoundRobinTests {
    private func picks(_ count: Int, of weights: [UInt32]) -> [Int] {
        var balancer = RoundRobin(weights: weights)
        return (0..<count).compactMap { _ in balancer.pick() }
    }

    @Test func `without endpoints nobody is picked`() {
        var balancer = RoundRobin(weights: [])
        #expect(balancer.pick() == nil)
        #expect(balancer.pick() == nil)
    }

    @Test func `a single endpoint is always picked`() {
        #expect(picks(4, of: [7]) == [0, 0, 0, 0])
    }

    @Test(arguments: [1, 2, 100] as [UInt32])
    func `equal weights rotate in file order`(weight: UInt32) {
        #expect(picks(7, of: [weight, weight, weight]) == [0, 1, 2, 0, 1, 2, 0])
    }

    @Test(
        arguments: [
            ([5, 1, 1], [0, 0, 1, 0, 2, 0, 0]),
            ([1, 2], [1, 0, 1]),
            ([2, 1], [0, 1, 0]),
            ([1, 1, 4], [2, 0, 2, 1, 2, 2]),
        ] as [([UInt32], [Int])]
    )
    func `unequal weights are spread, not served in blocks`(weights: [UInt32], cycle: [Int]) {
        #expect(picks(cycle.count, of: weights) == cycle)
        #expect(picks(cycle.count * 3, of: weights) == cycle + cycle + cycle)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `a full cycle gives every endpoint exactly its weight`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        let weights = (0..<1 + dice.number(below: 8)).map { _ in UInt32(1 + dice.number(below: 9)) }
        let cycle = weights.map(Int.init).reduce(0, +)
        var balancer = RoundRobin(weights: weights)
        for _ in 0..<3 {
            var counts = Array(repeating: 0, count: weights.count)
            // With equal weights the cycle is shorter, and repeating it gives the same counts.
            for _ in 0..<cycle {
                guard let picked = balancer.pick() else { continue }
                counts[picked] += 1
            }
            #expect(counts == weights.map(Int.init), "seed \(seed), weights \(weights)")
        }
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func `at no moment is an endpoint a whole turn ahead of its share`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        let weights = (0..<2 + dice.number(below: 4)).map { _ in UInt32(1 + dice.number(below: 20)) }
        let total = Double(weights.reduce(0, +))
        var balancer = RoundRobin(weights: weights)
        var counts = Array(repeating: 0, count: weights.count)
        for turn in 1...200 {
            guard let picked = balancer.pick() else { continue }
            counts[picked] += 1
            let share = Double(turn) * Double(weights[picked]) / total
            #expect(Double(counts[picked]) < share + 1, "seed \(seed), weights \(weights), turn \(turn)")
        }
    }

    @Test func `the largest weights do not overflow`() {
        let counts = picks(6, of: [.max, .max, .max - 1])
        #expect(Set(counts) == [0, 1, 2])
    }
}
