// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// HTTP towards a cluster: what its options become, wherever they stand, and Envoy 1.40's verdicts.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct ClusterProtocolTests {
    private static let name = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    private static let explicit = "explicit_http_config: {http_protocol_options: {}}"

    private func load(options: String, key: String = name) -> ConfigurationResult {
        let typed = "{\"@type\": type.googleapis.com/\(Self.name), \(options)}"
        return Sample.load(cluster: "typed_extension_protocol_options: {\(key): \(typed)}")
    }

    private func expect(_ result: ConfigurationResult, _ change: (inout Cluster) -> Void) throws {
        var expected = try #require(Sample.load().configuration?.clusters.first)
        change(&expected)
        #expect(result.configuration?.clusters.first == expected, "\(result.rendered)")
    }

    @Test func `every field arrives in the model`() throws {
        let result = load(
            options: """
                explicit_http_config: {http_protocol_options: {enable_trailers: true, send_fully_qualified_url: true, \
                allow_absolute_url: false}}, \
                common_http_protocol_options: {idle_timeout: 5s, max_headers_count: 6, max_response_headers_kb: 7, \
                max_requests_per_connection: 8, max_stream_duration: 9s, headers_with_underscores_action: DROP_HEADER}, \
                request_mirror_policies: [{cluster: nope}], retry_policy: {num_retries: 3}
                """
        )
        try expect(result) {
            $0.http1.passesTrailers = true
            $0.http1.sendsAbsoluteTarget = true
            $0.idleTimeout = .seconds(5)
            $0.responseHeaderCount = 6
            $0.responseHeadKilobytes = 7
            $0.requestsPerConnection = 8
            $0.maxStreamDuration = .seconds(9)
            $0.mirrorPolicies = [MirrorPolicy(cluster: .name("nope"))]
            var policy = RetryPolicy()
            policy.retries = 3
            $0.retryPolicy = policy
        }
        #expect(result.diagnostics.isEmpty)
    }

    private static let tls = """
        transport_socket: {name: tls, typed_config: {"@type": \
        type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext}}
        """

    @Test func `the cluster speaks HTTP/2, what the client speaks, or what ALPN settles on`() throws {
        let options =
            "{http2_protocol_options: {max_concurrent_streams: 7}, http_protocol_options: {enable_trailers: true}}"
        try expect(load(options: "explicit_http_config: {http2_protocol_options: {max_concurrent_streams: 7}}")) {
            $0.version = .http2
            $0.http2.concurrentStreams = 7
        }
        try expect(load(options: "use_downstream_protocol_config: \(options)")) {
            $0.version = .sameAsDownstream
            $0.http2.concurrentStreams = 7
            $0.http1.passesTrailers = true
        }
        let typed = "{\"@type\": type.googleapis.com/\(Self.name), auto_config: \(options)}"
        let written = "\(Self.tls)\n    typed_extension_protocol_options: {\(Self.name): \(typed)}"
        try expect(Sample.load(cluster: written)) {
            $0.version = .automatic
            $0.http2.concurrentStreams = 7
            $0.http1.passesTrailers = true
            $0.tls = UpstreamTLS()
        }
    }

    @Test func `the name that is asked for may come from the request`() throws {
        let names = "{auto_sni: true, auto_san_validation: true, override_auto_sni_header: X-Name}"
        try expect(load(options: "\(Self.explicit), upstream_http_protocol_options: \(names)")) {
            $0.usesHostAsSNI = true
            $0.validatesHostAsName = true
            $0.sniHeader = "x-name"
        }
    }

    @Test func `the cluster's own fields choose HTTP/2, too`() throws {
        let http2 = "http2_protocol_options: {hpack_table_size: 0}"
        try expect(Sample.load(cluster: http2)) {
            $0.version = .http2
            $0.http2.headerTableBytes = 0
        }
        let both = "http_protocol_options: {}\n    \(http2)"
        try expect(Sample.load(cluster: "protocol_selection: USE_DOWNSTREAM_PROTOCOL\n    \(both)")) {
            $0.version = .sameAsDownstream
            $0.http2.headerTableBytes = 0
        }
        try expect(Sample.load(cluster: "upstream_http_protocol_options: {auto_sni: true}")) {
            $0.usesHostAsSNI = true
        }
        let text = """
            cluster: Both HTTP1 and HTTP2 options may only be configured with non-default 'protocol_selection' values
            """
        #expect(Sample.load(cluster: both).errors.map(\.message) == [text])
    }

    @Test func `the options have two names`() throws {
        try expect(load(options: Self.explicit)) { _ in }
        try expect(load(options: Self.explicit, key: "envoy.upstreams.http.http_protocol_options")) { _ in }
    }

    @Test func `an empty list of mirrors leaves the routes theirs`() throws {
        try expect(load(options: "\(Self.explicit), request_mirror_policies: []")) { _ in }
    }

    @Test func `the cluster's own fields are deprecated, and work`() throws {
        let result = Sample.load(
            cluster: "max_requests_per_connection: 4\n    common_http_protocol_options: {idle_timeout: 0s}\n"
                + "    http_protocol_options: {header_key_format: {proper_case_words: {}}}"
        )
        try expect(result) {
            $0.requestsPerConnection = 4
            $0.idleTimeout = .zero
            $0.http1.headerCase = .proper
        }
        #expect(
            result.messages == [
                "max_requests_per_connection is deprecated: use typed_extension_protocol_options",
                "common_http_protocol_options is deprecated: use typed_extension_protocol_options",
                "http_protocol_options is deprecated: use typed_extension_protocol_options",
            ]
        )
    }

    @Test func `the typed options win over the cluster's own fields, but for the requests per connection`() throws {
        let typed = "{\"@type\": type.googleapis.com/\(Self.name), \(Self.explicit)}"
        let result = Sample.load(
            cluster: "max_requests_per_connection: 4\n    common_http_protocol_options: {idle_timeout: 5s}\n"
                + "    typed_extension_protocol_options: {\(Self.name): \(typed)}"
        )
        try expect(result) { $0.requestsPerConnection = 4 }
    }

    @Test(arguments: [
        ("", "upstream_protocol_options is required"),
        ("explicit_http_config: {}", "protocol_config is required"),
        (
            "explicit_http_config: {http3_protocol_options: {}}",
            "unsupported field \"http3_protocol_options\" in ExplicitHttpConfig"
        ),
        ("auto_config: {}", "ALPN configured for cluster c1 which has a non-ALPN transport socket"),
        (
            "\(explicit), upstream_http_protocol_options: {override_auto_sni_header: a b}",
            #"value does not match regex pattern "^:?[0-9a-zA-Z!#$%&'*+-.^_|~`]+$""#
        ),
        (
            "\(explicit), request_mirror_policies: [{}]",
            "Exactly one of cluster or cluster_header in request mirror policy need to be specified"
        ),
        ("\(explicit), retry_policy: {retry_back_off: {}}", "base_interval is required"),
        (
            "\(explicit), common_http_protocol_options: {max_headers_count: 0}",
            "value must be greater than or equal to 1"
        ),
        (
            "\(explicit), common_http_protocol_options: {max_response_headers_kb: 8193}",
            "value must be inside range (0, 8192]"
        ),
        (
            "\(explicit), common_http_protocol_options: {max_connection_duration: 1s}",
            "max_connection_duration is served on connection managers only"
        ),
    ])
    func `options are refused`(written: String, message: String) {
        #expect(load(options: written).messages == [message])
    }

    @Test func `options under a name that nobody knows are refused`() {
        let text = "Didn't find a registered network or http filter or protocol options implementation for name: 'nope'"
        #expect(load(options: Self.explicit, key: "nope").messages == [text])
        let known = load(options: Self.explicit, key: "envoy.filters.network.redis_proxy")
        #expect(known.messages == ["unsupported protocol options"])
        #expect(known.errors.map(\.kind) == [.unsupported])
        let near = load(options: Self.explicit, key: "envoy.extensions.upstreams.http.v3.HttpProtocolOption")
        #expect(near.errors.map(\.suggestion) == [Self.name])
        #expect(
            near.errors.first?.path
                == "static_resources.clusters[0].typed_extension_protocol_options[\"\(Self.name.dropLast())\"]"
        )
    }

    @Test(arguments: [
        ("[1]", "not a mapping"), ("{\(name): ~}", "not a mapping"), ("{\(name): {}}", "\"@type\" is required"),
        ("{[a]: b}", "a key has to be text"),
        ("{\(name): {\"@type\": x/envoy.extensions.filters.http.router.v3.Router}}", "unsupported @type"),
    ])
    func `a map is refused`(written: String, message: String) {
        #expect(Sample.load(cluster: "typed_extension_protocol_options: \(written)").messages == [message])
    }

    @Test func `a mistake inside has its path and its place`() {
        let result = load(options: "\(Self.explicit), retry_policy: {num_retrie: 1}")
        #expect(result.messages == ["unknown field \"num_retrie\" in RetryPolicy"])
        #expect(
            result.errors.first?.path
                == "static_resources.clusters[0].typed_extension_protocol_options[\"\(Self.name)\"].retry_policy.num_retrie"
        )
        #expect(result.errors.first?.suggestion == "num_retries")
        #expect(result.errors.first?.line == 31)
    }

    @Test func `the name of an endpoint arrives in the model`() {
        let result = Sample.load(("{endpoint: {", "{endpoint: {hostname: h, "))
        #expect(result.configuration?.clusters.first?.endpoints.map(\.hostname) == ["h"], "\(result.rendered)")
    }
}
