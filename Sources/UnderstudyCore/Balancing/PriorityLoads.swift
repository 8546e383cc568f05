// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How much of the traffic each priority gets, and which of them panic.

/// Percentages over priorities and, within them, over healthy and degraded endpoints; they add up to 100.
///
/// - Source: Envoy's "Priority levels" and "Panic threshold" of its load balancing documentation.
public struct PriorityLoads: Sendable, Equatable {
    public struct Choice: Sendable, Equatable {
        public var priority: Int
        public var isDegraded: Bool
    }

    public private(set) var healthy: [Int]
    public private(set) var degraded: [Int]
    public private(set) var isPanic: [Bool]

    /// - Parameters:
    ///   - threshold: Percent; rounded.
    ///   - overprovisioning: Percent.
    init(_ sets: [HostSet], threshold: Double, overprovisioning: UInt32) {
        let healthyShares = sets.map { Self.availability($0.healthy, of: $0, overprovisioning) }
        let degradedShares = sets.map { Self.availability($0.degraded, of: $0, overprovisioning) }
        let total = min(100, healthyShares.reduce(0, +) + degradedShares.reduce(0, +))
        healthy = sets.map { _ in 0 }
        degraded = healthy
        isPanic = sets.map { _ in false }
        guard !sets.isEmpty else { return }
        distribute(healthyShares, degradedShares, total)
        let threshold = threshold.isFinite ? min(100, max(0, threshold.rounded())) : 0
        if total == 0, threshold == 0 {
            // Nobody is there to go to, but the request has to be refused somewhere.
            healthy[0] = 100
            return
        }
        guard total < 100 else { return }
        isPanic = sets.map { Self.available($0) < threshold }
        if isPanic.allSatisfy({ $0 }) { distributeByCount(sets) }
    }

    /// - Parameter number: Any; its remainder by 100 decides.
    func choice(_ number: UInt64) -> Choice {
        var left = Int(number % 100)
        for priority in healthy.indices {
            left -= healthy[priority]
            if left < 0 { return Choice(priority: priority, isDegraded: false) }
        }
        for priority in degraded.indices {
            left -= degraded[priority]
            if left < 0 { return Choice(priority: priority, isDegraded: true) }
        }
        return Choice(priority: 0, isDegraded: false)
    }

    /// Where everything goes, if it all goes to one place.
    var only: Choice? {
        if let priority = healthy.firstIndex(of: 100) { return Choice(priority: priority, isDegraded: false) }
        return degraded.firstIndex(of: 100).map { Choice(priority: $0, isDegraded: true) }
    }

    private static func availability(_ pool: HostPool, of set: HostSet, _ overprovisioning: UInt32) -> Int {
        guard set.counted > 0 else { return 0 }
        // Safe: 32 bits times a count of endpoints fit 64.
        return min(100, Int(overprovisioning) * pool.hosts.count / set.counted)
    }

    /// Percent of the endpoints that may get requests.
    private static func available(_ set: HostSet) -> Double {
        guard set.counted > 0 else { return 0 }
        let count = Double(set.counted)
        return 100 * Double(set.healthy.hosts.count) / count + 100 * Double(set.degraded.hosts.count) / count
    }

    /// First to last priority, each as much as it can take; healthy endpoints before degraded ones.
    private mutating func distribute(_ healthyShares: [Int], _ degradedShares: [Int], _ total: Int) {
        guard total > 0 else { return }
        var left = 100
        for (priority, share) in healthyShares.enumerated() {
            healthy[priority] = min(left, share * 100 / total)
            left -= healthy[priority]
        }
        for (priority, share) in degradedShares.enumerated() {
            degraded[priority] = min(left, share * 100 / total)
            left -= degraded[priority]
        }
        // What rounding left over.
        if let first = healthyShares.firstIndex(where: { $0 > 0 }) {
            healthy[first] += left
        } else if let first = degradedShares.firstIndex(where: { $0 > 0 }) {
            degraded[first] += left
        }
    }

    /// When all panic, health does not count.
    private mutating func distributeByCount(_ sets: [HostSet]) {
        degraded = sets.map { _ in 0 }
        let total = sets.reduce(0) { $0 + $1.all.hosts.count }
        healthy = sets.map { total > 0 ? 100 * $0.all.hosts.count / total : 0 }
        let first = sets.firstIndex { !$0.all.hosts.isEmpty } ?? 0
        healthy[first] += 100 - healthy.reduce(0, +)
    }
}
