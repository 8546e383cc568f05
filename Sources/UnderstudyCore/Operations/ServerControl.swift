// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What an operator may look at and change while the proxy runs.

/// Snapshot values of the running proxy; every call may come from any thread but an event loop's.
public protocol ServerView: StatisticsSource {
    var information: ServerInformation { get }
    func clusterStatuses() -> [ClusterStatus]
    func listenerStatuses() -> [ListenerStatus]
    func certificates() -> [CertificateStatus]
    var document: ConfigurationDocument { get }
    var memory: MemoryStatus { get }
}

public struct ListenerDrain: Sendable, Equatable {
    /// Keeps accepting for the drain time, and ends connections little by little meanwhile.
    public var isGraceful = false
    /// Like it, but without closing the listeners at its end.
    public var skipsExit = false
    /// Only listeners with `traffic_direction: INBOUND`.
    public var onlyInbound = false

    public init() {}
}

public protocol ServerControl: Sendable {
    func drainListeners(_ drain: ListenerDrain) async
    /// From now on `/ready` and the health check filter tell of a failure, or no longer do.
    func failHealthChecks(_ isFailing: Bool) async
    func resetCounters()
    func reopenLogs() async
    /// Begins the orderly end, as SIGTERM does.
    func quit()
}

/// Levels under Envoy's names, in ascending order.
public enum LogLevel: String, Sendable, CaseIterable, Comparable {
    case trace, debug, info, warning, error, critical, off

    /// `warn` is `warning`.
    public init?(name: String) {
        guard let level = LogLevel(rawValue: name == "warn" ? "warning" : name) else { return nil }
        self = level
    }

    public static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.rank < right.rank
    }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// The levels of the parts that log, by name.
public protocol LogControl: Sendable {
    /// In the order in which they are shown.
    var levels: [(component: String, level: LogLevel)] { get }
    func setAll(_ level: LogLevel)
    /// - Parameter level: `nil` changes nothing.
    /// - Returns: Whether there is such a part; names that are Envoy's and not ours are parts that say nothing.
    func set(_ component: String, to level: LogLevel?) -> Bool
}
