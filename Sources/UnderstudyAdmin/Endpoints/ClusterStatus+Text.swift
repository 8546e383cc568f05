// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A cluster in Envoy's lines.

internal import UnderstudyCore

/// - Source: the lines of Envoy 1.40, measured.
extension ClusterStatus {
    var text: String {
        var lines = [("observability_name", observabilityName.isEmpty ? name : observabilityName)]
        if detectsOutliers {
            lines += [
                ("outlier::success_rate_average", successRateMean.rateText),
                ("outlier::success_rate_ejection_threshold", successRateThreshold.rateText),
                ("outlier::local_origin_success_rate_average", localOriginSuccessRateMean.rateText),
                ("outlier::local_origin_success_rate_ejection_threshold", localOriginSuccessRateThreshold.rateText),
            ]
        }
        lines += Self.lines("default_priority", circuitBreakers.normal)
        lines += Self.lines("high_priority", circuitBreakers.high)
        lines.append(("added_via_api", "false"))
        for host in hosts { lines += host.lines }
        return lines.map { "\(name)::\($0)::\($1)\n" }.joined()
    }

    private static func lines(_ priority: String, _ limits: CircuitBreakers.Thresholds) -> [(String, String)] {
        [
            ("\(priority)::max_connections", "\(limits.connections)"),
            ("\(priority)::max_pending_requests", "\(limits.pendingRequests)"),
            ("\(priority)::max_requests", "\(limits.requests)"),
            ("\(priority)::max_retries", "\(limits.retries)"),
        ]
    }
}

extension HostStatus {
    /// Counters and gauges under Envoy's names.
    var counters: [(name: String, value: UInt64)] {
        [
            ("cx_connect_fail", connectionFailures), ("cx_total", connectionsTotal), ("rq_error", requestErrors),
            ("rq_success", requestSuccesses), ("rq_timeout", requestTimeouts), ("rq_total", requestsTotal),
        ]
    }

    var gauges: [(name: String, value: UInt64)] {
        [
            ("cx_active", connectionsActive), ("rq_active", requestsActive), ("rq_pending_active", requestsPending),
        ]
    }

    fileprivate var lines: [(String, String)] {
        var bytes: [UInt8] = []
        address.append(to: &bytes)
        let host = String(decoding: bytes, as: UTF8.self)
        let numbers = (counters + gauges).sorted { $0.name < $1.name }.map { ($0.name, "\($0.value)") }
        let facts = [
            ("hostname", hostname), ("health_flags", health.text), ("weight", "\(weight)"),
            ("region", locality.region), ("zone", locality.zone), ("sub_zone", locality.subZone),
            ("canary", "false"), ("priority", "\(priority)"),
            ("success_rate", successRate.rateText), ("local_origin_success_rate", localOriginSuccessRate.rateText),
        ]
        return (numbers + facts).map { ("\(host)::\($0)", $1) }
    }
}

extension HostHealth {
    private static let names: [(HostHealth, String)] = [
        (.failedActiveCheck, "failed_active_hc"), (.failedOutlierCheck, "failed_outlier_check"),
        (.failedByConfiguration, "failed_eds_health"), (.degradedActiveCheck, "degraded_active_hc"),
        (.degradedByConfiguration, "degraded_eds_health"), (.pendingRemoval, "pending_dynamic_removal"),
        (.pendingActiveCheck, "pending_active_hc"), (.excludedByImmediateFailure, "excluded_via_immediate_hc_fail"),
        (.activeCheckTimeout, "active_hc_timeout"),
    ]

    /// `/flag/flag`, or `healthy`.
    fileprivate var text: String {
        let names = Self.names.filter { contains($0.0) }.map { "/" + $0.1 }
        return names.isEmpty ? "healthy" : names.joined()
    }
}

extension Optional<Double> {
    /// -1 for none; a whole number without its point.
    fileprivate var rateText: String {
        guard let self, self.isFinite else { return "-1" }
        let text = "\(self)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
