// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Clusters and their endpoints.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct ClusterTests {
    private func load(_ cluster: String) -> ConfigurationResult {
        Sample.load("static_resources: {clusters: [\(cluster)]}")
    }

    private func endpoint(_ address: String, _ more: String = "") -> String {
        "{cluster_name: a, endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: \(address)}}\(more)}]}]}"
    }

    @Test(arguments: [
        ("{type: STATIC}", "name is required"), ("{name: \"\"}", "name is required"),
        ("{name: a, connect_timeout: 0s}", "value must be greater than 0s"),
        ("{name: a, dns_refresh_rate: 0.001s}", "value must be greater than 1ms"),
        ("{name: a, type: EDS}", "unsupported type"), ("{name: a, type: 4}", "unsupported type"),
        ("{name: a, type: 9}", "unknown type"), ("{name: a, lb_policy: CLUSTER_PROVIDED}", "unsupported lb_policy"),
        ("{name: a, lb_policy: 4}", "unknown lb_policy"),
        ("{name: a, load_assignment: {}}", "cluster_name is required"),
        ("{name: a, lrs_server: {}}", "unsupported field \"lrs_server\" in Cluster"),
        ("{name: a}, {name: a}", "cluster manager: duplicate cluster 'a'"), ("~", "name is required"),
    ])
    func `a cluster is refused`(written: String, message: String) {
        #expect(load(written).errors.map(\.message) == [message])
    }

    @Test(arguments: [
        "{name: a}", "{name: a, type: STRICT_DNS}", "{name: a, load_assignment: ~}", "{name: \"c 1:ü\"}",
        "{name: a, load_assignment: {cluster_name: other, endpoints: [{}]}}", "{name: a, dns_lookup_family: V4_ONLY}",
        "{name: a, ignore_health_on_host_removal: true}", "{name: a, per_connection_buffer_limit_bytes: 0}",
    ])
    func `a cluster is accepted`(written: String) {
        let result = load(written)
        #expect(result.isAccepted, "\(result.rendered)")
        #expect(result.configuration?.clusters.first?.endpoints == [])
    }

    @Test(arguments: [
        ("{address: localhost, port_value: 1}", "malformed IP address: localhost"),
        ("{address: \"[::1]\", port_value: 1}", "malformed IP address: [::1]"),
        ("{address: 127.0.0.1, port_value: 65536}", "value must be less than or equal to 65535"),
        ("{address: 127.0.0.1}", "port_value is required"), ("{port_value: 1}", "address is required"),
        ("{address: 127.0.0.1, named_port: http}", "unsupported field \"named_port\" in SocketAddress"),
        ("{address: 127.0.0.1, port_value: 1, protocol: UDP}", "unsupported protocol"),
        ("~", "socket_address is required"),
    ])
    func `an endpoint is refused`(address: String, message: String) {
        #expect(load("{name: a, load_assignment: \(endpoint(address))}").messages == [message])
    }

    @Test func `names are resolved for STRICT_DNS only`() {
        let result = load("{name: a, type: STRICT_DNS, load_assignment: \(endpoint("{address: a.b, port_value: 80}"))}")
        let expected = [Endpoint(address: SocketEndpoint(host: "a.b", port: 80))]
        #expect(result.configuration?.clusters.first?.endpoints == expected)
        #expect(
            result.configuration?.clusters.first?.discovery == .strictDNS(Cluster.DNSOptions())
        )
    }

    @Test(arguments: [
        (", load_balancing_weight: 7", 7), (", load_balancing_weight: {value: 4294967295}", UInt32.max), ("", 1),
    ])
    func `an endpoint has a weight`(more: String, weight: UInt32) {
        let result = load("{name: a, load_assignment: \(endpoint("{address: 1.2.3.4, port_value: 0}", more))}")
        #expect(result.configuration?.clusters.first?.endpoints.map(\.weight) == [weight])
    }

    @Test func `a weight is at least one`() {
        let result = load(
            "{name: a, load_assignment: \(endpoint("{address: 1.2.3.4, port_value: 0}", ", load_balancing_weight: 0"))}"
        )
        #expect(result.messages == ["value must be greater than or equal to 1"])
    }

    @Test func `endpoints of all localities are taken in order`() {
        let one =
            "{lb_endpoints: [{endpoint: {hostname: h, address: {socket_address: {address: 1.1.1.1, port_value: 1}}}}]}"
        let two = "{lb_endpoints: {endpoint: {address: {socket_address: {address: 2.2.2.2, port_value: 2}}}}}"
        let result = load("{name: a, load_assignment: {cluster_name: a, endpoints: [\(one), \(two)]}}")
        #expect(result.configuration?.clusters.first?.endpoints.map(\.address.port) == [1, 2], "\(result.rendered)")
    }

    @Test func `an endpoint without an address is skipped where names are resolved, and refused elsewhere`() {
        let assignment = "load_assignment: {cluster_name: a, endpoints: [{lb_endpoints: [{}, {endpoint: {}}]}]}"
        let resolved = load("{name: a, type: STRICT_DNS, \(assignment)}")
        #expect(resolved.configuration?.clusters.first?.endpoints == [])
        #expect(resolved.warnings.count == 2)
        #expect(load("{name: a, \(assignment)}").messages == ["Address must be set", "Address must be set"])
    }

    @Test func `a host is not called malformed if the type could not be read`() {
        let result = load("{name: a, type: DNS, load_assignment: \(endpoint("{address: a.b, port_value: 80}"))}")
        #expect(result.messages == ["unknown type"])
    }
}
