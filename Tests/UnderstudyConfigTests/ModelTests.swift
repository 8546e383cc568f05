// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a correct configuration becomes.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct ModelTests {
    @Test func `the sample becomes this model, without a word`() {
        let result = Sample.load(Sample.text)
        #expect(result.diagnostics.isEmpty)
        #expect(result.rendered.isEmpty)
        let action = RouteAction(
            cluster: .name("c1"),
            timeout: .milliseconds(1500),
            mirrorPolicies: [MirrorPolicy(cluster: .name("c2"))]
        )
        let host = VirtualHost(name: "backend", domains: ["*"], routes: [Route(match: .prefix("/"), action: action)])
        let manager = ConnectionManager(
            statPrefix: "ingress_http",
            routes: RouteConfiguration(name: "local_route", virtualHosts: [host])
        )
        let listener = Listener(
            name: "main",
            address: SocketEndpoint(host: "127.0.0.1", port: 10000),
            connectionManager: manager
        )
        #expect(
            result.model
                == ServerConfiguration(listeners: [listener], clusters: [cluster("c1", 8081), cluster("c2", 8082)])
        )
    }

    private func cluster(_ name: String, _ port: UInt16) -> Cluster {
        Cluster(
            name: name,
            discovery: .static,
            endpoints: [Endpoint(address: SocketEndpoint(host: "127.0.0.1", port: port))],
            connectTimeout: .milliseconds(250)
        )
    }

    @Test func `what is not given has Envoy's defaults`() {
        let result = Sample.load(
            ("- name: main\n    address", "- address"),
            ("                  timeout: 1.5s\n", ""),
            ("    connect_timeout: 0.25s\n    type: STATIC\n    lb_policy: ROUND_ROBIN\n", "")
        )
        let configuration = result.configuration
        #expect(configuration?.listeners.first?.name == "127.0.0.1:10000", "\(result.rendered)")
        #expect(configuration?.listeners.first?.connectionBufferLimit == nil)
        #expect(configuration?.listeners.first?.connectionManager.serverName == "understudy")
        #expect(result.actions.first?.timeout == .seconds(15))
        #expect(configuration?.clusters.first?.connectTimeout == .seconds(5))
        #expect(configuration?.clusters.first?.discovery == .static)
        #expect(configuration?.admin == nil)
    }

    @Test func `every other field arrives in the model`() {
        let result = Sample.load(
            ("    filter_chains:", "    per_connection_buffer_limit_bytes: 7\n    filter_chains:"),
            ("stat_prefix: ingress_http", "stat_prefix: ingress_http\n          server_name: front"),
            (
                "clusters:\n",
                "clusters:\n  - {name: d, type: STRICT_DNS, dns_refresh_rate: 2s, dns_lookup_family: \(2)}\n"
            )
        )
        #expect(result.configuration?.listeners.first?.connectionBufferLimit == 7, "\(result.rendered)")
        #expect(result.configuration?.listeners.first?.connectionManager.serverName == "front")
        #expect(
            result.configuration?.clusters.first
                == Cluster(
                    name: "d",
                    discovery: .strictDNS(dns(refreshRate: .seconds(2), family: .v6Only)),
                    endpoints: []
                )
        )
    }

    @Test func `the admin server's address arrives in the model`() {
        let admin = "admin: {address: {socket_address: {address: \"::1\", port_value: 9901}}}\n"
        #expect(Sample.load(admin).configuration?.admin == SocketEndpoint(host: "::1", port: 9901))
        #expect(Sample.load("admin: {}").configuration?.admin == nil)
        #expect(Sample.load("admin: {}").isAccepted)
    }
}

private func dns(refreshRate: Duration, family: Cluster.DNSFamily) -> Cluster.DNSOptions {
    var options = Cluster.DNSOptions()
    options.refreshRate = refreshRate
    options.family = family
    return options
}
