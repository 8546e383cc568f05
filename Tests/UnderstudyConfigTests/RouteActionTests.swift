// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Where requests go and how they are changed on the way: what an action becomes, and Envoy 1.40's verdicts.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct RouteActionTests {
    private func action(_ change: (inout RouteAction) -> Void) -> RouteAction {
        var action = RouteAction(cluster: .name("c1"))
        change(&action)
        return action
    }

    private func expect(_ written: String, _ change: (inout RouteAction) -> Void) {
        let result = Sample.load(action: written)
        #expect(result.actions == [action(change)], "\(result.rendered)")
        #expect(result.diagnostics.isEmpty)
    }

    @Test func `times arrive in the model`() {
        expect("timeout: 0s, idle_timeout: 0s, max_stream_duration: {max_stream_duration: 3s}") {
            $0.timeout = .zero
            $0.idleTimeout = .zero
            $0.maxStreamDuration = .seconds(3)
            $0.tellsStreamDuration = true
        }
        expect("max_stream_duration: {}") {
            $0.timeout = .zero
            $0.tellsStreamDuration = true
        }
    }

    @Test(arguments: [("SERVICE_UNAVAILABLE", 503), ("NOT_FOUND", 404), ("2", 500)])
    func `a missing cluster is answered with`(written: String, status: Int) {
        expect("cluster_not_found_response_code: \(written)") { $0.clusterNotFoundStatus = status }
    }

    @Test func `rewrites arrive in the model`() throws {
        let rewrite = RegexRewrite(pattern: try RegexPattern("a(b)"), substitution: "\\1")
        let written = "{pattern: {regex: a(b)}, substitution: '\\1'}"
        expect("prefix_rewrite: /x, append_x_forwarded_host: true") {
            $0.pathRewrite = .prefix("/x")
            $0.appendsForwardedHost = true
        }
        expect("regex_rewrite: \(written), prefix_rewrite: \"\"") { $0.pathRewrite = .regex(rewrite) }
        expect("host_rewrite_literal: h") { $0.hostRewrite = .literal("h") }
        expect("host_rewrite_header: X-H") { $0.hostRewrite = .header("x-h") }
        expect("host_rewrite_path_regex: \(written)") { $0.hostRewrite = .pathRegex(rewrite) }
        expect("auto_host_rewrite: true") { $0.hostRewrite = .endpoint }
    }

    @Test(arguments: [
        "prefix_rewrite: \"\"", "host_rewrite_literal: \"\"", "host_rewrite_header: \"\"", "auto_host_rewrite: false",
        "priority: DEFAULT", "hash_policy: [{connection_properties: {}}]",
    ])
    func `this changes nothing`(written: String) {
        expect(written) { _ in }
    }

    @Test func `hash policies arrive in the model`() {
        let policies = """
            [{header: {header_name: X-H}, terminal: true}, {cookie: {name: c}}, {cookie: {name: d, ttl: 0s, path: /}},
            {connection_properties: {source_ip: true}}, {query_parameter: {name: q}}]
            """.replacing("\n", with: " ")
        expect("hash_policy: \(policies)") {
            $0.hashPolicy = [
                HashPolicy(.header(name: "x-h", rewrite: nil), isTerminal: true),
                HashPolicy(.cookie(name: "c", ttl: nil, path: "")),
                HashPolicy(.cookie(name: "d", ttl: .zero, path: "/")),
                HashPolicy(.sourceIP),
                HashPolicy(.queryParameter(name: "q")),
            ]
        }
    }

    @Test func `upgrades arrive in the model`() {
        expect(
            "upgrade_configs: [{upgrade_type: WebSocket, enabled: false}, {upgrade_type: CONNECT, connect_config: {}}]"
        ) {
            $0.upgrades = [
                "websocket": UpgradePolicy(isEnabled: false), "connect": UpgradePolicy(terminatesConnect: true),
            ]
        }
    }

    @Test func `internal redirects arrive in the model`() {
        expect("internal_redirect_policy: {}") { $0.internalRedirects = InternalRedirectPolicy() }
        let policy = """
            {max_internal_redirects: 3, redirect_response_codes: [301, 302, 200], allow_cross_scheme_redirect: true, \
            response_headers_to_copy: [X-A, \"\"]}
            """
        expect("internal_redirect_policy: \(policy)") {
            $0.internalRedirects = InternalRedirectPolicy(
                maximum: 3,
                statuses: [301, 302],
                allowsOtherScheme: true,
                responseHeadersToCopy: ["x-a"]
            )
        }
    }

    private func load(weighted: String) -> ConfigurationResult {
        Sample.load(route: "match: {prefix: /}, route: {weighted_clusters: {\(weighted)}}")
    }

    @Test func `weighted clusters arrive in the model`() {
        let result = load(
            weighted: "clusters: [{name: c1, weight: 0}, {cluster_header: X-C, weight: 4, host_rewrite_literal: h}], "
                + "runtime_key_prefix: r, header_name: X-N"
        )
        var second = WeightedClusters.Choice(cluster: .header("x-c"), weight: 4)
        second.hostRewriteLiteral = "h"
        let clusters = WeightedClusters(
            choices: [WeightedClusters.Choice(cluster: .name("c1"), weight: 0), second],
            runtimeKeyPrefix: "r",
            randomHeader: "x-n"
        )
        #expect(result.actions.map(\.clusters) == [.weighted(clusters)], "\(result.rendered)")
    }

    @Test(arguments: [
        ("", "clusters is required"),
        ("clusters: [{name: c1}]", "Field 'weight' is missing in \"c1\""),
        ("clusters: [{name: c1, weight: 0}]", "Sum of weights in the weighted_cluster must be greater than 0."),
        (
            "clusters: [{name: c1, weight: 4294967295}, {name: c2, weight: 1}]",
            "The sum of weights of all weighted clusters of route  exceeds 4294967295"
        ),
        ("clusters: [{name: nope, weight: 1}]", "route: unknown weighted cluster 'nope'"),
        ("clusters: [{weight: 1}]", "At least one of name or cluster_header need to be specified"),
        ("clusters: [{name: c1, cluster_header: x, weight: 1}]", "Only one of name or cluster_header can be specified"),
        ("clusters: [{cluster_header: \"a\\nb\", weight: 1}]", "value must not contain NUL, CR or LF"),
        ("clusters: [{name: c1, weight: 1}], header_name: \"a\\nb\"", "value must not contain NUL, CR or LF"),
        (
            "clusters: [{name: c1, weight: 1, host_rewrite_literal: \"a\\nb\"}]", "value must not contain NUL, CR or LF"
        ),
        (
            "clusters: [{name: c1, weight: 1, metadata_match: {}}]",
            "unsupported field \"metadata_match\" in ClusterWeight"
        ),
    ])
    func `weighted clusters are refused`(written: String, message: String) {
        #expect(load(weighted: written).messages == [message])
    }

    @Test func `a total of the weights is accepted with a warning, and does not count`() {
        let result = load(weighted: "clusters: [{name: c1, weight: 1}], total_weight: 100")
        #expect(result.isAccepted)
        #expect(result.messages == ["total_weight is deprecated"])
    }

    @Test(arguments: [
        ("prefix_rewrite: \"a\\nb\"", "value must not contain NUL, CR or LF"),
        (
            "prefix_rewrite: /x, regex_rewrite: {pattern: {regex: a}}",
            "Specify only one of prefix_rewrite, regex_rewrite or path_rewrite_policy"
        ),
        ("regex_rewrite: {}", "pattern is required"),
        ("regex_rewrite: {pattern: {}}", "regex is required"),
        ("regex_rewrite: {pattern: {regex: \"(\"}}", "not a regular expression: missing ): ("),
        ("regex_rewrite: {pattern: {regex: a}, substitution: \"a\\nb\"}", "value must not contain NUL, CR or LF"),
        ("host_rewrite_literal: \"a\\nb\"", "value must not contain NUL, CR or LF"),
        ("host_rewrite_header: \"a\\nb\"", "value must not contain NUL, CR or LF"),
        ("host_rewrite_path_regex: {}", "pattern is required"),
        (
            "auto_host_rewrite: true, host_rewrite_literal: a",
            "host_rewrite_literal and auto_host_rewrite cannot both be set"
        ),
        ("cluster_not_found_response_code: 3", "unknown cluster_not_found_response_code"),
        ("priority: 5", "unknown priority"),
        ("hash_policy: [{}]", "policy_specifier is required"),
        ("hash_policy: [{header: {}}]", "header_name is required"),
        ("hash_policy: [{cookie: {}}]", "name is required"),
        ("hash_policy: [{query_parameter: {}}]", "name is required"),
        ("hash_policy: [{filter_state: {key: x}}]", "unsupported field \"filter_state\" in HashPolicy"),
        ("upgrade_configs: [{}]", "upgrade_type is required"),
        ("upgrade_configs: [{upgrade_type: \"a\\nb\"}]", "value must not contain NUL, CR or LF"),
        ("upgrade_configs: [{upgrade_type: a}, {upgrade_type: A}]", "Duplicate upgrade A"),
        (
            "upgrade_configs: [{upgrade_type: a, connect_config: {}}]",
            "Non-CONNECT upgrade type a has ConnectConfig"
        ),
        (
            "internal_redirect_policy: {redirect_response_codes: [301, 302, 303, 307, 308, 301]}",
            "value must contain no more than 5 item(s)"
        ),
        (
            "internal_redirect_policy: {response_headers_to_copy: [a, a]}", "repeated value must contain unique items"
        ),
        (
            "internal_redirect_policy: {response_headers_to_copy: [Host]}",
            ":-prefixed headers or Hosts may not be specified here."
        ),
        (
            "internal_redirect_policy: {predicates: [{name: x}]}",
            "unsupported field \"predicates\" in InternalRedirectPolicy"
        ),
        ("cluster_specifier_plugin: x", "unsupported field \"cluster_specifier_plugin\" in RouteAction"),
    ])
    func `an action is refused`(written: String, message: String) {
        #expect(Sample.load(action: written).messages == [message])
    }

    @Test func `CONNECT by POST is not supported`() {
        let config = "{upgrade_type: CONNECT, connect_config: {allow_post: true}}"
        let result = Sample.load(action: "upgrade_configs: [\(config)]")
        #expect(result.messages == ["POST requests are not taken for CONNECT"])
        #expect(result.errors.map(\.kind) == [.unsupported])
    }

    @Test func `the time that a gRPC client gives may count`() {
        let old = Sample.load(action: "max_grpc_timeout: 2s, grpc_timeout_offset: 0.1s").actions.first
        var rule = GRPCTimeoutRule(maximum: .seconds(2))
        rule.offset = .milliseconds(100)
        #expect(old?.grpcTimeout == rule)
        #expect(old?.tellsStreamDuration == false)
        let duration = "{grpc_timeout_header_max: 2s, grpc_timeout_header_offset: 0.1s}"
        let new = Sample.load(action: "max_grpc_timeout: 1s, max_stream_duration: \(duration)").actions.first
        #expect(new?.grpcTimeout == nil)
        #expect(new?.grpcStreamDuration == rule)
        #expect(new?.tellsStreamDuration == true)
        #expect(new?.maxStreamDuration == nil)
    }
}
