// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// When an endpoint is left out for how it has answered.

/// - Source: Envoy `cluster.v3.OutlierDetection`; every number may be replaced in the runtime under
///   `outlier_detection.` and the field's name.
public struct OutlierDetection: Sendable, Equatable {
    /// Zero never ejects for it.
    public var consecutive5xx: UInt32 = 5
    public var interval = Duration.seconds(10)
    public var baseEjectionTime = Duration.seconds(30)
    /// Never below `baseEjectionTime`.
    public var maxEjectionTime = Duration.seconds(300)
    public var maxEjectionTimeJitter = Duration.zero
    public var maxEjectionPercent: UInt32 = 10
    /// Percent of detections that become ejections.
    public var enforcingConsecutive5xx: UInt32 = 100
    public var enforcingSuccessRate: UInt32 = 100
    public var successRateMinimumHosts: UInt32 = 5
    public var successRateRequestVolume: UInt32 = 100
    /// In thousandths of a standard deviation.
    public var successRateStdevFactor: UInt32 = 1900
    public var consecutiveGatewayFailure: UInt32 = 5
    public var enforcingConsecutiveGatewayFailure: UInt32 = 0
    /// Failures to connect and the like are counted apart from answers.
    public var splitsLocalOrigin = false
    public var consecutiveLocalOriginFailure: UInt32 = 5
    public var enforcingConsecutiveLocalOriginFailure: UInt32 = 100
    public var enforcingLocalOriginSuccessRate: UInt32 = 100
    public var failurePercentageThreshold: UInt32 = 85
    public var enforcingFailurePercentage: UInt32 = 0
    public var enforcingFailurePercentageLocalOrigin: UInt32 = 0
    public var failurePercentageMinimumHosts: UInt32 = 5
    public var failurePercentageRequestVolume: UInt32 = 50
    /// A health check that passes ends an ejection; default true.
    ///
    /// Source: `successful_active_health_check_uneject_host`.
    public var endsWithHealthCheck = true
    /// At least one endpoint may be ejected whatever `maxEjectionPercent` says.
    public var alwaysEjectsOne = false

    public init() {}
}
