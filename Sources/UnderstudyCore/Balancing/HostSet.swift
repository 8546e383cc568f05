// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The endpoints of one priority, parted by health and locality.

/// Some endpoints that a request may go to, in file order.
public struct HostPool: Sendable, Equatable {
    /// Indices of the plan's hosts.
    public let hosts: [Int]
    public let weights: [UInt32]
    let isUniform: Bool

    init(_ hosts: [Int], of all: [BalancedHost]) {
        self.hosts = hosts
        let weights = hosts.map { max(1, all[$0].weight) }
        self.weights = weights
        isUniform = weights.allSatisfy { $0 == weights[0] }
    }
}

public struct HostSet: Sendable, Equatable {
    /// The endpoints of one locality, and its weight.
    public struct Zone: Sendable, Equatable {
        public let weight: UInt32
        let all: HostPool
        let excluded: Int
        let healthy: HostPool
        let degraded: HostPool
    }

    public let all: HostPool
    public let healthy: HostPool
    public let degraded: HostPool
    /// How many of all are excluded.
    public let excluded: Int
    /// Ordered by region, zone and sub-zone; empty if localities are not told apart.
    public let zones: [Zone]

    init(_ indices: [Int], of hosts: [BalancedHost], localities: LoadBalancing.LocalityChoice) {
        func pool(_ indices: [Int], _ level: HostHealth.Level) -> HostPool {
            HostPool(indices.filter { hosts[$0].level == level }, of: hosts)
        }
        all = HostPool(indices, of: hosts)
        healthy = pool(indices, .healthy)
        degraded = pool(indices, .degraded)
        excluded = indices.count { hosts[$0].isExcluded }
        guard localities == .weighted else {
            zones = []
            return
        }
        let groups = Dictionary(grouping: indices) { hosts[$0].locality }
        zones = groups.sorted { $0.key.precedes($1.key) }.map { _, members in
            Zone(
                // If the file has a locality twice, its last weight holds for all.
                weight: members.last { hosts[$0].localityWeight > 0 }.map { hosts[$0].localityWeight } ?? 0,
                all: HostPool(members, of: hosts),
                excluded: members.count { hosts[$0].isExcluded },
                healthy: pool(members, .healthy),
                degraded: pool(members, .degraded)
            )
        }
    }

    /// How many count when health is judged.
    var counted: Int { all.hosts.count - excluded }
}

extension HostSet.Zone {
    /// The share that a locality with some endpoints down gets.
    func effectiveWeight(of eligible: HostPool, overprovisioning: UInt32) -> Double {
        let counted = all.hosts.count - excluded
        guard counted > 0 else { return 0 }
        let ratio = Double(eligible.hosts.count) / Double(counted)
        return Double(weight) * min(1, Double(overprovisioning) / 100 * ratio)
    }
}

extension Locality {
    fileprivate func precedes(_ other: Locality) -> Bool {
        if region != other.region { return region.utf8.lexicographicallyPrecedes(other.region.utf8) }
        if zone != other.zone { return zone.utf8.lexicographicallyPrecedes(other.zone.utf8) }
        return subZone.utf8.lexicographicallyPrecedes(other.subZone.utf8)
    }
}
