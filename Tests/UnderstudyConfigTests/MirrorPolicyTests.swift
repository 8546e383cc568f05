// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Mirror policies: what they become, which list counts, and which mistakes stop the start.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct MirrorPolicyTests {
    private func load(_ policies: String) -> ConfigurationResult {
        Sample.load(("[{cluster: c2}]", policies))
    }

    @Test(arguments: [
        ("{cluster: c2}", MirrorPolicy(cluster: .name("c2"))),
        ("{cluster_header: X-Mirror}", MirrorPolicy(cluster: .header("x-mirror"))),
        ("{cluster: \"\", cluster_header: \":authority\"}", MirrorPolicy(cluster: .header(":authority"))),
        ("{cluster_header: bad header}", MirrorPolicy(cluster: .header("bad header"))),
        ("{cluster: c2, host_rewrite_literal: other}", MirrorPolicy(cluster: .name("c2"), host: .literal("other"))),
        ("{cluster: c2, host_rewrite_literal: \"\"}", MirrorPolicy(cluster: .name("c2"))),
        (
            "{cluster: c2, disable_shadow_host_suffix_append: true}",
            MirrorPolicy(cluster: .name("c2"), host: .unchanged)
        ),
        (
            "{cluster: c2, disable_shadow_host_suffix_append: true, host_rewrite_literal: o}",
            MirrorPolicy(cluster: .name("c2"), host: .literal("o"))
        ),
        (
            "{cluster: c2, runtime_fraction: {default_value: {}, runtime_key: a.b}}",
            MirrorPolicy(
                cluster: .name("c2"),
                fraction: RuntimeFraction(Fraction(numerator: 0, denominator: 100), key: "a.b")
            )
        ),
        (
            "{cluster: c2, runtime_fraction: {default_value: {numerator: 5000, denominator: TEN_THOUSAND}}}",
            MirrorPolicy(
                cluster: .name("c2"),
                fraction: RuntimeFraction(Fraction(numerator: 5000, denominator: 10_000))
            )
        ),
    ])
    func `a policy becomes this model`(written: String, policy: MirrorPolicy) {
        let result = load("[\(written)]")
        #expect(result.mirrors == [policy], "\(result.rendered)")
        #expect(result.diagnostics.isEmpty)
    }

    @Test(arguments: [
        ("{}", "Exactly one of cluster or cluster_header in request mirror policy need to be specified"),
        ("{cluster: \"\"}", "Exactly one of cluster or cluster_header in request mirror policy need to be specified"),
        ("~", "Exactly one of cluster or cluster_header in request mirror policy need to be specified"),
        (
            "{cluster: c2, cluster_header: x}",
            "Only one of cluster 'c2' or cluster_header 'x' in request mirror policy can be specified"
        ),
        ("{cluster: nope}", "route: unknown shadow cluster 'nope'"),
        ("{cluster: c2, runtime_fraction: {}}", "default_value is required"),
        ("{cluster: c2, runtime_fraction: {runtime_key: a}}", "default_value is required"),
        ("{cluster_header: \"a\\nb\"}", "value must not contain NUL, CR or LF"),
        ("{cluster_header: \"a\\0b\"}", "value must not contain NUL, CR or LF"),
        ("{cluster: c2, host_rewrite_literal: \"a\\rb\"}", "value must not contain NUL, CR or LF"),
        ("{cluster: c2, runtime_key: a}", "unknown field \"runtime_key\" in RequestMirrorPolicy"),
    ])
    func `a policy is refused`(written: String, message: String) {
        let result = load("[\(written)]")
        #expect(result.messages == [message])
        #expect(result.errors.first?.path.hasPrefix(Sample.route + ".request_mirror_policies[0]") == true)
    }

    @Test(arguments: ["true", "false"])
    func `sampling of traces is accepted with a warning`(value: String) {
        let result = load("[{cluster: c2, trace_sampled: \(value)}]")
        #expect(result.mirrors == [MirrorPolicy(cluster: .name("c2"))])
        #expect(result.warnings.map(\.message) == ["trace_sampled has no effect: there is no tracing"])
    }

    @Test func `the singular field of older Envoys is unknown, and the plural offered`() {
        let result = Sample.load(("request_mirror_policies: [{cluster: c2}]", "request_mirror_policy: {cluster: c2}"))
        #expect(result.errors.map(\.kind) == [.unknown])
    }

    private func levels(route: String, host: String, configuration: String) -> ConfigurationResult {
        Sample.load(
            ("request_mirror_policies: [{cluster: c2}]", "request_mirror_policies: \(route)"),
            ("domains: [\"*\"]", "domains: [\"*\"]\n              request_mirror_policies: \(host)"),
            ("name: local_route", "name: local_route\n            request_mirror_policies: \(configuration)"),
            ("clusters:\n", "clusters:\n  - {name: a}\n  - {name: b}\n")
        )
    }

    @Test(arguments: [
        ("[{cluster: a}]", "[{cluster: b}]", "[{cluster: c1}]", ["a"]),
        ("[]", "[{cluster: b}]", "[{cluster: c1}]", ["b"]),
        ("~", "[]", "[{cluster: c1}, {cluster: c2}]", ["c1", "c2"]), ("[]", "[]", "[]", []),
    ])
    func `the nearest list that is not empty counts, whole`(
        route: String,
        host: String,
        configuration: String,
        clusters: [String]
    ) {
        let result = levels(route: route, host: host, configuration: configuration)
        #expect(result.mirrors.map(\.cluster) == clusters.map(ClusterSpecifier.name), "\(result.rendered)")
    }

    @Test func `an unknown cluster matters only where a route uses the list`() {
        #expect(
            levels(route: "[{cluster: c2}]", host: "[{cluster: nope}]", configuration: "[{cluster: nope}]").isAccepted
        )
        let inherited = levels(route: "[]", host: "[{cluster: nope}]", configuration: "[]")
        #expect(inherited.messages == ["route: unknown shadow cluster 'nope'"])
        #expect(inherited.errors.first?.path.hasSuffix("virtual_hosts[0].request_mirror_policies[0].cluster") == true)
    }

    @Test func `a policy that is wrong in itself matters even where no route uses the list`() {
        let result = levels(route: "[{cluster: c2}]", host: "[{}]", configuration: "[{cluster: a, cluster_header: b}]")
        #expect(result.errors.count == 2)
    }

    @Test func `an inherited mistake is reported once, however many routes inherit it`() {
        let twoRoutes = "routes:\n              - {match: {prefix: /a}, route: {cluster: c1}}\n"
        let result = Sample.load(
            ("routes:\n", twoRoutes),
            ("request_mirror_policies: [{cluster: c2}]", "request_mirror_policies: []"),
            ("name: local_route", "name: local_route\n            request_mirror_policies: [{cluster: nope}]")
        )
        #expect(result.messages == ["route: unknown shadow cluster 'nope'"])
    }

    @Test func `clusters need not exist if validate_clusters is false`() {
        let result = Sample.load(
            ("name: local_route", "name: local_route\n            validate_clusters: false"),
            ("cluster: c1", "cluster: nope"),
            ("{cluster: c2}", "{cluster: neither}")
        )
        #expect(result.mirrors == [MirrorPolicy(cluster: .name("neither"))], "\(result.rendered)")
    }
}
