// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// When an endpoint is left out for how it has answered.

/// - Source: Envoy `cluster.v3.OutlierDetection`; every number may be replaced in the runtime under
///   `outlier_detection.` and the field's name.
package struct OutlierDetection: Sendable, Equatable {
    /// Zero never ejects for it.
    package var consecutive5xx: UInt32 = 5
    package var interval = Duration.seconds(10)
    package var baseEjectionTime = Duration.seconds(30)
    /// Never below `baseEjectionTime`.
    package var maxEjectionTime = Duration.seconds(300)
    package var maxEjectionTimeJitter = Duration.zero
    package var maxEjectionPercent: UInt32 = 10
    /// Percent of detections that become ejections.
    package var enforcingConsecutive5xx: UInt32 = 100
    package var enforcingSuccessRate: UInt32 = 100
    package var successRateMinimumHosts: UInt32 = 5
    package var successRateRequestVolume: UInt32 = 100
    /// In thousandths of a standard deviation.
    package var successRateStdevFactor: UInt32 = 1900
    package var consecutiveGatewayFailure: UInt32 = 5
    package var enforcingConsecutiveGatewayFailure: UInt32 = 0
    /// Failures to connect and the like are counted apart from answers.
    package var splitsLocalOrigin = false
    package var consecutiveLocalOriginFailure: UInt32 = 5
    package var enforcingConsecutiveLocalOriginFailure: UInt32 = 100
    package var enforcingLocalOriginSuccessRate: UInt32 = 100
    package var failurePercentageThreshold: UInt32 = 85
    package var enforcingFailurePercentage: UInt32 = 0
    package var enforcingFailurePercentageLocalOrigin: UInt32 = 0
    package var failurePercentageMinimumHosts: UInt32 = 5
    package var failurePercentageRequestVolume: UInt32 = 50
    /// A health check that passes ends an ejection; default true.
    ///
    /// Source: `successful_active_health_check_uneject_host`.
    package var endsWithHealthCheck = true
    /// At least one endpoint may be ejected whatever `maxEjectionPercent` says.
    package var alwaysEjectsOne = false

    package init() {}
}
