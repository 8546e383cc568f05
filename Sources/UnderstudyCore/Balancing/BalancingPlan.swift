// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Everything about a cluster's endpoints that is worked out before a request comes.

/// Made whenever endpoints, their weights or their health change; shared by all workers.
public final class BalancingPlan: Sendable {
    /// The endpoints as gauges show them.
    public struct Counts: Sendable, Equatable {
        public var total = 0
        public var healthy = 0
        public var degraded = 0
        public var excluded = 0
    }

    /// How a ring or table is shared out.
    public struct Places: Sendable, Equatable {
        /// Of a ring; zero for Maglev.
        public var size: Int
        /// Places of the endpoint that has the fewest.
        public var fewest: Int
        public var most: Int
    }

    public let settings: LoadBalancing
    public let hosts: [BalancedHost]
    /// By priority; at least one.
    public let sets: [HostSet]
    public let loads: PriorityLoads
    public let counts: Counts
    let tables: [HashTable]
    /// All pools, priority by priority, where policies take turns in them.
    let pools: [PlacedPool]
    /// Where the pools of each priority begin.
    private let starts: [Int]
    /// The pool of every request, if there is only one.
    let onlyPool: PoolPlace?

    /// - Parameters:
    ///   - panicThreshold: Percent, from `settings` or the runtime.
    ///   - old: The plan before this one, whose rings and tables are kept where nothing changed.
    public init(
        _ settings: LoadBalancing,
        hosts: [BalancedHost],
        panicThreshold: Double? = nil,
        reusing old: BalancingPlan? = nil
    ) {
        self.settings = settings
        self.hosts = hosts
        var priorities: [[Int]] = [[]]
        for (index, host) in hosts.enumerated() {
            let priority = Int(min(host.priority, BalancedHost.highestPriority))
            while priorities.count <= priority { priorities.append([]) }
            priorities[priority].append(index)
        }
        let sets = priorities.map { HostSet($0, of: hosts, localities: settings.localities) }
        self.sets = sets
        loads = PriorityLoads(
            sets,
            threshold: panicThreshold ?? settings.panicThreshold,
            overprovisioning: settings.overprovisioningFactor
        )
        counts = sets.reduce(into: Counts()) { counts, set in
            counts.total += set.all.hosts.count
            counts.healthy += set.healthy.hosts.count
            counts.degraded += set.degraded.hosts.count
            counts.excluded += set.excluded
        }
        pools = settings.hashes ? [] : sets.enumerated().flatMap { $1.pools(priority: $0) }
        starts = sets.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.poolCount) }
        tables = Self.tables(settings, hosts, sets, loads, old)
        onlyPool = Self.onlyPool(settings, sets, loads)
    }

    /// How the ring or table of the last priority is shared out, which is the one that Envoy's gauges show.
    public var places: Places? { tables.last?.places }

    /// - Returns: Index into `pools`.
    func index(of place: PoolPlace) -> Int {
        starts[place.priority] + place.kind.offset
    }

    /// - Returns: Index into `pools`, if there is such a pool.
    func existingIndex(of place: PoolPlace) -> Int? {
        guard !pools.isEmpty, sets.indices.contains(place.priority),
            place.kind.offset < sets[place.priority].poolCount
        else { return nil }
        return index(of: place)
    }

    private static func tables(
        _ settings: LoadBalancing,
        _ hosts: [BalancedHost],
        _ sets: [HostSet],
        _ loads: PriorityLoads,
        _ old: BalancingPlan?
    ) -> [HashTable] {
        guard settings.hashes else { return [] }
        let reusable = old?.settings.policy == settings.policy ? old?.tables ?? [] : []
        return sets.enumerated().compactMap { priority, set in
            var indices: [Int] = []
            let members = HashMembers(
                set,
                isPanic: loads.isPanic[priority],
                of: hosts,
                settings: settings,
                hosts: &indices
            )
            let table = reusable.indices.contains(priority) ? reusable[priority] : nil
            return HashTable(members, hosts: indices, policy: settings.policy, reusing: table)
        }
    }

    private static func onlyPool(_ settings: LoadBalancing, _ sets: [HostSet], _ loads: PriorityLoads) -> PoolPlace? {
        guard !settings.hashes, settings.localities == .none, let choice = loads.only,
            !loads.isPanic[choice.priority]
        else { return nil }
        return PoolPlace(priority: choice.priority, kind: choice.isDegraded ? .degraded : .healthy)
    }
}
