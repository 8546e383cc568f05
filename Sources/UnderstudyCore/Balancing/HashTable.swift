// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A priority's ring or table, together with the bound on how loaded its endpoints may get.

final class HashTable: Sendable {
    private enum Lookup: Sendable {
        case ring(HashRing)
        case maglev(MaglevTable)
    }

    let members: HashMembers
    /// The plan's indices of the members.
    private let hosts: [Int]
    private let lookup: Lookup

    /// - Parameter old: A table that may have been made of the same members with the same policy.
    init?(_ members: HashMembers, hosts: [Int], policy: LoadBalancing.Policy, reusing old: HashTable?) {
        self.members = members
        self.hosts = hosts
        if let old, old.members == members {
            lookup = old.lookup
            return
        }
        switch policy {
        case .ringHash(let settings): lookup = .ring(HashRing(members, settings))
        case .maglev(let size): lookup = .maglev(MaglevTable(members, size: size))
        case .roundRobin, .leastRequest, .random: return nil
        }
    }

    func member(for hash: UInt64, attempt: Int) -> Int? {
        switch lookup {
        case .ring(let ring): ring.member(for: hash, attempt: attempt)
        case .maglev(let table): table.member(for: hash, attempt: attempt)
        }
    }

    func host(_ member: Int) -> Int { hosts[member] }

    var places: BalancingPlan.Places {
        switch lookup {
        case .ring(let ring): BalancingPlan.Places(size: ring.size, fewest: ring.fewest, most: ring.most)
        case .maglev(let table): BalancingPlan.Places(size: 0, fewest: table.fewest, most: table.most)
        }
    }
}

// MARK: Bounded loads

extension HashTable {
    /// The host that the hash leads to, or another one if it has more than its bound of requests in flight.
    ///
    /// - Source: "Consistent Hashing with Bounded Loads" (arXiv 1608.01350), with the jumps of arXiv 1908.08762.
    /// - Parameters:
    ///   - factor: Percent of the mean load.
    ///   - load: Requests in flight to a host of the plan.
    ///   - total: Requests in flight to the cluster.
    func host(for hash: UInt64, attempt: Int, factor: UInt32, load: (Int) -> Int, total: Int) -> Int? {
        guard let first = member(for: hash, attempt: attempt) else { return nil }
        func overload(_ member: Int) -> Double {
            let slots = Double(((UInt64(max(0, total)) &+ 1) &* UInt64(factor) &+ 99) / 100)
            return Double(load(hosts[member])) / max(1, (slots * members.shares[member]).rounded(.up))
        }
        var least = overload(first)
        guard least > 1 else { return hosts[first] }
        var best = first
        var order = Array(hosts.indices)
        var dice = MersenneTwister(seed: UInt32(truncatingIfNeeded: hash))
        for index in order.indices {
            order.swapAt(index, index + Int(dice.number(below: UInt32(order.count - index))))
            guard order[index] != first else { continue }
            let current = overload(order[index])
            if current <= 1 { return hosts[order[index]] }
            if current < least { (best, least) = (order[index], current) }
        }
        return hosts[best]
    }
}
