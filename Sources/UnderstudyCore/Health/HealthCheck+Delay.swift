// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// When an endpoint is checked again.

extension HealthCheck {
    /// The wait after a check.
    ///
    /// - Parameters:
    ///   - hasTraffic: The cluster has had a connection for a request.
    ///   - runtime: `health_check.min_interval` and `health_check.max_interval`, in milliseconds, bound the wait.
    /// - Returns: At least 1 ms.
    public func delay(
        afterSuccess: Bool,
        _ change: HealthCheckState.Change,
        hasTraffic: Bool,
        runtime: RuntimeSnapshot,
        using dice: inout some RandomNumberGenerator
    ) -> Duration {
        let base: Duration
        if hasTraffic {
            base = trafficInterval(afterSuccess: afterSuccess, isPending: change == .pending)
        } else {
            base =
                afterSuccess && change != .pending ? noTrafficHealthyInterval ?? noTrafficInterval : noTrafficInterval
        }
        return Self.wait(base.milliseconds, intervalJitterPercent, intervalJitter.milliseconds, runtime, &dice)
    }

    /// The wait before the first check; zero without `initial_jitter`.
    public func initialDelay(runtime: RuntimeSnapshot, using dice: inout some RandomNumberGenerator) -> Duration {
        guard initialJitter > .zero else { return .zero }
        return Self.wait(0, 0, initialJitter.milliseconds, runtime, &dice)
    }

    private func trafficInterval(afterSuccess: Bool, isPending: Bool) -> Duration {
        if afterSuccess { return isPending ? healthyEdgeInterval ?? interval : interval }
        let unhealthy = unhealthyInterval ?? interval
        return isPending ? unhealthyEdgeInterval ?? unhealthy : unhealthy
    }

    private static func wait(
        _ base: UInt64,
        _ percent: UInt32,
        _ jitter: UInt64,
        _ runtime: RuntimeSnapshot,
        _ dice: inout some RandomNumberGenerator
    ) -> Duration {
        var result = base
        // Safe: a product that is too large only makes the jitter less than all of that.
        let share = base.multipliedReportingOverflow(by: UInt64(percent)).partialValue / 100
        if share > 0 { result += dice.next() % share }
        if jitter > 0 { result += dice.next() % jitter }
        result = min(result, runtime.integer("health_check.max_interval") ?? .max)
        result = max(result, runtime.integer("health_check.min_interval") ?? 0, 1)
        return .milliseconds(Int64(min(result, UInt64(Duration.mostMilliseconds))))
    }
}

extension Duration {
    /// What a `Duration` holds without trouble, some ten thousand years.
    static let mostMilliseconds: Int64 = 315_576_000_000_000

    /// Whole milliseconds; zero for less than none, and at most `mostMilliseconds`.
    var milliseconds: UInt64 {
        guard self > .zero else { return 0 }
        let (seconds, attoseconds) = components
        guard seconds < Self.mostMilliseconds / 1000 else { return UInt64(Self.mostMilliseconds) }
        return UInt64(seconds) * 1000 + UInt64(attoseconds / 1_000_000_000_000_000)
    }
}
