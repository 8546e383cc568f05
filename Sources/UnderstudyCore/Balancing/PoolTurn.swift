// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Whose turn it is in one pool, and which locality's turn it is in one priority.

struct PoolTurn: Sendable {
    /// Of plain rotation.
    private(set) var next: UInt64
    /// Where weights differ.
    private var schedule: DeadlineSchedule?

    init(_ pool: HostPool, next: UInt64, seed: UInt64, policy: LoadBalancing.Policy) {
        self.next = next
        if policy != .random, !pool.isUniform {
            schedule = DeadlineSchedule(weights: pool.weights.map(Double.init), start: seed)
        }
    }

    /// - Parameters:
    ///   - pool: Not empty.
    ///   - weight: Of a member of the pool at this moment.
    /// - Returns: A host of the plan.
    mutating func pick(in pool: HostPool, weight: (Int) -> Double) -> Int {
        guard let member = schedule?.pick(weight: weight) else {
            return rotate(pool.hosts)
        }
        return pool.hosts[member]
    }

    /// - Parameter hosts: Not empty.
    mutating func rotate(_ hosts: [Int]) -> Int {
        let host = hosts[Int(next % UInt64(hosts.count))]
        // Safe: it may wrap.
        next &+= 1
        return host
    }
}

/// Localities take turns by their weights, as far as their endpoints are well.
struct ZoneTurn: Sendable {
    /// Those that have a weight.
    private var zones: [Int] = []
    private var weights: [Double] = []
    private var schedule: DeadlineSchedule?

    init(_ set: HostSet, _ eligible: (HostSet.Zone) -> HostPool, overprovisioning: UInt32, seed: UInt64) {
        for (index, zone) in set.zones.enumerated() {
            let weight = zone.effectiveWeight(of: eligible(zone), overprovisioning: overprovisioning)
            guard weight > 0 else { continue }
            zones.append(index)
            weights.append(weight)
        }
        if !zones.isEmpty { schedule = DeadlineSchedule(weights: weights, start: seed) }
    }

    /// - Returns: `nil` if no locality has a weight.
    mutating func pick() -> Int? {
        guard let member = schedule?.pick(weight: { weights[$0] }) else { return nil }
        return zones[member]
    }
}
