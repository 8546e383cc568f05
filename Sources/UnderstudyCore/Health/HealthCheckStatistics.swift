// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is counted of a cluster's active checks.

public final class HealthCheckStatistics: Sendable {
    public let attempts = Counter()
    public let successes = Counter()
    public let failures = Counter()
    public let passiveFailures = Counter()
    public let networkFailures = Counter()
    public let verifiedClusters = Counter()
    /// Endpoints that are well, or degraded, by the checks alone.
    public let healthy = Gauge()
    public let degraded = Gauge()

    public init() {}

    public func count(_ failure: HealthCheckState.Failure) {
        failures.add()
        if failure.isNetwork { networkFailures.add() }
        if failure == .passive { passiveFailures.add() }
    }

    /// Under Envoy's names.
    ///
    /// - Parameter prefix: `cluster.<name>.`.
    public func counters(_ prefix: String) -> [Statistic] {
        let prefix = prefix + "health_check."
        return [
            Statistic(prefix + "attempt", attempts.current),
            Statistic(prefix + "failure", failures.current),
            Statistic(prefix + "network_failure", networkFailures.current),
            Statistic(prefix + "passive_failure", passiveFailures.current),
            Statistic(prefix + "success", successes.current),
            Statistic(prefix + "verify_cluster", verifiedClusters.current),
        ]
    }

    public func gauges(_ prefix: String) -> [Statistic] {
        let prefix = prefix + "health_check."
        return [
            Statistic(prefix + "degraded", UInt64(max(0, degraded.current))),
            Statistic(prefix + "healthy", UInt64(max(0, healthy.current))),
        ]
    }
}
