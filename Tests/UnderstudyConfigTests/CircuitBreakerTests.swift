// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Limits of a cluster, its sockets and the look-up of its names. Verdicts and words are those of Envoy 1.40.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct CircuitBreakerTests {
    private func load(_ fields: String) -> ConfigurationResult {
        Sample.load("static_resources: {clusters: [{name: a, \(fields)}]}")
    }

    private func cluster(_ fields: String) throws -> Cluster {
        let result = load(fields)
        return try #require(result.configuration?.clusters.first, "\(result.rendered)")
    }

    @Test func `all thresholds are read, by priority`() throws {
        let normal =
            "max_connections: 1, max_pending_requests: 2, max_requests: 3, max_retries: 4, track_remaining: true"
        let high = "priority: HIGH, retry_budget: {budget_percent: {value: 12.5}, min_retry_concurrency: 9}"
        let breakers = try cluster("circuit_breakers: {thresholds: [{\(normal)}, {\(high)}]}").circuitBreakers
        #expect(breakers.normal.connections == 1 && breakers.normal.pendingRequests == 2)
        #expect(breakers.normal.requests == 3 && breakers.normal.retries == 4 && breakers.normal.tracksRemaining)
        #expect(breakers.high.connections == 1024 && breakers.high.retryBudget?.percent == 12.5)
        #expect(breakers.high.retryBudget?.minimumConcurrency == 9 && breakers.connectionsPerHost == nil)
    }

    @Test(arguments: [("DEFAULT", RoutingPriority.normal), ("HIGH", .high)])
    func `a route says against whose limits its requests count`(name: String, priority: RoutingPriority) {
        #expect(Sample.load(action: "priority: \(name)").actions.map(\.priority) == [priority])
    }

    @Test func `the first of a priority counts`() throws {
        let thresholds = "[{max_requests: 1}, {max_requests: 2}]"
        #expect(try cluster("circuit_breakers: {thresholds: \(thresholds)}").circuitBreakers.normal.requests == 1)
    }

    @Test func `an empty budget is Envoy's, and zero allows nothing`() throws {
        let thresholds = "[{retry_budget: {}, max_connections: 0, max_connection_pools: 1}]"
        let breakers = try cluster("circuit_breakers: {thresholds: \(thresholds)}").circuitBreakers
        #expect(breakers.normal.retryBudget == CircuitBreakers.RetryBudget() && breakers.normal.connections == 0)
    }

    @Test func `connections of each endpoint are limited for the default priority`() throws {
        let hosts = "[{priority: HIGH, max_connections: 1}, {max_connections: 4}, {max_connections: 5}]"
        #expect(
            try cluster("circuit_breakers: {per_host_thresholds: \(hosts)}").circuitBreakers.connectionsPerHost == 4
        )
    }

    @Test(arguments: [
        ("per_host_thresholds: [{max_requests: 4}]", "Unsupported field in per_host_thresholds"),
        ("per_host_thresholds: [{max_connection_pools: 4}]", "Unsupported field in per_host_thresholds"),
        ("thresholds: [{priority: 2}]", "unknown priority"),
        ("thresholds: [{retry_budget: {budget_percent: {value: 101}}}]", "value must be inside range [0, 100]"),
    ])
    func `a wrong threshold is refused`(fields: String, message: String) {
        #expect(load("circuit_breakers: {\(fields)}").messages == [message])
    }

    @Test func `sockets and statistics are read`() throws {
        let keepalive = "tcp_keepalive: {keepalive_probes: 3, keepalive_time: 10, keepalive_interval: 5}"
        let found = try cluster(
            """
            alt_stat_name: other, upstream_connection_options: {\(keepalive)}, wait_for_warm_on_init: false,
            track_cluster_stats: {timeout_budgets: true}, cleanup_interval: 1s, metadata: {filter_metadata: {a: {b: 1}}}
            """
        )
        #expect(found.statName == "other" && found.tracksTimeoutBudgets)
        #expect(found.keepalive?.probes == 3 && found.keepalive?.time == 10 && found.keepalive?.interval == 5)
        #expect(try cluster("upstream_connection_options: {}").keepalive == nil)
        #expect(try cluster("upstream_connection_options: {tcp_keepalive: {}}").keepalive == TCPKeepalive())
    }

    private static let endpoint =
        "{cluster_name: a, endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: a.b, port_value: 1}}}}]}]}"
    private static let dns = "\"@type\": type.googleapis.com/envoy.extensions.clusters.dns.v3.DnsCluster"

    @Test func `names are looked up as the cluster says`() throws {
        var options = Cluster.DNSOptions()
        options.refreshRate = .seconds(2)
        options.jitter = .seconds(1)
        options.family = .all
        options.failureRefresh = Cluster.FailureRefresh(base: .seconds(1), maximum: .seconds(10))
        let fields = """
            dns_refresh_rate: 2s, dns_jitter: 1s, dns_lookup_family: ALL,
            dns_failure_refresh_rate: {base_interval: 1s}
            """
        let load = "load_assignment: \(Self.endpoint)"
        #expect(try cluster("type: STRICT_DNS, \(fields), \(load)").discovery == .strictDNS(options))
        #expect(try cluster("type: LOGICAL_DNS, \(fields), \(load)").discovery == .logicalDNS(options))
        let typed = "cluster_type: {name: x, typed_config: {\(Self.dns), \(fields)"
        #expect(try cluster("\(typed)}}, \(load)").discovery == .strictDNS(options))
        let single = "all_addresses_in_single_endpoint: true"
        #expect(try cluster("\(typed), \(single)}}, \(load)").discovery == .logicalDNS(options))
    }

    @Test(
        arguments: [
            ("envoy.cluster.static", .static), ("envoy.cluster.strict_dns", .strictDNS(Cluster.DNSOptions())),
        ] as [(String, Cluster.Discovery)]
    )
    func `a kind of cluster may be named`(name: String, discovery: Cluster.Discovery) throws {
        #expect(try cluster("cluster_type: {name: \(name)}").discovery == discovery)
    }

    private static let single = "LOGICAL_DNS clusters must have a single locality_lb_endpoint and a single lb_endpoint"

    @Test(arguments: [
        ("type: LOGICAL_DNS", "LOGICAL_DNS clusters must have a single host"),
        ("type: LOGICAL_DNS, load_assignment: {cluster_name: a, endpoints: [{}]}", single),
        ("type: LOGICAL_DNS, load_assignment: {cluster_name: a, endpoints: [{}, {}]}", single),
        ("cluster_type: {name: x}", "Didn't find a registered cluster factory implementation for name: 'x'"),
        ("cluster_type: {name: \"\", typed_config: {\(dns)}}", "name is required"),
        ("type: STRICT_DNS, respect_dns_ttl: true", "names are asked for again after dns_refresh_rate"),
        (
            "close_connections_on_host_health_failure: true",
            "idle connections to an endpoint that fails are closed, busy ones are used to the end of their request"
        ),
        ("dns_failure_refresh_rate: {}", "base_interval is required"),
        ("dns_failure_refresh_rate: {base_interval: 0.001s}", "value must be greater than 1ms"),
        (
            "type: STRICT_DNS, dns_failure_refresh_rate: {base_interval: 1s, max_interval: 0.5s}",
            "dns_failure_refresh_rate must have max_interval greater than or equal to the base_interval"
        ),
        ("cluster_type: {name: x, typed_config: {\(dns), dns_refresh_rate: 0.001s}}", "value must be greater than 1ms"),
        ("dns_jitter: -1s", "Expected positive duration"), ("cleanup_interval: 0s", "value must be greater than 0s"),
    ])
    func `a wrong way to find endpoints is refused`(fields: String, message: String) {
        #expect(load(fields).errors.map(\.message) == [message])
    }

    @Test func `waits after failures are compared only where names are resolved`() throws {
        #expect(try cluster("dns_failure_refresh_rate: {base_interval: 1s, max_interval: 0.5s}").discovery == .static)
    }
}
