// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The configuration as `/config_dump` shows it, in the spelling of Envoy 1.40.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct ConfigurationDocumentTests {
    @Test func `a document has the bootstrap and each resource with its type`() throws {
        let document = try #require(Sample.load(Sample.text).configuration).document
        #expect(document.listeners.map(\.name) == ["main"])
        #expect(document.clusters.map(\.name) == ["c1", "c2"])
        #expect(document.routes.map(\.name) == ["local_route"])
        #expect(document.bootstrap.hasPrefix("{\"static_resources\":{\"listeners\":[{\"name\":\"main\",\"address\":"))
        let type = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
        #expect(
            document.clusters[1].json == """
                {"@type":"\(type)","name":"c2","type":"STATIC","connect_timeout":"0.250s","load_assignment":\
                {"cluster_name":"c2","endpoints":[{"lb_endpoints":[{"endpoint":{"address":{"socket_address":\
                {"address":"127.0.0.1","port_value":8082}}}}]}]}}
                """
        )
        #expect(
            document.routes[0].json == """
                {"@type":"type.googleapis.com/envoy.config.route.v3.RouteConfiguration","name":"local_route",\
                "virtual_hosts":[{"name":"backend","domains":["*"],"routes":[{"match":{"prefix":"/"},"route":\
                {"cluster":"c1","timeout":"1.500s","request_mirror_policies":[{"cluster":"c2"}]}}]}]}
                """
        )
    }

    @Test func `extensions are spelled like everything else`() throws {
        let url = "type.googleapis.com/envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash"
        let ring = "{\"@type\": \(url), hashFunction: murmur_hash_2, minimumRingSize: 0x10}"
        let policy = "load_balancing_policy: {policies: [{typed_extension_config: {name: x, typed_config: \(ring)}}]}"
        let document = try #require(Sample.load(cluster: policy).configuration).document
        let expected = "{\"@type\":\"\(url)\",\"hash_function\":\"MURMUR_HASH_2\",\"minimum_ring_size\":\"16\"}"
        #expect(document.clusters[0].json.contains(expected), "\(document.clusters[0].json)")
    }

    @Test func `nobody is shown a private key or a password`() throws {
        let certificate = """
            {certificate_chain: {filename: c.pem}, private_key: {inline_string: secret}, password: {filename: secret}}
            """
        let socket = { (side: String) in
            """
            transport_socket: {name: s, typed_config: {"@type": \
            type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.\(side)TlsContext, common_tls_context: \
            {tls_certificates: [\(certificate)]}}}
            """
        }
        let result = Sample.load(
            ("- filters:", "- \(socket("Downstream"))\n      filters:"),
            ("lb_policy: ROUND_ROBIN", socket("Upstream"))
        )
        let document = try #require(result.configuration, "\(result.rendered)").document
        let shown = """
            {"certificate_chain":{"filename":"c.pem"},"private_key":{"inline_string":"[redacted]"},\
            "password":{"filename":"[redacted]"}}
            """
        for text in [document.listeners[0].json, document.clusters[0].json] {
            #expect(text.contains(shown), "\(text)")
        }
        #expect(!document.bootstrap.contains("secret"))
    }

    @Test func `every type that a file may name can be written`() {
        let types = ExtensionPoint.allCases.flatMap(\.types)
        #expect(ConfigurationDocument.extensionNames == Set(types + TypedStruct.names))
    }
}
