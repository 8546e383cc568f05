// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Envoy's own words beside ours, as Envoy 1.40 prints them at the end of its messages.

import Testing

@testable import UnderstudyConfig

@Suite struct EnvoyWordsTests {
    private static let headerRule = "value does not match regex pattern \"^[^\\x00\\n\\r]*$\""

    @Test func `a broken rule is quoted with Envoy's name of the field`() {
        let result = Sample.load(manager: "max_request_headers_kb: 9000")
        #expect(
            result.rendered == """
                envoy.yaml:12:35  error: value must be inside range (0, 8192]
                  at        \(Sample.manager).max_request_headers_kb
                  found     9000
                  accepted  1 to 8192
                  envoy     HttpConnectionManagerValidationError.MaxRequestHeadersKb: value must be inside range (0, 8192]

                """
        )
    }

    @Test(arguments: [
        ("route: {cluster: c1}", "RouteValidationError.Match: value is required"),
        ("match: {prefix: /}", "field: \"action\", reason: is required"),
        ("match: {prefix: /}, route: {}", "field: \"cluster_specifier\", reason: is required"),
        (
            "match: {prefix: /}, route: {cluster: \"\"}",
            "RouteActionValidationError.Cluster: value length must be at least 1 characters"
        ),
        (
            "match: {prefix: /}, route: {weighted_clusters: {}}",
            "WeightedClusterValidationError.Clusters: value must contain at least 1 item(s)"
        ),
        (
            "match: {prefix: /, headers: [{name: a}, {present_match: true}]}, route: {cluster: c1}",
            "HeaderMatcherValidationError.Name: value length must be at least 1 characters"
        ),
        (
            "match: {prefix: /}, route: {cluster: c1}, request_headers_to_remove: [a, \"b\\nc\"]",
            "RouteValidationError.RequestHeadersToRemove[1]: \(headerRule)"
        ),
        (
            "match: {prefix: /}, route: {cluster: c1}, response_headers_to_add: {header: {key: a, value: \"b\\nc\"}}",
            "HeaderValueValidationError.Value: \(headerRule)"
        ),
        ("match: {prefix: /}, redirect: {response_code: OK}", "unknown enum value: 'OK'"),
        (
            "match: {prefix: /}, redirect: {response_code: 99}",
            "RedirectActionValidationError.ResponseCode: value must be one of the defined enum values"
        ),
        ("match: {prefixx: /}, route: {cluster: c1}", "no such field: 'prefixx'"),
        (
            "match: {prefix: /, path: /}, route: {cluster: c1}",
            "'path' has already been set (either directly or as part of a oneof)"
        ),
    ])
    func `a route is refused in Envoy's words, too`(fields: String, words: String) {
        let result = Sample.load(route: fields)
        #expect(result.errors.map(\.envoy) == [words], "\(result.rendered)")
    }

    @Test func `words are found inside messages that name their own type, and inside maps`() {
        let name = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
        let options = "{\"@type\": type.googleapis.com/\(name), retry_policy: {retry_back_off: {}}}"
        let result = Sample.load(cluster: "typed_extension_protocol_options: {\(name): \(options)}")
        #expect(
            result.errors.map(\.envoy) == [
                "field: \"upstream_protocol_options\", reason: is required",
                "RetryBackOffValidationError.BaseInterval: value is required",
            ],
            "\(result.rendered)"
        )
    }

    @Test func `a message that is Envoy's already is not repeated`() {
        let result = Sample.load(("cluster: c1", "cluster: c3"))
        #expect(result.errors.map(\.envoy) == [nil], "\(result.rendered)")
    }

    @Test func `nothing is put into Envoy's mouth where it would accept`() {
        for fields in ["cookies: []", "cookies: [{name: a}]"] {
            let result = Sample.load(route: "match: {prefix: /, \(fields)}, route: {cluster: c1}")
            #expect(result.errors.allSatisfy { $0.kind == .unsupported && $0.envoy == nil }, "\(result.rendered)")
        }
        let host = Sample.load(manager: "http_protocol_options: {default_host_for_http_10: \"a\\nb\"}")
        #expect(host.errors.map(\.envoy) == [nil], "\(host.rendered)")
    }
}
