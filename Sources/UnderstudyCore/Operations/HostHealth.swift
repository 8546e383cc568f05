// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Why an endpoint gets requests or does not.

/// - Source: Envoy `Upstream::Host::HealthFlag`.
public struct HostHealth: OptionSet, Sendable, Hashable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    public static let failedActiveCheck = HostHealth(rawValue: 1 << 0)
    public static let failedOutlierCheck = HostHealth(rawValue: 1 << 1)
    /// The file says `UNHEALTHY`, `DRAINING` or `TIMEOUT`.
    public static let failedByConfiguration = HostHealth(rawValue: 1 << 2)
    public static let degradedActiveCheck = HostHealth(rawValue: 1 << 3)
    public static let degradedByConfiguration = HostHealth(rawValue: 1 << 4)
    /// No longer resolved, but kept while its health checks pass.
    public static let pendingRemoval = HostHealth(rawValue: 1 << 5)
    /// Not yet checked.
    public static let pendingActiveCheck = HostHealth(rawValue: 1 << 6)
    public static let activeCheckTimeout = HostHealth(rawValue: 1 << 7)
    public static let excludedByImmediateFailure = HostHealth(rawValue: 1 << 8)

    private static let unhealthy: HostHealth = [.failedActiveCheck, .failedOutlierCheck, .failedByConfiguration]
    private static let degraded: HostHealth = [.degradedActiveCheck, .degradedByConfiguration]

    public enum Level: Sendable, Equatable { case healthy, degraded, unhealthy }

    public var level: Level {
        if !isDisjoint(with: Self.unhealthy) { return .unhealthy }
        return isDisjoint(with: Self.degraded) ? .healthy : .degraded
    }
}
