// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Outlier detection as the runtime has it now.

/// Why an endpoint is an outlier.
public enum OutlierCause: Sendable, Hashable, CaseIterable {
    case consecutive5xx
    case consecutiveGatewayFailure
    case consecutiveLocalOriginFailure
    case successRate
    case localOriginSuccessRate
    case failurePercentage
    case localOriginFailurePercentage

    /// What is noticed with a single answer.
    public static let rows = [consecutive5xx, consecutiveGatewayFailure, consecutiveLocalOriginFailure]

    /// In statistics, runtime keys and logs.
    public var name: String {
        switch self {
        case .consecutive5xx: "consecutive_5xx"
        case .consecutiveGatewayFailure: "consecutive_gateway_failure"
        case .consecutiveLocalOriginFailure: "consecutive_local_origin_failure"
        case .successRate: "success_rate"
        case .localOriginSuccessRate: "local_origin_success_rate"
        case .failurePercentage: "failure_percentage"
        case .localOriginFailurePercentage: "local_origin_failure_percentage"
        }
    }
}

/// The numbers of `OutlierDetection`, each replaced by that of its runtime key if there is one.
public struct OutlierSettings: Sendable, Equatable {
    public var consecutive5xx: UInt32
    public var consecutiveGatewayFailure: UInt32
    public var consecutiveLocalOriginFailure: UInt32
    public var interval: Duration
    public var baseEjectionTime: Duration
    public var maxEjectionTime: Duration
    /// In milliseconds.
    public var ejectionJitter: UInt64
    /// At most 100.
    public var maxEjectionPercent: UInt64
    public var alwaysEjectsOne: Bool
    public var successRateMinimumHosts: UInt64
    public var successRateRequestVolume: UInt64
    public var successRateStdevFactor: UInt64
    public var failurePercentageThreshold: UInt64
    public var failurePercentageMinimumHosts: UInt64
    public var failurePercentageRequestVolume: UInt64
    /// Percent by cause.
    private var enforcing: [OutlierCause: UInt64]

    public init(_ detection: OutlierDetection, _ runtime: RuntimeSnapshot = .empty) {
        let numbers = Numbers(runtime: runtime)
        consecutive5xx = numbers.row("consecutive_5xx", detection.consecutive5xx)
        consecutiveGatewayFailure = numbers.row("consecutive_gateway_failure", detection.consecutiveGatewayFailure)
        consecutiveLocalOriginFailure = numbers.row(
            "consecutive_local_origin_failure",
            detection.consecutiveLocalOriginFailure
        )
        interval = max(numbers.time("interval_ms", detection.interval), .milliseconds(1))
        baseEjectionTime = numbers.time("base_ejection_time_ms", detection.baseEjectionTime)
        maxEjectionTime = numbers.time("max_ejection_time_ms", detection.maxEjectionTime)
        ejectionJitter = numbers.time("max_ejection_time_jitter_ms", detection.maxEjectionTimeJitter).milliseconds
        maxEjectionPercent = min(100, numbers.number("max_ejection_percent", detection.maxEjectionPercent))
        alwaysEjectsOne = detection.alwaysEjectsOne
        successRateMinimumHosts = numbers.number("success_rate_minimum_hosts", detection.successRateMinimumHosts)
        successRateRequestVolume = numbers.number("success_rate_request_volume", detection.successRateRequestVolume)
        successRateStdevFactor = numbers.number("success_rate_stdev_factor", detection.successRateStdevFactor)
        failurePercentageThreshold = numbers.number(
            "failure_percentage_threshold",
            detection.failurePercentageThreshold
        )
        failurePercentageMinimumHosts = numbers.number(
            "failure_percentage_minimum_hosts",
            detection.failurePercentageMinimumHosts
        )
        failurePercentageRequestVolume = numbers.number(
            "failure_percentage_request_volume",
            detection.failurePercentageRequestVolume
        )
        enforcing = Self.enforcing(detection, runtime)
    }

    /// Looks a field up in the runtime.
    private struct Numbers {
        let runtime: RuntimeSnapshot

        func number(_ key: String, _ field: UInt32) -> UInt64 {
            runtime.integer("outlier_detection." + key) ?? UInt64(field)
        }

        func row(_ key: String, _ field: UInt32) -> UInt32 { UInt32(clamping: number(key, field)) }

        func time(_ key: String, _ field: Duration) -> Duration {
            guard let number = runtime.integer("outlier_detection." + key) else { return field }
            return .milliseconds(Int64(min(number, UInt64(Duration.mostMilliseconds))))
        }
    }

    private static func enforcing(
        _ detection: OutlierDetection,
        _ runtime: RuntimeSnapshot
    ) -> [OutlierCause: UInt64] {
        let fields: [(OutlierCause, String, UInt32)] = [
            (.consecutive5xx, "consecutive_5xx", detection.enforcingConsecutive5xx),
            (
                .consecutiveGatewayFailure, "consecutive_gateway_failure",
                detection.enforcingConsecutiveGatewayFailure
            ),
            (
                .consecutiveLocalOriginFailure, "consecutive_local_origin_failure",
                detection.enforcingConsecutiveLocalOriginFailure
            ),
            (.successRate, "success_rate", detection.enforcingSuccessRate),
            (.localOriginSuccessRate, "local_origin_success_rate", detection.enforcingLocalOriginSuccessRate),
            (.failurePercentage, "failure_percentage", detection.enforcingFailurePercentage),
            (
                .localOriginFailurePercentage, "failure_percentage_local_origin",
                detection.enforcingFailurePercentageLocalOrigin
            ),
        ]
        return Dictionary(
            uniqueKeysWithValues: fields.map { cause, key, field in
                (cause, runtime.integer("outlier_detection.enforcing_" + key) ?? UInt64(field))
            }
        )
    }

    func enforces(_ cause: OutlierCause, _ random: UInt64) -> Bool {
        random % 100 < min(enforcing[cause] ?? 0, 100)
    }
}
