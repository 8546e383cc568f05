// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Balancers that look at requests in flight, against what Envoy 1.40 did while no request ended.

import TestSupport
import Testing
import UnderstudyCore

struct LoadTests {
    /// The endpoints as they were called in these measurements.
    private func hosts(_ weights: [UInt32]) -> [BalancedHost] {
        weights.enumerated().map { index, weight in
            var host = BalancedHost(address: Array("127.0.0.\(1 + index % 3):\(22_001 + index)".utf8))
            host.weight = weight
            return host
        }
    }

    /// Picks while requests pile up.
    private func picks(_ count: Int, _ plan: BalancingPlan, seed: UInt64 = 0, key: (Int) -> String) -> String {
        var balancer = Balancer(plan, seed: seed)
        var dice = SeededGenerator(seed: seed)
        var loads = Array(repeating: 0, count: plan.hosts.count)
        return (0..<count).map { turn in
            let hash = XXHash64.hash(Array(key(turn).utf8))
            let pick = balancer.pick(
                hash: hash,
                random: { dice.next() },
                load: { loads[$0] },
                total: loads.reduce(0, +)
            )
            guard let host = pick.host else { return "-" }
            loads[host] += 1
            return "\(host)"
        }.joined()
    }

    // MARK: Bounded loads

    @Test(
        arguments: [
            ([1, 1, 1, 1, 1], 150, "4424224233423423423342342", "4314431413141314431243141"),
            ([1, 2, 3, 4, 5], 120, "4442242423434234243342433", "4344134413424324134243421"),
        ] as [([UInt32], UInt32, String, String)]
    )
    func `a ring passes over whoever has more than its bound`(
        weights: [UInt32],
        factor: UInt32,
        one: String,
        four: String
    ) {
        let settings = LoadBalancing.ring().with { $0.hashBalanceFactor = factor }
        let plan = BalancingPlan(settings, hosts: hosts(weights))
        #expect(picks(25, plan) { _ in "k" } == one)
        #expect(picks(25, plan) { "k\($0 % 4)" } == four)
    }

    @Test func `a table passes over whoever has more than its bound`() {
        let settings = LoadBalancing.maglev.with { $0.hashBalanceFactor = 110 }
        let plan = BalancingPlan(settings, hosts: hosts([1, 1, 1, 1, 1]))
        #expect(picks(25, plan) { _ in "k" } == "4422423334231423114231423")
        #expect(picks(25, plan) { "k\($0 % 4)" } == "0302032213021302130213021")
    }

    @Test func `if all have more than their bound, the least overloaded is taken`() {
        let settings = LoadBalancing.ring().with { $0.hashBalanceFactor = 100 }
        let plan = BalancingPlan(settings, hosts: hosts([1, 1, 1]))
        var balancer = Balancer(plan, seed: 0)
        let loads = [40, 30, 20]
        for hash in 0..<20 as Range<UInt64> {
            // The total lags behind what the endpoints say.
            let pick = balancer.pick(hash: hash &* 0x9E37_79B9_7F4A_7C15, random: { 0 }, load: { loads[$0] }, total: 3)
            #expect(pick.host == 2)
        }
    }

    // MARK: Least request

    @Test(
        arguments: [
            (1, "2100120102102010210102012"), (0, "1020102100102010210010201"), (2.5, "2010210120102102102012010"),
        ]
    )
    func `with unequal weights, requests in flight put off the next turn`(bias: Double, measured: String) {
        let plan = BalancingPlan(
            LoadBalancing(.leastRequest(choices: 2, activeRequestBias: bias)),
            hosts: hosts([5, 3, 2])
        )
        #expect((0..<500).contains { picks(25, plan, seed: $0) { _ in "" } == measured })
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func `with many choices the fewest requests win, and all get the same`(seed: UInt64) {
        let plan = BalancingPlan(
            LoadBalancing(.leastRequest(choices: 200, activeRequestBias: 1)),
            hosts: hosts([1, 1, 1, 1, 1])
        )
        let picked = picks(25, plan, seed: seed) { _ in "" }
        for start in stride(from: 0, to: 25, by: 5) {
            #expect(Set(picked.dropFirst(start).prefix(5)).count == 5, "seed \(seed)")
        }
    }

    @Test func `the better of two that are drawn is taken, and of equal ones the first`() {
        let plan = BalancingPlan(
            LoadBalancing(.leastRequest(choices: 2, activeRequestBias: 1)),
            hosts: hosts([1, 1, 1])
        )
        var balancer = Balancer(plan, seed: 0)
        func pick(drawing numbers: [UInt64], loads: [Int]) -> Int? {
            // The first number is the priority's.
            var numbers = [0] + numbers
            return balancer.pick(random: { numbers.removeFirst() }, load: { loads[$0] }).host
        }
        #expect(pick(drawing: [0, 1], loads: [5, 4, 0]) == 1)
        #expect(pick(drawing: [1, 0], loads: [5, 4, 0]) == 1)
        #expect(pick(drawing: [4, 3], loads: [4, 4, 0]) == 1)
        #expect(pick(drawing: [0, 0], loads: [5, 0, 0]) == 0)
    }
}
