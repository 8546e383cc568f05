// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A cluster as JSON.

internal import UnderstudyCore

/// Fields in the order of their numbers, and none with its default.
///
/// - Source: Envoy `admin.v3.ClusterStatus`.
extension ClusterStatus {
    var json: String {
        var members = [member("name", name)]
        if let successRateThreshold { members.append(rate("success_rate_ejection_threshold", successRateThreshold)) }
        if !hosts.isEmpty {
            members.append("\"host_statuses\":[" + hosts.map(\.json).joined(separator: ",") + "]")
        }
        if let localOriginSuccessRateThreshold {
            members.append(rate("local_origin_success_rate_ejection_threshold", localOriginSuccessRateThreshold))
        }
        let normal = Self.json(circuitBreakers.normal, priority: "")
        let high = Self.json(circuitBreakers.high, priority: "\"priority\":\"HIGH\",")
        members.append("\"circuit_breakers\":{\"thresholds\":[\(normal),\(high)]}")
        members.append(member("observability_name", observabilityName.isEmpty ? name : observabilityName))
        return "{" + members.joined(separator: ",") + "}"
    }

    private static func json(_ limits: CircuitBreakers.Thresholds, priority: String) -> String {
        "{\(priority)\"max_connections\":\(limits.connections),\"max_pending_requests\":\(limits.pendingRequests),"
            + "\"max_requests\":\(limits.requests),\"max_retries\":\(limits.retries)}"
    }
}

extension HostStatus {
    fileprivate var json: String {
        let statistics =
            counters.map { Self.statistic("", $0) } + gauges.map { Self.statistic("\"type\":\"GAUGE\",", $0) }
        var members = [
            "\"address\":" + address.json,
            "\"stats\":[" + statistics.joined(separator: ",") + "]",
            "\"health_status\":" + health.json,
        ]
        if let successRate { members.append(rate("success_rate", successRate)) }
        members.append("\"weight\":\(weight)")
        if !hostname.isEmpty { members.append(member("hostname", hostname)) }
        if priority > 0 { members.append("\"priority\":\(priority)") }
        if let localOriginSuccessRate { members.append(rate("local_origin_success_rate", localOriginSuccessRate)) }
        let names = [("region", locality.region), ("zone", locality.zone), ("sub_zone", locality.subZone)]
        let places = names.filter { !$0.1.isEmpty }.map { member($0, $1) }
        members.append("\"locality\":{" + places.joined(separator: ",") + "}")
        return "{" + members.joined(separator: ",") + "}"
    }

    private static func statistic(_ type: String, _ number: (name: String, value: UInt64)) -> String {
        let value = number.value == 0 ? "" : "\"value\":\"\(number.value)\","
        return "{\(type)\(value)" + member("name", number.name) + "}"
    }
}

extension HostHealth {
    fileprivate var json: String {
        let configured =
            contains(.failedByConfiguration) ? "UNHEALTHY" : contains(.degradedByConfiguration) ? "DEGRADED" : "HEALTHY"
        let before: [(HostHealth, String)] = [
            (.failedActiveCheck, "failed_active_health_check"), (.failedOutlierCheck, "failed_outlier_check"),
        ]
        let after: [(HostHealth, String)] = [
            (.degradedActiveCheck, "failed_active_degraded_check"), (.pendingRemoval, "pending_dynamic_removal"),
            (.pendingActiveCheck, "pending_active_hc"),
            (.excludedByImmediateFailure, "excluded_via_immediate_hc_fail"), (.activeCheckTimeout, "active_hc_timeout"),
        ]
        let flags = { (flags: [(HostHealth, String)]) in
            flags.filter { contains($0.0) }.map { "\"\($0.1)\":true" }
        }
        let members = flags(before) + [member("eds_health_status", configured)] + flags(after)
        return "{" + members.joined(separator: ",") + "}"
    }
}

extension NetworkAddress {
    /// - Source: Envoy `core.v3.Address`.
    var json: String {
        let host = member("address", String(decoding: host, as: UTF8.self))
        return "{\"socket_address\":{\(host)" + (port > 0 ? ",\"port_value\":\(port)" : "") + "}}"
    }
}

private func member(_ name: String, _ value: String) -> String {
    IndentedJSON.quoted(name) + ":" + IndentedJSON.quoted(value)
}

/// - Source: Envoy `type.v3.Percent`.
private func rate(_ name: String, _ value: Double) -> String {
    let value = value.isFinite ? value : 0
    return "\"\(name)\":{" + (value == 0 ? "" : "\"value\":\(value.rounded() == value ? "\(Int(value))" : "\(value)")")
        + "}"
}
