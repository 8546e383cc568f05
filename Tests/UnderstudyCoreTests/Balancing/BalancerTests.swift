// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a balancer keeps when endpoints change, and how it picks again.

import TestSupport
import Testing

@testable import UnderstudyCore

struct BalancerTests {
    private func host(_ balancer: inout Balancer, hash: UInt64? = nil) -> Int? {
        balancer.pick(hash: hash, random: { 1 }, load: { _ in 0 }).host
    }

    @Test func `turns go on where they were when endpoints change`() {
        let three = BalancedHost.measured(weights: [1, 1, 1])
        var balancer = Balancer(BalancingPlan(LoadBalancing(), hosts: three), seed: 0)
        #expect([host(&balancer), host(&balancer)] == [0, 1])
        balancer.replace(BalancingPlan(LoadBalancing(), hosts: three))
        #expect(host(&balancer) == 2)
        balancer.replace(BalancingPlan(LoadBalancing(), hosts: BalancedHost.measured(weights: [1, 1, 1, 1])))
        // The fourth turn.
        #expect([host(&balancer), host(&balancer)] == [3, 0])
        balancer.replace(BalancingPlan(LoadBalancing(), hosts: []))
        #expect(host(&balancer) == nil)
        balancer.replace(BalancingPlan(LoadBalancing(), hosts: three))
        #expect(host(&balancer) != nil)
    }

    @Test func `who is down loses its turns and gets them back`() {
        var hosts = BalancedHost.measured(weights: [1, 1, 1])
        var balancer = Balancer(BalancingPlan(LoadBalancing(), hosts: hosts), seed: 0)
        hosts[1].level = .unhealthy
        balancer.replace(BalancingPlan(LoadBalancing(), hosts: hosts))
        #expect((0..<4).map { _ in host(&balancer) } == [0, 2, 0, 2])
        hosts[1].level = .healthy
        balancer.replace(BalancingPlan(LoadBalancing(), hosts: hosts))
        #expect(Set((0..<3).map { _ in host(&balancer) }) == [0, 1, 2])
    }

    @Test func `a pick that is refused is made again, as often as is allowed`() {
        var balancer = Balancer(
            BalancingPlan(LoadBalancing(), hosts: BalancedHost.measured(weights: [1, 1, 1])),
            seed: 0
        )
        func pick(_ picks: Int, refusing refused: Set<Int>) -> Int? {
            balancer.pick(random: { 0 }, load: { _ in 0 }, picks: picks) { refused.contains($0) }.host
        }
        #expect(pick(3, refusing: [0]) == 1)
        #expect(pick(1, refusing: [2]) == 2)
        #expect(pick(3, refusing: [0, 1, 2]) == 2)
        #expect(pick(0, refusing: [0]) == 0)
    }

    @Test(arguments: [LoadBalancing.ring(), LoadBalancing.maglev])
    func `a hash that is refused goes elsewhere, and always to the same place`(settings: LoadBalancing) {
        let plan = BalancingPlan(settings, hosts: BalancedHost.measured(weights: [1, 1, 1]))
        var balancer = Balancer(plan, seed: 0)
        for key in 0..<50 as Range<UInt8> {
            let hash = XXHash64.hash([key])
            guard let first = host(&balancer, hash: hash) else {
                Issue.record("no endpoint")
                return
            }
            let picks = (0..<2).map { _ in
                balancer.pick(hash: hash, random: { 0 }, load: { _ in 0 }, picks: 20) { $0 == first }.host
            }
            #expect(picks[0] != first)
            #expect(picks[0] == picks[1])
        }
    }

    @Test func `without a hash the endpoint is left to chance`() {
        let plan = BalancingPlan(LoadBalancing.maglev, hosts: BalancedHost.measured(weights: [1, 1, 1]))
        var balancer = Balancer(plan, seed: 0)
        var dice = SeededGenerator(seed: 3)
        let picked = (0..<50).map { _ in balancer.pick(random: { dice.next() }, load: { _ in 0 }).host }
        #expect(Set(picked) == [0, 1, 2])
    }

    @Test func `random takes no notice of weights`() {
        let plan = BalancingPlan(LoadBalancing(.random), hosts: BalancedHost.measured(weights: [100, 1]))
        var balancer = Balancer(plan, seed: 0)
        var number: UInt64 = 0
        var counts = [0, 0]
        for _ in 0..<100 {
            number += 1
            counts[balancer.pick(random: { number }, load: { _ in 0 }).host ?? 0] += 1
        }
        #expect(counts == [50, 50])
    }

    // MARK: Plans

    @Test(arguments: [LoadBalancing.ring(), LoadBalancing.maglev])
    func `a table is kept as long as its members stay the same`(settings: LoadBalancing) {
        var hosts = BalancedHost.measured(weights: [1, 2, 3])
        let first = BalancingPlan(settings, hosts: hosts)
        // The same endpoints in another place of the list: indices are the new ones.
        let moved = BalancingPlan(settings, hosts: [.measured(9, .unhealthy)] + hosts, reusing: first)
        let fresh = BalancingPlan(settings, hosts: [.measured(9, .unhealthy)] + hosts)
        hosts[0].weight = 5
        let changed = BalancingPlan(settings, hosts: hosts, reusing: moved)
        let other = BalancingPlan(settings, hosts: hosts)
        for key in 0..<100 as Range<UInt8> {
            let hash = XXHash64.hash([key])
            func host(_ plan: BalancingPlan) -> Int? {
                var balancer = Balancer(plan, seed: 0)
                return self.host(&balancer, hash: hash)
            }
            #expect(host(moved) == host(first).map { $0 + 1 })
            #expect(host(moved) == host(fresh))
            #expect(host(changed) == host(other))
        }
        #expect(moved.tables[0].members == first.tables[0].members)
    }

    @Test func `priorities beyond the last are the last`() {
        let plan = BalancingPlan(LoadBalancing(), hosts: [.measured(0, priority: .max)])
        #expect(plan.sets.count == 129)
        #expect(plan.loads.healthy.last == 100)
    }

    @Test func `the largest tables are built and hold everyone`() {
        let hosts = BalancedHost.measured(weights: [1, 1, 1])
        let maglev = BalancingPlan(LoadBalancing(.maglev(tableSize: 5_000_011)), hosts: hosts)
        #expect(maglev.places.map { $0.fewest + $0.most } == 1_666_670 + 1_666_671)
        let ring = LoadBalancing.ring { ($0.minimumSize, $0.maximumSize) = (.max, 200_000) }
        #expect(BalancingPlan(ring, hosts: hosts).places?.size == 200_000)
    }

    @Test(arguments: [
        LoadBalancing.ring { ($0.minimumSize, $0.maximumSize) = (0, 0) }, LoadBalancing(.maglev(tableSize: 0)),
    ])
    func `sizes that no file can have do no harm`(settings: LoadBalancing) {
        let plan = BalancingPlan(settings, hosts: BalancedHost.measured(weights: [1, 0, .max]))
        var balancer = Balancer(plan, seed: .max)
        for key in 0..<10 as Range<UInt8> {
            _ = host(&balancer, hash: XXHash64.hash([key]))
        }
    }
}
