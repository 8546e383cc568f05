// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Health checks, outlier detection and the health check filter. Verdicts and words are those of Envoy 1.40.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct HealthCheckTests {
    private static let waits = "timeout: 1s, interval: 2s, unhealthy_threshold: 3, healthy_threshold: 4"

    private func load(_ check: String) -> ConfigurationResult {
        Sample.load("static_resources: {clusters: [{name: a, health_checks: [{\(check)}]}]}")
    }

    private func check(_ fields: String) throws -> HealthCheck {
        let result = load("\(Self.waits), \(fields)")
        return try #require(result.configuration?.clusters.first?.healthChecks.first, "\(result.rendered)")
    }

    private func request(_ fields: String) throws -> HealthCheck.HTTPProbe {
        let check = try check("http_health_check: {path: /a, \(fields)}")
        guard case .http(let probe) = check.probe else { throw Absent() }
        return probe
    }

    private struct Absent: Error {}

    @Test func `required waits and counts are read, and the others have Envoy's defaults`() throws {
        let expected = HealthCheck(
            .tcp(HealthCheck.TCPProbe()),
            timeout: .seconds(1),
            interval: .seconds(2),
            unhealthyThreshold: 3,
            healthyThreshold: 4
        )
        #expect(try check("tcp_health_check: {}") == expected)
    }

    @Test func `all waits are read`() throws {
        let check = try check(
            """
            initial_jitter: 1s, interval_jitter: 2s, interval_jitter_percent: 1000, no_traffic_interval: 3s,
            no_traffic_healthy_interval: 4s, unhealthy_interval: 5s, unhealthy_edge_interval: 6s,
            healthy_edge_interval: 7s, reuse_connection: false, always_log_health_check_failures: true,
            always_log_health_check_success: true, tcp_health_check: {}
            """
        )
        #expect(check.initialJitter == .seconds(1) && check.intervalJitter == .seconds(2))
        #expect(check.intervalJitterPercent == 1000 && check.noTrafficInterval == .seconds(3))
        #expect(check.noTrafficHealthyInterval == .seconds(4) && check.unhealthyInterval == .seconds(5))
        #expect(check.unhealthyEdgeInterval == .seconds(6) && check.healthyEdgeInterval == .seconds(7))
        #expect(!check.reusesConnection && check.alwaysLogsFailures && check.alwaysLogsSuccesses)
    }

    @Test func `a connection may send and expect bytes`() throws {
        let check = try check("tcp_health_check: {send: {text: 0A0b}, receive: [{text: \"00\"}, {binary: AAE=}]}")
        var probe = HealthCheck.TCPProbe()
        probe.send = [10, 11]
        probe.receive = [[0], [0, 1]]
        #expect(check.probe == .tcp(probe))
    }

    @Test func `all of a request is read`() throws {
        let probe = try request(
            """
            host: h, method: POST, receive: [{text: \"6f6b\"}], response_buffer_size: 0,
            expected_statuses: [{start: 200, end: 300}], retriable_statuses: [{start: 500, end: 600}],
            request_headers_to_add: [{header: {key: b, value: c}}], request_headers_to_remove: [D],
            service_name_matcher: {prefix: s}
            """
        )
        #expect(probe.host == "h" && probe.method == "POST" && probe.receive == [[0x6F, 0x6B]] && probe.bodyLimit == 0)
        #expect(probe.expectedStatuses == [200..<300] && probe.retriableStatuses == [500..<600])
        #expect(probe.headers.requestAdditions.count == 1 && probe.headers.requestRemovals == ["d"])
        #expect(probe.serviceName != nil)
        #expect(try request("codec_client_type: HTTP1") == HealthCheck.HTTPProbe(path: "/a"))
        #expect(try request("codec_client_type: http2").version == .http2)
    }

    @Test(arguments: [
        ("interval: 1s, unhealthy_threshold: 1, healthy_threshold: 1, tcp_health_check: {}", "timeout is required"),
        ("timeout: 1s, unhealthy_threshold: 1, healthy_threshold: 1, tcp_health_check: {}", "interval is required"),
        ("timeout: 1s, interval: 1s, healthy_threshold: 1, tcp_health_check: {}", "unhealthy_threshold is required"),
        ("timeout: 1s, interval: 1s, unhealthy_threshold: 1, tcp_health_check: {}", "healthy_threshold is required"),
        (
            "timeout: 0s, interval: 1s, unhealthy_threshold: 1, healthy_threshold: 1, tcp_health_check: {}",
            "value must be greater than 0s"
        ),
        (waits, "health_checker is required"),
        ("\(waits), no_traffic_interval: 0s, tcp_health_check: {}", "value must be greater than 0s"),
        ("\(waits), tcp_health_check: {send: {text: zz}}", "invalid hex string 'zz'"),
        ("\(waits), tcp_health_check: {send: {text: \"0\"}}", "invalid hex string '0'"),
        ("\(waits), tcp_health_check: {send: {}}", "payload is required"),
        ("\(waits), http_health_check: {}", "path is required"),
        ("\(waits), http_health_check: {path: \"/a\\nb\"}", "value must not contain control bytes"),
        ("\(waits), http_health_check: {path: /, method: CONNECT}", "value must not be in list [CONNECT]"),
        (
            "\(waits), http_health_check: {path: /, expected_statuses: [{start: 200, end: 200}]}",
            "Invalid http expected status range: expecting start < end, but found start=200 and end=200"
        ),
        (
            "\(waits), http_health_check: {path: /, retriable_statuses: [{start: 99, end: 200}]}",
            "Invalid http retriable status range: expecting start >= 100, but found start=99"
        ),
        (
            "\(waits), http_health_check: {path: /, expected_statuses: [{start: 100, end: 601}]}",
            "Invalid http expected status range: expecting end <= 600, but found end=601"
        ),
        ("\(waits), http_health_check: {path: /, codec_client_type: HTTP3}", "unsupported codec_client_type"),
        ("\(waits), grpc_health_check: {}", "unsupported field \"grpc_health_check\" in HealthCheck"),
        ("\(waits), tcp_health_check: {}}, {\(waits), tcp_health_check: {}", "more than one health check"),
    ])
    func `a wrong check is refused`(check: String, message: String) {
        #expect(load(check).errors.map(\.message) == [message])
    }

    @Test func `an endpoint says how it is checked`() throws {
        let address = "address: {socket_address: {address: 1.2.3.4, port_value: 8}}"
        func endpoint(_ fields: String) throws -> Endpoint {
            let endpoint = "{endpoint: {\(address), health_check_config: {\(fields)}}}"
            let result = Sample.load(
                "static_resources: {clusters: [{name: a, load_assignment: {cluster_name: a, "
                    + "endpoints: [{lb_endpoints: [\(endpoint)]}]}}]}"
            )
            return try #require(result.configuration?.clusters.first?.endpoints.first, "\(result.rendered)")
        }
        let other = "address: {socket_address: {address: 5.6.7.8, port_value: 9}}"
        #expect(try endpoint("port_value: 7").healthCheckAddress == SocketEndpoint(host: "1.2.3.4", port: 7))
        #expect(try endpoint(other).healthCheckAddress == SocketEndpoint(host: "5.6.7.8", port: 9))
        #expect(try endpoint("\(other), port_value: 7").healthCheckAddress == SocketEndpoint(host: "5.6.7.8", port: 7))
        let quiet = try endpoint("hostname: h, disable_active_health_check: true")
        #expect(quiet.healthCheckHostname == "h" && !quiet.isHealthChecked && quiet.healthCheckAddress == nil)
    }
}

@Suite struct OutlierDetectionTests {
    private func load(_ fields: String) -> ConfigurationResult {
        Sample.load("static_resources: {clusters: [{name: a, outlier_detection: {\(fields)}}]}")
    }

    private func detection(_ fields: String) throws -> OutlierDetection {
        let result = load(fields)
        return try #require(result.configuration?.clusters.first?.outlierDetection, "\(result.rendered)")
    }

    @Test func `an empty message detects with Envoy's defaults`() throws {
        #expect(try detection("") == OutlierDetection())
    }

    @Test func `numbers and times are read`() throws {
        let found = try detection(
            """
            consecutive_5xx: 0, interval: 1s, base_ejection_time: 2s, max_ejection_percent: 100,
            enforcing_success_rate: 7, success_rate_stdev_factor: 0, split_external_local_origin_errors: true,
            failure_percentage_threshold: 50, max_ejection_time: 3s, max_ejection_time_jitter: 4s,
            successful_active_health_check_uneject_host: false, always_eject_one_host: true,
            enforcing_failure_percentage_local_origin: 11
            """
        )
        #expect(found.consecutive5xx == 0 && found.interval == .seconds(1) && found.baseEjectionTime == .seconds(2))
        #expect(found.maxEjectionPercent == 100 && found.enforcingSuccessRate == 7 && found.successRateStdevFactor == 0)
        #expect(found.splitsLocalOrigin && found.failurePercentageThreshold == 50)
        #expect(found.maxEjectionTime == .seconds(3) && found.maxEjectionTimeJitter == .seconds(4))
        #expect(!found.endsWithHealthCheck && found.alwaysEjectsOne)
        #expect(found.enforcingFailurePercentageLocalOrigin == 11)
    }

    @Test func `the longest ejection is never below the first`() throws {
        #expect(try detection("base_ejection_time: 400s").maxEjectionTime == .seconds(400))
    }

    @Test(arguments: [
        ("interval: 0s", "value must be greater than 0s"), ("base_ejection_time: 0s", "value must be greater than 0s"),
        ("max_ejection_percent: 101", "value must be less than or equal to 100"),
        ("enforcing_consecutive_5xx: 101", "value must be less than or equal to 100"),
        (
            "max_ejection_time: 1s, base_ejection_time: 30s",
            "outlier detector's max_ejection_time cannot be smaller than base_ejection_time"
        ), ("monitors: [{}]", "unsupported field \"monitors\" in OutlierDetection"),
    ])
    func `a wrong number is refused`(fields: String, message: String) {
        #expect(load(fields).messages == [message])
    }
}

@Suite struct HealthCheckFilterTests {
    private func load(_ fields: String) -> ConfigurationResult {
        let type = "\"@type\": type.googleapis.com/envoy.extensions.filters.http.health_check.v3.HealthCheck"
        let filter = "- name: hc\n            typed_config: {\(type)\(fields)}"
        return Sample.load(("http_filters:\n", "http_filters:\n          \(filter)\n"))
    }

    @Test func `a filter is read`() throws {
        let headers = "headers: [{name: \":path\", string_match: {exact: /hc}}]"
        let shares = "cluster_min_healthy_percentages: {a: {value: 12.5}}"
        let result = load(", pass_through_mode: false, \(headers), \(shares)")
        let filters = try #require(result.manager, "\(result.rendered)").healthCheckFilters
        #expect(filters.count == 1 && filters[0].headers.count == 1 && !filters[0].passesThrough)
        #expect(filters[0].minimumHealthyPercentages == ["a": 12.5])
        let cached = load(", pass_through_mode: true, cache_time: 1s").manager?.healthCheckFilters.first
        #expect(cached?.passesThrough == true && cached?.cacheTime == .seconds(1))
    }

    @Test(arguments: [
        ("", "pass_through_mode is required"),
        (
            ", pass_through_mode: false, cache_time: 1s",
            "cache_time_ms must not be set when path_through_mode is disabled"
        ),
        (
            ", pass_through_mode: false, cluster_min_healthy_percentages: {a: {value: 500}}",
            "value must be inside range [0, 100]"
        ), (", pass_through_mode: false, headers: [{}]", "name is required"),
    ])
    func `a wrong filter is refused`(fields: String, message: String) {
        #expect(load(fields).messages.first == message)
    }
}
