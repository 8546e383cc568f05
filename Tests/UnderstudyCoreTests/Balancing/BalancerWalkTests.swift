// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Random clusters under random changes: what no balancer may ever do.

import TestSupport
import Testing
import UnderstudyCore

struct BalancerWalkTests {
    private static let policies: [LoadBalancing.Policy] = [
        .roundRobin, .random, .leastRequest(choices: 2, activeRequestBias: 1),
        .leastRequest(choices: 3, activeRequestBias: 0.5),
        .ringHash(LoadBalancing.RingHash()), .maglev(tableSize: 251),
    ]

    private func settings(_ dice: inout SeededGenerator) -> LoadBalancing {
        LoadBalancing(dice.pick(Self.policies)).with { settings in
            settings.panicThreshold = dice.pick([0, 0, 30, 50, 100])
            settings.failsOnPanic = dice.chance(percent: 20)
            settings.overprovisioningFactor = dice.pick([100, 140, 250])
            settings.localities = dice.chance(percent: 40) ? .weighted : .none
            settings.hashesHostnames = dice.chance(percent: 30)
            settings.hashBalanceFactor = dice.chance(percent: 30) ? 120 : nil
        }
    }

    private func hosts(_ dice: inout SeededGenerator) -> [BalancedHost] {
        (0..<dice.number(below: 13)).map { index in
            var host = BalancedHost.measured(
                index,
                weight: dice.pick([1, 1, 1, 2, 7]),
                dice.pick([.healthy, .healthy, .degraded, .unhealthy]),
                priority: UInt32(dice.number(below: 3)),
                zone: dice.pick(["", "a", "b"])
            )
            host.localityWeight = host.locality.region == "b" ? 0 : 3
            host.isExcluded = dice.chance(percent: 10)
            return host
        }
    }

    @Test(arguments: 1...60 as ClosedRange<UInt64>)
    func `nobody who is down gets a request outside a panic`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        let settings = settings(&dice)
        var plan = BalancingPlan(settings, hosts: hosts(&dice))
        var balancer = Balancer(plan, seed: dice.next())
        for _ in 0..<8 {
            plan = BalancingPlan(settings, hosts: hosts(&dice), reusing: dice.chance(percent: 50) ? plan : nil)
            balancer.replace(plan)
            check(plan, seed)
            var loads = Array(repeating: 0, count: plan.hosts.count)
            for _ in 0..<200 {
                let hash = dice.chance(percent: 80) ? dice.next() : nil
                let pick = balancer.pick(
                    hash: hash,
                    random: { dice.next() },
                    load: { loads[$0] },
                    total: loads.reduce(0, +),
                    picks: dice.pick([1, 3])
                ) { _ in dice.chance(percent: 30) }
                if let host = pick.host { loads[host] += 1 }
                check(pick, plan, seed)
            }
        }
    }

    private func check(_ plan: BalancingPlan, _ seed: UInt64) {
        let loads = plan.loads
        #expect(loads.healthy.reduce(0, +) + loads.degraded.reduce(0, +) == 100, "seed \(seed)")
        #expect((loads.healthy + loads.degraded).allSatisfy { $0 >= 0 }, "seed \(seed)")
        #expect(plan.counts.total == plan.hosts.count, "seed \(seed)")
    }

    private func check(_ pick: Balancer.Pick, _ plan: BalancingPlan, _ seed: UInt64) {
        guard let host = pick.host else {
            // There is nobody, or nobody may be asked.
            let canFail = plan.settings.failsOnPanic || plan.settings.hashes || plan.loads.isPanic.allSatisfy { !$0 }
            #expect(canFail || plan.hosts.isEmpty, "seed \(seed)")
            return
        }
        guard plan.hosts.indices.contains(host) else {
            Issue.record("seed \(seed): no host \(host)")
            return
        }
        let picked = plan.hosts[host]
        #expect(pick.isPanic || picked.level != .unhealthy, "seed \(seed)")
        #expect(pick.isPanic == plan.loads.isPanic[Int(picked.priority)], "seed \(seed)")
        let share = plan.loads.healthy[Int(picked.priority)] + plan.loads.degraded[Int(picked.priority)]
        #expect(share > 0, "seed \(seed)")
        if plan.settings.hashes, plan.settings.localities == .weighted {
            #expect(picked.localityWeight > 0, "seed \(seed)")
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `at no moment is an endpoint much more than a turn from its share`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        let weights = (0..<2 + dice.number(below: 6)).map { _ in UInt32(1 + dice.number(below: 20)) }
        let total = Double(weights.reduce(0, +))
        var balancer = Balancer(
            BalancingPlan(LoadBalancing(), hosts: BalancedHost.measured(weights: weights)),
            seed: dice.next()
        )
        var counts = Array(repeating: 0, count: weights.count)
        for turn in 1...300 {
            guard let picked = balancer.pick(random: { 0 }, load: { _ in 0 }).host else { continue }
            counts[picked] += 1
            let share = Double(turn) * Double(weights[picked]) / total
            #expect(abs(Double(counts[picked]) - share) < 2, "seed \(seed), weights \(weights), turn \(turn)")
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `tables give everyone its share`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        let weights = (0..<2 + dice.number(below: 8)).map { _ in UInt32(1 + dice.number(below: 5)) }
        let plan = BalancingPlan(.maglev, hosts: BalancedHost.measured(weights: weights))
        var balancer = Balancer(plan, seed: 0)
        var counts = Array(repeating: 0, count: weights.count)
        for _ in 0..<10_000 {
            if let host = balancer.pick(random: { dice.next() }, load: { _ in 0 }).host { counts[host] += 1 }
        }
        for (count, weight) in zip(counts, weights) {
            let share = 10_000 * Double(weight) / Double(weights.reduce(0, +))
            #expect(abs(Double(count) - share) < 6 * share.squareRoot(), "seed \(seed), weights \(weights)")
        }
    }
}
