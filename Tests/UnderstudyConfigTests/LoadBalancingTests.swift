// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How an endpoint is chosen, in both places where it may be said. Verdicts and words are those of Envoy 1.40.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct LoadBalancingTests {
    private func load(_ fields: String) -> ConfigurationResult {
        Sample.load("static_resources: {clusters: [{name: a, \(fields)}]}")
    }

    private func balancing(_ fields: String) throws -> LoadBalancing {
        let result = load(fields)
        return try #require(result.configuration?.clusters.first?.balancing, "\(result.rendered)")
    }

    private func policy(_ type: String, _ fields: String = "") -> String {
        let url = "\"@type\": type.googleapis.com/envoy.extensions.load_balancing_policies.\(type)"
        return
            "load_balancing_policy: {policies: [{typed_extension_config: {name: x, typed_config: {\(url)\(fields)}}}]}"
    }

    @Test func `without a word it is round robin with Envoy's defaults`() throws {
        #expect(try balancing("type: STATIC") == LoadBalancing())
    }

    @Test(
        arguments: [
            ("lb_policy: RANDOM", .random),
            ("lb_policy: LEAST_REQUEST", .leastRequest(choices: 2, activeRequestBias: 1)),
            (
                "lb_policy: 1, least_request_lb_config: {choice_count: 5, active_request_bias: {default_value: 0.5}}",
                .leastRequest(choices: 5, activeRequestBias: 0.5)
            ),
            ("lb_policy: RING_HASH", .ringHash(LoadBalancing.RingHash())),
            ("lb_policy: MAGLEV", .maglev(tableSize: 65537)),
            ("lb_policy: MAGLEV, maglev_lb_config: {table_size: 7}", .maglev(tableSize: 7)),
            ("lb_policy: MAGLEV, maglev_lb_config: {table_size: 1}", .maglev(tableSize: 1)),
            ("lb_policy: ROUND_ROBIN, maglev_lb_config: {table_size: 4}", .roundRobin),
        ] as [(String, LoadBalancing.Policy)]
    )
    func `a policy is read`(fields: String, policy: LoadBalancing.Policy) throws {
        #expect(try balancing(fields).policy == policy)
    }

    @Test func `a ring has its sizes and its function`() throws {
        let fields = "minimum_ring_size: 3, maximum_ring_size: 9, hash_function: MURMUR_HASH_2"
        var ring = LoadBalancing.RingHash()
        ring.minimumSize = 3
        ring.maximumSize = 9
        ring.function = .murmurHash2
        #expect(try balancing("lb_policy: RING_HASH, ring_hash_lb_config: {\(fields)}").policy == .ringHash(ring))
        #expect(try balancing(policy("ring_hash.v3.RingHash", ", \(fields)")).policy == .ringHash(ring))
    }

    @Test(
        arguments: [
            ("round_robin.v3.RoundRobin", .roundRobin), ("random.v3.Random", .random),
            ("least_request.v3.LeastRequest", .leastRequest(choices: 2, activeRequestBias: 1)),
            ("ring_hash.v3.RingHash", .ringHash(LoadBalancing.RingHash())),
            ("maglev.v3.Maglev", .maglev(tableSize: 65537)),
        ] as [(String, LoadBalancing.Policy)]
    )
    func `a policy by its type wins over lb_policy`(type: String, expected: LoadBalancing.Policy) throws {
        #expect(try balancing("lb_policy: MAGLEV, \(policy(type))").policy == expected)
        #expect(try balancing("lb_policy: LOAD_BALANCING_POLICY_CONFIG, \(policy(type))").policy == expected)
    }

    @Test func `common settings are read in both places`() throws {
        let hashing = "consistent_hashing_lb_config: {use_hostname_for_hashing: true, hash_balance_factor: 120}"
        var expected = LoadBalancing(.maglev(tableSize: 65537))
        expected.hashesHostnames = true
        expected.hashBalanceFactor = 120
        expected.localities = .weighted
        let common = "common_lb_config: {\(hashing), locality_weighted_lb_config: {}}"
        #expect(try balancing("lb_policy: MAGLEV, \(common)") == expected)
        #expect(try balancing(policy("maglev.v3.Maglev", ", \(hashing), locality_weighted_lb_config: {}")) == expected)
    }

    @Test func `panic and changes of endpoints are read`() throws {
        let zones =
            "zone_aware_lb_config: {routing_enabled: {value: 50}, min_cluster_size: 3, fail_traffic_on_panic: true}"
        let common = """
            healthy_panic_threshold: {value: 12.5}, ignore_new_hosts_until_first_hc: true, update_merge_window: 1s,
            close_connections_on_host_set_change: true, \(zones)
            """
        let balancing = try balancing(
            """
            common_lb_config: {\(common)}, close_connections_on_host_health_failure: false,
            ignore_health_on_host_removal: true,
            load_assignment: {cluster_name: a, policy: {overprovisioning_factor: 100}}
            """
        )
        #expect(balancing.panicThreshold == 12.5 && balancing.failsOnPanic)
        #expect(balancing.ignoresUncheckedHosts && balancing.closesConnectionsOnChange)
        #expect(balancing.ignoresHealthOnRemoval)
        #expect(balancing.overprovisioningFactor == 100)
    }

    @Test func `a negative bias is one, after a warning`() throws {
        let fields = "lb_policy: LEAST_REQUEST, least_request_lb_config: {active_request_bias: {default_value: -1}}"
        #expect(try balancing(fields).policy == .leastRequest(choices: 2, activeRequestBias: 1))
        let text = "upstream: invalid active request bias supplied (runtime key ), using 1.0"
        #expect(load(fields).warnings.map(\.message) == [text])
    }

    @Test(arguments: [
        ("lb_policy: MAGLEV, maglev_lb_config: {table_size: 4}", "The table size of maglev must be prime number"),
        ("lb_policy: MAGLEV, maglev_lb_config: {table_size: 0}", "The table size of maglev must be prime number"),
        ("maglev_lb_config: {table_size: 5000012}", "value must be less than or equal to 5000011"),
        ("ring_hash_lb_config: {minimum_ring_size: 8388609}", "value must be less than or equal to 8388608"),
        (
            "lb_policy: RING_HASH, ring_hash_lb_config: {maximum_ring_size: 5}",
            "ring hash: minimum_ring_size (1024) > maximum_ring_size (5)"
        ),
        ("least_request_lb_config: {choice_count: 1}", "value must be greater than or equal to 2"),
        (
            "ring_hash_lb_config: {}, maglev_lb_config: {}",
            "maglev_lb_config and ring_hash_lb_config cannot both be set"
        ),
        ("lb_policy: LOAD_BALANCING_POLICY_CONFIG", "cluster: field load_balancing_policy need to be set"),
        (
            "load_balancing_policy: {}",
            "cluster: didn't find a registered load balancer factory implementation for cluster: 'a' with names from []"
        ),
        ("load_balancing_policy: {policies: [{typed_extension_config: {name: x}}]}", "typed_config is required"),
        ("common_lb_config: {healthy_panic_threshold: {value: 101}}", "value must be inside range [0, 100]"),
        ("common_lb_config: {healthy_panic_threshold: {value: -0.5}}", "value must be inside range [0, 100]"),
        ("common_lb_config: {healthy_panic_threshold: {value: NaN}}", "not a number"),
        ("common_lb_config: {healthy_panic_threshold: {value: x}}", "not a number"),
        (
            "common_lb_config: {consistent_hashing_lb_config: {hash_balance_factor: 99}}",
            "value must be greater than or equal to 100"
        ),
        (
            "round_robin_lb_config: {slow_start_config: {}}",
            "unsupported field \"slow_start_config\" in RoundRobinLbConfig"
        ),
        (
            "common_lb_config: {override_host_status: {}}",
            "unsupported field \"override_host_status\" in CommonLbConfig"
        ),
        ("load_assignment: {cluster_name: a, policy: {overprovisioning_factor: 0}}", "value must be greater than 0"),
    ])
    func `a wrong setting is refused`(fields: String, message: String) {
        #expect(load(fields).messages == [message])
    }

    @Test func `a policy by its type does not go with the settings of lb_policy`() {
        let result = load("common_lb_config: {locality_weighted_lb_config: {}}, \(policy("random.v3.Random"))")
        #expect(result.messages.count == 1)
        #expect(result.messages[0].hasPrefix("cluster: load_balancing_policy cannot be combined with partial fields"))
    }

    @Test func `policies that are not served are called unsupported`() {
        #expect(load(policy("wrr_locality.v3.WrrLocality")).messages == ["unsupported @type"])
        #expect(
            load(policy("least_request.v3.LeastRequest", ", selection_method: FULL_SCAN")).messages == [
                "unsupported selection_method"
            ]
        )
    }

    @Test func `endpoints have a locality, its weight, a priority and a health`() throws {
        let endpoint =
            "{endpoint: {address: {socket_address: {address: 1.2.3.4, port_value: 8}}}, health_status: DRAINING}"
        let locality = "locality: {region: r, zone: z, sub_zone: s}, load_balancing_weight: 7, priority: 2"
        let result = load("load_assignment: {cluster_name: a, endpoints: [{\(locality), lb_endpoints: [\(endpoint)]}]}")
        let found = try #require(result.configuration?.clusters.first?.endpoints.first, "\(result.rendered)")
        #expect(found.locality == Locality(region: "r", zone: "z", subZone: "s"))
        #expect(found.localityWeight == 7 && found.priority == 2 && found.health == .draining)
    }

    @Test(arguments: [
        ("priority: 129", "value must be less than or equal to 128"),
        ("load_balancing_weight: 0", "value must be greater than or equal to 1"),
        ("lb_endpoints: [{health_status: 7}]", "unknown health_status"),
    ])
    func `a wrong locality is refused`(fields: String, message: String) {
        #expect(load("load_assignment: {cluster_name: a, endpoints: [{\(fields)}]}").messages.first == message)
    }
}
