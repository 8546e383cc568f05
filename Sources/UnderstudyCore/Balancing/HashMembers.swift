// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The endpoints that a ring or a table is made of, and their shares.

/// Keys and shares of the endpoints of one priority that requests are spread over by hash.
struct HashMembers: Sendable, Equatable {
    /// What stands for each endpoint: its address or its name.
    private(set) var keys: [[UInt8]] = []
    /// Shares of one.
    private(set) var shares: [Double] = []

    var smallest: Double { shares.reduce(1, min) }
    var largest: Double { shares.reduce(0, max) }

    /// - Parameter hosts: Gets the plan's indices of the members.
    init(_ set: HostSet, isPanic: Bool, of all: [BalancedHost], settings: LoadBalancing, hosts: inout [Int]) {
        func add(_ pool: HostPool, share: Double) {
            let sum = pool.weights.reduce(0) { $0 + Double($1) }
            for (host, weight) in zip(pool.hosts, pool.weights) {
                let name = all[host].hostname
                keys.append(settings.hashesHostnames && !name.isEmpty ? name : all[host].address)
                shares.append(Double(weight) * share / sum)
                hosts.append(host)
            }
        }
        guard settings.localities == .weighted else {
            add(isPanic ? set.all : set.healthy, share: 1)
            return
        }
        // Unlike elsewhere, endpoints that are down do not lower their locality's weight.
        let sum = set.zones.reduce(0) { $0 + Double($1.weight) }
        for zone in set.zones where zone.weight > 0 {
            add(isPanic ? zone.all : zone.healthy, share: Double(zone.weight) / sum)
        }
    }
}
