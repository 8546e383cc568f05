// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Why an endpoint gets requests or does not.

/// - Source: Envoy `Upstream::Host::HealthFlag`.
package struct HostHealth: OptionSet, Sendable, Hashable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    package static let failedActiveCheck = HostHealth(rawValue: 1 << 0)
    package static let failedOutlierCheck = HostHealth(rawValue: 1 << 1)
    /// The file says `UNHEALTHY`, `DRAINING` or `TIMEOUT`.
    package static let failedByConfiguration = HostHealth(rawValue: 1 << 2)
    package static let degradedActiveCheck = HostHealth(rawValue: 1 << 3)
    package static let degradedByConfiguration = HostHealth(rawValue: 1 << 4)
    /// No longer resolved, but kept while its health checks pass.
    package static let pendingRemoval = HostHealth(rawValue: 1 << 5)
    /// Not yet checked.
    package static let pendingActiveCheck = HostHealth(rawValue: 1 << 6)
    package static let activeCheckTimeout = HostHealth(rawValue: 1 << 7)
    package static let excludedByImmediateFailure = HostHealth(rawValue: 1 << 8)

    private static let unhealthy: HostHealth = [.failedActiveCheck, .failedOutlierCheck, .failedByConfiguration]
    private static let degraded: HostHealth = [.degradedActiveCheck, .degradedByConfiguration]

    package enum Level: Sendable, Equatable { case healthy, degraded, unhealthy }

    package var level: Level {
        if !isDisjoint(with: Self.unhealthy) { return .unhealthy }
        return isDisjoint(with: Self.degraded) ? .healthy : .degraded
    }
}
