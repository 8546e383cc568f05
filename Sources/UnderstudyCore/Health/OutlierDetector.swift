// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which endpoints of a cluster are ejected, and for how long.

/// The decisions of one cluster; whoever owns it performs them.
///
/// Times are since any fixed moment.
public struct OutlierDetector: Sendable {
    /// Given by the owner.
    public typealias HostID = UInt64

    public enum Action: Sendable, Equatable {
        case eject(HostID, OutlierCause)
        /// An outlier by all the rules, but they are not enforced.
        case notice(HostID, OutlierCause)
        case restore(HostID)
    }

    struct Host: Sendable {
        let id: HostID
        var isEjected = false
        /// Ejections in all.
        var ejections: UInt64 = 0
        /// What the base time is multiplied with.
        var backoff: Int64 = 0
        var jitter = Duration.zero
        var ejectedAt = Duration.zero
        var restoredAt: Duration?
        var successRate: Double?
        var localOriginSuccessRate: Double?
    }

    var hosts: [Host] = []
    private var active = 0
    let statistics: OutlierStatistics
    /// `nil` if there were too few endpoints with enough requests.
    public internal(set) var average: OutlierAverage?
    public internal(set) var localOriginAverage: OutlierAverage?

    public init(_ statistics: OutlierStatistics) {
        self.statistics = statistics
    }

    public mutating func add(_ id: HostID) {
        guard index(of: id) == nil else { return }
        hosts.append(Host(id: id))
    }

    public mutating func remove(_ id: HostID) {
        guard let index = index(of: id) else { return }
        if hosts.remove(at: index).isEjected { countActive(-1) }
    }

    public func isEjected(_ id: HostID) -> Bool {
        index(of: id).map { hosts[$0].isEjected } ?? false
    }

    /// Ejections of the endpoint in all.
    public func ejections(of id: HostID) -> UInt64 {
        index(of: id).map { hosts[$0].ejections } ?? 0
    }

    /// In percent in the last interval; `nil` with too few requests.
    public func successRates(of id: HostID) -> (external: Double?, localOrigin: Double?) {
        index(of: id).map { (hosts[$0].successRate, hosts[$0].localOriginSuccessRate) } ?? (nil, nil)
    }

    func index(of id: HostID) -> Int? {
        hosts.firstIndex { $0.id == id }
    }

    /// A row of failures has become too long.
    ///
    /// - Returns: `nil` if nothing becomes of it, as for an endpoint that is ejected already.
    public mutating func reached(
        _ cause: OutlierCause,
        by id: HostID,
        now: Duration,
        _ settings: borrowing OutlierSettings,
        using dice: inout some RandomNumberGenerator
    ) -> Action? {
        guard let index = index(of: id), !hosts[index].isEjected else { return nil }
        if cause == .consecutive5xx { statistics.consecutive5xx.add() }
        return detected(cause, at: index, now: now, settings, using: &dice)
    }

    /// A check has passed, which ends an ejection.
    public mutating func passedCheck(_ id: HostID, now: Duration) -> Action? {
        guard let index = index(of: id), hosts[index].isEjected else { return nil }
        return restore(at: index, now: now)
    }

    mutating func detected(
        _ cause: OutlierCause,
        at index: Int,
        now: Duration,
        _ settings: borrowing OutlierSettings,
        using dice: inout some RandomNumberGenerator
    ) -> Action? {
        statistics.countDetected(cause)
        // Found twice in one interval, which Envoy counts twice and never undoes.
        guard !hosts[index].isEjected else { return nil }
        guard hasRoom(settings) else {
            statistics.overflows.add()
            return nil
        }
        if cause == .consecutive5xx || cause == .successRate { statistics.total.add() }
        guard settings.enforces(cause, dice.next()) else { return .notice(hosts[index].id, cause) }
        statistics.countEnforced(cause)
        eject(at: index, now: now, settings, dice.next())
        return .eject(hosts[index].id, cause)
    }

    private func hasRoom(_ settings: borrowing OutlierSettings) -> Bool {
        if settings.alwaysEjectsOne, active == 0 { return true }
        return 100 * Double(active + 1) / Double(hosts.count) <= Double(settings.maxEjectionPercent)
    }

    private mutating func eject(at index: Int, now: Duration, _ settings: borrowing OutlierSettings, _ random: UInt64) {
        countActive(1)
        hosts[index].isEjected = true
        hosts[index].ejections += 1
        hosts[index].ejectedAt = now
        // Safe: the jitter is far below the largest number.
        hosts[index].jitter = .milliseconds(Int64(random % (settings.ejectionJitter + 1)))
        // Goes up until the time has reached its bound, and no further: it has to come down again.
        let time = settings.baseEjectionTime * hosts[index].backoff
        if time < settings.maxEjectionTime + settings.baseEjectionTime { hosts[index].backoff += 1 }
    }

    mutating func restore(at index: Int, now: Duration) -> Action {
        countActive(-1)
        hosts[index].isEjected = false
        hosts[index].restoredAt = now
        return .restore(hosts[index].id)
    }

    private mutating func countActive(_ change: Int) {
        active += change
        statistics.active.add(change)
    }
}
