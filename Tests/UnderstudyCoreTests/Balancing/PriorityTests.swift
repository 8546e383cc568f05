// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Traffic must be spread over priorities as Envoy 1.40 spreads it, in health, in need and in panic.

import TestSupport
import Testing
import UnderstudyCore

struct PriorityTests {
    /// Endpoints of one priority: `h`ealthy, `d`egraded, `u`nhealthy, and e`x`cluded as not yet checked.
    private func hosts(_ priorities: [String]) -> [BalancedHost] {
        var hosts: [BalancedHost] = []
        for (priority, levels) in priorities.enumerated() {
            for level in levels {
                let health: HostHealth.Level = level == "h" ? .healthy : level == "d" ? .degraded : .unhealthy
                var host = BalancedHost.measured(hosts.count, health, priority: UInt32(priority))
                host.isExcluded = level == "x"
                hosts.append(host)
            }
        }
        return hosts
    }

    private func plan(_ priorities: [String], _ change: (inout LoadBalancing) -> Void = { _ in }) -> BalancingPlan {
        BalancingPlan(LoadBalancing().with(change), hosts: hosts(priorities))
    }

    @Test(
        arguments: [
            (["hhh"], [100], [0]),
            // A healthy priority does not panic for want of the other.
            (["huu", "hh", "h"], [46, 54, 0], [0, 0, 0]),
            (["hduu", "huuu", "ud"], [35, 35, 0], [30, 0, 0]),
            (["huuuuuuuuu", "hu"], [17, 83], [0, 0]),
            (["hhhhh", "h"], [100, 0], [0, 0]),
            (["hhuu", "h"], [70, 30], [0, 0]),
            (["du", "h"], [0, 100], [0, 0]),
            (["dd"], [0], [100]),
            (["hd"], [70], [30]),
            (["uuu", "h"], [0, 100], [0, 0]),
            (["", "h"], [0, 100], [0, 0]),
            ([], [100], [0]),
            // Not yet checked ones are left out of the count.
            (["hxx", "h"], [100, 0], [0, 0]),
            (["xx", "h"], [0, 100], [0, 0]),
        ] as [([String], [Int], [Int])]
    )
    func `health decides how much a priority gets`(priorities: [String], healthy: [Int], degraded: [Int]) {
        let loads = plan(priorities).loads
        #expect(loads.healthy == healthy)
        #expect(loads.degraded == degraded)
    }

    @Test func `overprovisioning of 100 percent spares nobody`() {
        let loads = plan(["hhu", "h"]) { $0.overprovisioningFactor = 100 }.loads
        #expect(loads.healthy == [67, 33] || loads.healthy == [66, 34])
    }

    @Test(
        arguments: [
            (["huu"], [true], [100]),
            (["uu", "uuu"], [true, true], [40, 60]),
            (["huuuuuuuuu", "hu"], [true, false], [17, 83]),
            (["huuuuuuuuu", "huu"], [true, true], [77, 23]),
            (["hu"], [false], [100]),
            (["hux"], [false], [100]),
            (["xx"], [true], [100]),
            (["u", "", "u"], [true, true, true], [50, 0, 50]),
        ] as [([String], [Bool], [Int])]
    )
    func `too few that are well make a priority panic, and all of them count`(
        priorities: [String],
        panic: [Bool],
        healthy: [Int]
    ) {
        let loads = plan(priorities).loads
        #expect(loads.isPanic == panic)
        #expect(loads.healthy == healthy)
        #expect(loads.degraded.allSatisfy { $0 == 0 })
    }

    @Test(
        arguments: [
            (33.4, false), (33.5, true), (34, true), (0, false), (0.4, false), (100, true), (-1, false), (.nan, false),
        ]
            as [(Double, Bool)]
    )
    func `the threshold is rounded to whole percents`(threshold: Double, isPanic: Bool) {
        #expect(plan(["huu"]) { $0.panicThreshold = threshold }.loads.isPanic == [isPanic])
        // What the runtime says wins.
        let other = BalancingPlan(LoadBalancing(), hosts: hosts(["huu"]), panicThreshold: threshold)
        #expect(other.loads.isPanic == [isPanic])
    }

    // MARK: Picks

    private func counts(_ plan: BalancingPlan, picks: Int = 1000) -> (hosts: [Int?: Int], panics: Int) {
        var balancer = Balancer(plan, seed: 7)
        var number: UInt64 = 0
        var counts: [Int?: Int] = [:]
        var panics = 0
        for _ in 0..<picks {
            // Every hundredth as often as any other.
            number += 1
            let pick = balancer.pick(random: { number }, load: { _ in 0 })
            counts[pick.host, default: 0] += 1
            panics += pick.isPanic ? 1 : 0
        }
        return (counts, panics)
    }

    @Test func `picks follow the percentages`() {
        let spread = counts(BalancingPlan(LoadBalancing(), hosts: BalancedHost.threePriorities))
        #expect(spread.hosts == [0: 460, 3: 270, 4: 270])
        #expect(spread.panics == 0)
        let mixed = counts(plan(["hduu", "huuu", "ud"]))
        #expect(mixed.hosts == [0: 350, 1: 300, 4: 350])
    }

    @Test func `in panic everyone of the priority gets requests, and it is told`() {
        let spread = counts(plan(["huuuuuuuuu", "hu"]))
        #expect(spread.hosts.filter { ($0.key ?? 99) < 10 }.allSatisfy { $0.value == 17 })
        #expect(spread.hosts[10] == 830)
        #expect(spread.panics == 170)
    }

    @Test func `a panic may be told to fail instead`() {
        let spread = counts(plan(["huu"]) { $0.failsOnPanic = true })
        #expect(spread.hosts == [nil: 1000])
        #expect(spread.panics == 1000)
    }

    @Test func `without a panic there is nobody if nobody is well`() {
        let spread = counts(plan(["uu", "u"]) { $0.panicThreshold = 0 })
        #expect(spread.hosts == [nil: 1000])
        #expect(spread.panics == 0)
        let empty = counts(plan([]))
        #expect(empty.hosts == [nil: 1000])
    }

    @Test(arguments: [LoadBalancing.ring(), LoadBalancing.maglev])
    func `hashing balancers go on in a panic, whatever they are told`(settings: LoadBalancing) {
        let plan = BalancingPlan(settings.with { $0.failsOnPanic = true }, hosts: hosts(["huu"]))
        var balancer = Balancer(plan, seed: 0)
        let picks = (0..<200 as Range<UInt64>).map { key in
            balancer.pick(hash: XXHash64.hash([UInt8(key)]), random: { 0 }, load: { _ in 0 })
        }
        #expect(picks.allSatisfy { $0.isPanic })
        #expect(Set(picks.compactMap(\.host)) == [0, 1, 2])
    }

    @Test func `endpoints are counted by health`() {
        let counts = plan(["hhdx", "hu"]).counts
        #expect(counts == plan(["xdhh", "uh"]).counts)
        #expect([counts.total, counts.healthy, counts.degraded, counts.excluded] == [6, 3, 1, 1])
    }
}
