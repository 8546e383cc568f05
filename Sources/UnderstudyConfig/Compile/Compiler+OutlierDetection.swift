// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// When an endpoint is left out for how it has answered.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    private typealias Detection = Envoy_Config_Cluster_V3_OutlierDetection

    mutating func compile(
        _ message: Envoy_Config_Cluster_V3_OutlierDetection,
        at place: Place
    ) -> OutlierDetection {
        var detection = OutlierDetection()
        setTimes(message, at: place, of: &detection)
        setCounts(message, of: &detection)
        setPercents(message, at: place, of: &detection)
        detection.splitsLocalOrigin = message.splitExternalLocalOriginErrors
        if message.hasSuccessfulActiveHealthCheckUnejectHost {
            detection.endsWithHealthCheck = message.successfulActiveHealthCheckUnejectHost.value
        }
        detection.alwaysEjectsOne = message.alwaysEjectOneHost.value
        return detection
    }

    private mutating func setTimes(_ message: Detection, at place: Place, of detection: inout OutlierDetection) {
        let interval = place.field("interval")
        detection.interval = positive(message.hasInterval, message.interval, at: interval) ?? detection.interval
        let base = place.field("base_ejection_time")
        if let time = positive(message.hasBaseEjectionTime, message.baseEjectionTime, at: base) {
            detection.baseEjectionTime = time
        }
        let limit = place.field("max_ejection_time")
        if let time = positive(message.hasMaxEjectionTime, message.maxEjectionTime, at: limit) {
            detection.maxEjectionTime = time
            if time < detection.baseEjectionTime {
                let text = "outlier detector's max_ejection_time cannot be smaller than base_ejection_time"
                refuse(limit, text)
            }
        } else {
            detection.maxEjectionTime = max(detection.maxEjectionTime, detection.baseEjectionTime)
        }
        if message.hasMaxEjectionTimeJitter {
            detection.maxEjectionTimeJitter = Duration(message.maxEjectionTimeJitter)
        }
    }

    private func setCounts(_ message: Detection, of detection: inout OutlierDetection) {
        func set(_ isGiven: Bool, _ number: Google_Protobuf_UInt32Value, _ target: inout UInt32) {
            if isGiven { target = number.value }
        }
        set(message.hasConsecutive5Xx, message.consecutive5Xx, &detection.consecutive5xx)
        set(
            message.hasConsecutiveGatewayFailure,
            message.consecutiveGatewayFailure,
            &detection.consecutiveGatewayFailure
        )
        set(
            message.hasConsecutiveLocalOriginFailure,
            message.consecutiveLocalOriginFailure,
            &detection.consecutiveLocalOriginFailure
        )
        set(message.hasSuccessRateMinimumHosts, message.successRateMinimumHosts, &detection.successRateMinimumHosts)
        set(
            message.hasSuccessRateRequestVolume,
            message.successRateRequestVolume,
            &detection.successRateRequestVolume
        )
        set(message.hasSuccessRateStdevFactor, message.successRateStdevFactor, &detection.successRateStdevFactor)
        set(
            message.hasFailurePercentageMinimumHosts,
            message.failurePercentageMinimumHosts,
            &detection.failurePercentageMinimumHosts
        )
        set(
            message.hasFailurePercentageRequestVolume,
            message.failurePercentageRequestVolume,
            &detection.failurePercentageRequestVolume
        )
    }

    /// A share of a detection: its field, what the file says, and where it belongs.
    private struct Share {
        let field: String
        let value: UInt32?
        let target: WritableKeyPath<OutlierDetection, UInt32>

        init(
            _ field: String,
            _ isGiven: Bool,
            _ message: Google_Protobuf_UInt32Value,
            _ target: WritableKeyPath<OutlierDetection, UInt32>
        ) {
            self.field = field
            value = isGiven ? message.value : nil
            self.target = target
        }
    }

    private mutating func setPercents(_ message: Detection, at place: Place, of detection: inout OutlierDetection) {
        for share in shares(message) {
            guard let value = share.value else { continue }
            detection[keyPath: share.target] = value
            guard value > 100 else { continue }
            let rule = "value must be less than or equal to 100"
            refuse(place.field(share.field), breaking: rule, found: String(value), accepted: "0 to 100")
        }
    }

    private func shares(_ message: Detection) -> [Share] {
        [
            Share(
                "max_ejection_percent",
                message.hasMaxEjectionPercent,
                message.maxEjectionPercent,
                \.maxEjectionPercent
            ),
            Share(
                "enforcing_consecutive_5xx",
                message.hasEnforcingConsecutive5Xx,
                message.enforcingConsecutive5Xx,
                \.enforcingConsecutive5xx
            ),
            Share(
                "enforcing_success_rate",
                message.hasEnforcingSuccessRate,
                message.enforcingSuccessRate,
                \.enforcingSuccessRate
            ),
            Share(
                "enforcing_consecutive_gateway_failure",
                message.hasEnforcingConsecutiveGatewayFailure,
                message.enforcingConsecutiveGatewayFailure,
                \.enforcingConsecutiveGatewayFailure
            ),
            Share(
                "enforcing_consecutive_local_origin_failure",
                message.hasEnforcingConsecutiveLocalOriginFailure,
                message.enforcingConsecutiveLocalOriginFailure,
                \.enforcingConsecutiveLocalOriginFailure
            ),
            Share(
                "enforcing_local_origin_success_rate",
                message.hasEnforcingLocalOriginSuccessRate,
                message.enforcingLocalOriginSuccessRate,
                \.enforcingLocalOriginSuccessRate
            ),
            Share(
                "failure_percentage_threshold",
                message.hasFailurePercentageThreshold,
                message.failurePercentageThreshold,
                \.failurePercentageThreshold
            ),
            Share(
                "enforcing_failure_percentage",
                message.hasEnforcingFailurePercentage,
                message.enforcingFailurePercentage,
                \.enforcingFailurePercentage
            ),
            Share(
                "enforcing_failure_percentage_local_origin",
                message.hasEnforcingFailurePercentageLocalOrigin,
                message.enforcingFailurePercentageLocalOrigin,
                \.enforcingFailurePercentageLocalOrigin
            ),
        ]
    }
}
