// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The turns that each worker takes among the endpoints of a cluster.

/// Picks endpoints by a plan; every worker has its own, so that no turn is shared between threads.
public struct Balancer: Sendable {
    public struct Pick: Sendable, Equatable {
        /// Index into the plan's hosts; `nil` if there is none to go to.
        public var host: Int?
        /// Health did not count, or would not have.
        ///
        /// Counted by `lb_healthy_panic`.
        public var isPanic = false
    }

    public private(set) var plan: BalancingPlan
    private let seed: UInt64
    /// One for each of the plan's pools.
    private var turns: [PoolTurn] = []
    /// Two for each of the plan's priorities, if localities are weighted: of healthy and of degraded endpoints.
    private var zoneTurns: [ZoneTurn] = []
    /// The pool of every request, if it is the only one and in plain rotation; else empty.
    private var rotation: [Int] = []
    private var rotationPool = 0

    /// - Parameter seed: Any number; where the turns begin.
    public init(_ plan: BalancingPlan, seed: UInt64) {
        self.plan = plan
        self.seed = seed
        prepare(after: nil)
    }

    /// Goes on with other endpoints, or others in health.
    public mutating func replace(_ plan: BalancingPlan) {
        let old = self.plan
        self.plan = plan
        prepare(after: old)
    }

    /// The endpoint for a request.
    ///
    /// - Parameters:
    ///   - hash: Of the request, for policies that spread by it; `nil` is as good as any.
    ///   - random: A new number each time.
    ///   - load: Requests in flight to a host of the plan, from all workers.
    ///   - total: Requests in flight to the cluster; asked only for bounded loads.
    ///   - picks: How often to pick at most, 1 or more.
    ///   - isRefused: Whether to pick again, if that is still allowed; the last pick stands.
    public mutating func pick(
        hash: UInt64? = nil,
        random: () -> UInt64,
        load: (Int) -> Int,
        total: @autoclosure () -> Int = 0,
        picks: Int = 1,
        isRefused: (Int) -> Bool = { _ in false }
    ) -> Pick {
        if plan.settings.hashes {
            return pickByHash(hash ?? random(), load: load, total: total, picks: picks, isRefused: isRefused)
        }
        var left = picks
        while true {
            let pick = pickOnce(random: random, load: load)
            left -= 1
            guard left > 0, let host = pick.host, isRefused(host) else { return pick }
        }
    }

    private mutating func pickOnce(random: () -> UInt64, load: (Int) -> Int) -> Pick {
        guard rotation.isEmpty else { return Pick(host: turns[rotationPool].rotate(rotation)) }
        let number = random()
        if let place = plan.onlyPool { return Pick(host: host(in: place, number, random: random, load: load)) }
        let choice = plan.loads.choice(number)
        guard plan.loads.isPanic[choice.priority] else {
            return Pick(host: host(in: place(for: choice), number, random: random, load: load))
        }
        guard !plan.settings.failsOnPanic else { return Pick(host: nil, isPanic: true) }
        let place = PoolPlace(priority: choice.priority, kind: .all)
        return Pick(host: host(in: place, number, random: random, load: load), isPanic: true)
    }

    private mutating func place(for choice: PriorityLoads.Choice) -> PoolPlace {
        guard !zoneTurns.isEmpty, let zone = zoneTurns[2 * choice.priority + (choice.isDegraded ? 1 : 0)].pick() else {
            return PoolPlace(priority: choice.priority, kind: choice.isDegraded ? .degraded : .healthy)
        }
        return PoolPlace(priority: choice.priority, kind: choice.isDegraded ? .zoneDegraded(zone) : .zoneHealthy(zone))
    }

    private mutating func host(
        in place: PoolPlace,
        _ number: UInt64,
        random: () -> UInt64,
        load: (Int) -> Int
    ) -> Int? {
        let index = plan.index(of: place)
        let pool = plan.pools[index].pool
        guard !pool.hosts.isEmpty else { return nil }
        switch plan.settings.policy {
        case .roundRobin: return turns[index].pick(in: pool) { Double(pool.weights[$0]) }
        // The number that chose the priority chooses the endpoint, too.
        case .random: return pool.hosts[Int(number % UInt64(pool.hosts.count))]
        case .leastRequest(let choices, let bias):
            guard pool.isUniform else {
                return turns[index].pick(in: pool) { member in
                    let requests = Double(max(0, load(pool.hosts[member]))) + 1
                    return LeastRequest.weight(pool.weights[member], requests: requests, bias: bias)
                }
            }
            return LeastRequest.pick(in: pool, choices: choices, random: random, load: load)
        case .ringHash, .maglev: return nil
        }
    }

    private func pickByHash(
        _ hash: UInt64,
        load: (Int) -> Int,
        total: () -> Int,
        picks: Int,
        isRefused: (Int) -> Bool
    ) -> Pick {
        let priority = plan.loads.choice(hash).priority
        let table = plan.tables[priority]
        var pick = Pick(host: nil, isPanic: plan.loads.isPanic[priority])
        for attempt in 0..<max(1, picks) {
            pick.host =
                if let factor = plan.settings.hashBalanceFactor, factor > 0 {
                    table.host(for: hash, attempt: attempt, factor: factor, load: load, total: total())
                } else {
                    table.member(for: hash, attempt: attempt).map(table.host)
                }
            guard let host = pick.host, isRefused(host) else { break }
        }
        return pick
    }

    private mutating func prepare(after old: BalancingPlan?) {
        // Turns go on where they were, if there is such a pool.
        turns = plan.pools.map { placed in
            let last = old?.existingIndex(of: placed.place).map { turns[$0].next }
            return PoolTurn(placed.pool, next: last ?? seed, seed: seed, policy: plan.settings.policy)
        }
        rotation = []
        if plan.settings.policy == .roundRobin, let place = plan.onlyPool {
            rotationPool = plan.index(of: place)
            let pool = plan.pools[rotationPool].pool
            if pool.isUniform { rotation = pool.hosts }
        }
        zoneTurns = []
        if plan.settings.localities == .weighted, !plan.settings.hashes {
            let factor = plan.settings.overprovisioningFactor
            zoneTurns = plan.sets.flatMap { set in
                [
                    ZoneTurn(set, { $0.healthy }, overprovisioning: factor, seed: seed),
                    ZoneTurn(set, { $0.degraded }, overprovisioning: factor, seed: seed),
                ]
            }
        }
    }
}
