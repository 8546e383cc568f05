// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Localities must share the traffic by their weights and by what is up of them, as with Envoy 1.40.

import TestSupport
import Testing
import UnderstudyCore

struct LocalityTests {
    /// Locality, its weight, and its endpoints: `h`ealthy, `d`egraded, `u`nhealthy, e`x`cluded.
    typealias Group = (zone: String, weight: UInt32, levels: String)

    private func hosts(_ groups: [Group], priority: UInt32 = 0, from first: Int = 0) -> [BalancedHost] {
        var hosts: [BalancedHost] = []
        for group in groups {
            for level in group.levels {
                let health: HostHealth.Level = level == "h" ? .healthy : level == "d" ? .degraded : .unhealthy
                var host = BalancedHost.measured(first + hosts.count, health, priority: priority, zone: group.zone)
                host.localityWeight = group.weight
                host.isExcluded = level == "x"
                hosts.append(host)
            }
        }
        return hosts
    }

    private func counts(
        _ hosts: [BalancedHost],
        picks: Int,
        policy: LoadBalancing.Policy = .roundRobin
    ) -> [Int] {
        let settings = LoadBalancing(policy).with { $0.localities = .weighted }
        var balancer = Balancer(BalancingPlan(settings, hosts: hosts), seed: 5)
        var number: UInt64 = 0
        var counts = Array(repeating: 0, count: hosts.count)
        for _ in 0..<picks {
            number += 1
            let pick = balancer.pick(random: { number }, load: { _ in 0 })
            if let host = pick.host { counts[host] += 1 }
        }
        return counts
    }

    @Test(
        arguments: [
            // 3, 1 and 2 parts.
            ([("b", 3, "hh"), ("a", 1, "h"), ("d", 2, "h")], 60, [15, 15, 10, 20]),
            // No weight, no requests.
            ([("a", 1, "h"), ("c", 0, "hh")], 60, [60, 0, 0]),
            // One half of d is down: 0.7 of its weight is left, as 1.4 times as many are there as needed.
            ([("a", 1, "h"), ("d", 2, "hu")], 240, [100, 140, 0]),
            // Of those that have been checked all are up.
            ([("a", 1, "h"), ("d", 2, "hx")], 60, [20, 40, 0]),
            // With no weights at all there are no localities.
            ([("a", 0, "h"), ("b", 0, "hh")], 60, [20, 20, 20]),
            // The last weight of a locality holds.
            ([("a", 1, "h"), ("b", 2, "h"), ("a", 4, "h")], 60, [20, 20, 20]),
            // Degraded ones share in the same way.
            ([("a", 1, "du"), ("b", 2, "dd")], 270, [70, 0, 100, 100]),
        ] as [([Group], Int, [Int])]
    )
    func `weights and health decide the shares`(groups: [Group], picks: Int, expected: [Int]) {
        let counts = counts(hosts(groups), picks: picks)
        #expect(zip(counts, expected).allSatisfy { abs($0 - $1) <= 1 }, "\(counts) for \(expected)")
    }

    @Test func `every priority has its own localities`() {
        // A half is down: 70 percent stay with the first priority.
        let first = hosts([("a", 1, "hu"), ("b", 3, "hu")])
        let second = hosts([("a", 1, "h"), ("c", 1, "hh")], priority: 1, from: 4)
        let counts = counts(first + second, picks: 4000)
        let expected = [700, 0, 2100, 0, 600, 300, 300]
        #expect(zip(counts, expected).allSatisfy { abs($0 - $1) <= 1 }, "\(counts)")
    }

    @Test(arguments: [.random, .leastRequest(choices: 2, activeRequestBias: 1)] as [LoadBalancing.Policy])
    func `other policies choose within localities, too`(policy: LoadBalancing.Policy) {
        let counts = counts(hosts([("b", 3, "hh"), ("a", 1, "h")]), picks: 400, policy: policy)
        #expect(abs(counts[2] - 100) <= 1)
        #expect(abs(counts[0] + counts[1] - 300) <= 1)
        #expect(counts[0] > 0)
        #expect(counts[1] > 0)
    }

    @Test func `unless they are told apart, localities do not matter`() {
        let hosts = hosts([("a", 9, "h"), ("b", 0, "h")])
        var balancer = Balancer(BalancingPlan(LoadBalancing(), hosts: hosts), seed: 0)
        #expect((0..<4).map { _ in balancer.pick(random: { 0 }, load: { _ in 0 }).host } == [0, 1, 0, 1])
    }

    @Test func `in panic localities do not matter`() {
        let counts = counts(hosts([("a", 9, "hu"), ("b", 0, "uu")]), picks: 400)
        #expect(counts == [100, 100, 100, 100])
    }
}
