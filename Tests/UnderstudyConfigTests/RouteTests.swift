// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Routes, virtual hosts and their domains: verdicts and texts as Envoy 1.40 has them.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct RouteTests {
    @Test(arguments: [
        ("{prefix: \"\"}", PathMatch.prefix("")), ("{prefix: abc}", .prefix("abc")),
        ("{path: \"/a?b\"}", .exact("/a?b")),
        ("{path: \"\"}", .exact("")),
    ])
    func `a path is matched`(written: String, match: PathMatch) {
        #expect(Sample.load(("{prefix: \"/\"}", written)).routes.map(\.match) == [RouteMatch(path: match)])
    }

    @Test(arguments: [".*", "é+", "(?P<n>a)", "\\\\C", "\\0"])
    func `a pattern is compiled`(pattern: String) throws {
        let result = Sample.load(("{prefix: \"/\"}", "{safe_regex: {google_re2: {}, regex: \"\(pattern)\"}}"))
        guard case .regex = result.routes.first?.match.path else {
            Issue.record("\(result.rendered)")
            return
        }
    }

    @Test(arguments: [
        ("(a)\\\\1", "not a regular expression: invalid escape sequence: \\1"),
        ("a[", "not a regular expression: missing ]: ["),
        ("(?=a)", "not a regular expression: invalid perl operator: (?="),
        ("*a", "not a regular expression: no argument for repetition operator: *"),
        ("(a{1000}){1000}", "not a regular expression: invalid repetition size: {1000}"), ("", "regex is required"),
    ])
    func `a pattern that RE2 refuses is refused with its reason`(pattern: String, message: String) {
        let result = Sample.load(("{prefix: \"/\"}", "{safe_regex: {regex: \"\(pattern)\"}}"))
        #expect(result.messages == [message])
    }

    @Test(arguments: [
        ("{}", "path_specifier is required"), ("~", "match is required"),
        ("{safe_regex: ~}", "path_specifier is required"),
        ("{safe_regex: {}}", "regex is required"), ("{prefix: /, path: /a}", "path and prefix cannot both be set"),
        ("{dynamic_metadata: {}, prefix: /}", "unsupported field \"dynamic_metadata\" in RouteMatch"),
    ])
    func `a match is refused`(written: String, message: String) {
        #expect(Sample.load(("{prefix: \"/\"}", written)).messages == [message])
    }

    @Test(arguments: [
        ("cluster: nope", "route: unknown cluster 'nope'"), ("cluster: \"\"", "cluster is required"),
        ("cluster: ~", "cluster_specifier is required"), ("cluster_header: \"\"", "cluster_header is required"),
        ("cluster_header: \"a\\nb\"", "value must not contain NUL, CR or LF"),
        ("cluster: c1\n                  rate_limits: {}", "unsupported field \"rate_limits\" in RouteAction"),
    ])
    func `an action is refused`(written: String, message: String) {
        #expect(Sample.load(("cluster: c1", written)).messages == [message])
    }

    @Test func `a header may name the primary`() {
        let result = Sample.load(("cluster: c1", "cluster_header: X-Cluster"))
        #expect(result.actions.map(\.clusters) == [.one(.header("x-cluster"))])
    }

    @Test func `a route without an action that is served is refused`() {
        let none = Sample.load(("routes:\n", "routes:\n              - match: {prefix: /x}\n"))
        #expect(none.messages == ["action is required"])
        let other = Sample.load(
            ("routes:\n", "routes:\n              - {match: {prefix: /x}, filter_action: {a: b}}\n")
        )
        #expect(other.messages == ["unsupported field \"filter_action\" in Route"])
    }

    @Test(arguments: [
        ("[\"*\", \"*\"]", "Only a single wildcard domain is permitted in route local_route"),
        (
            "[a, A]",
            "Only unique values for domains are permitted. Duplicate entry of domain a in route local_route"
        ),
        (
            "[\"*.com\", \"*.COM\"]",
            "Only unique values for domains are permitted. Duplicate entry of domain *.com in route local_route"
        ),
        ("[]", "domains is required"), ("~", "domains is required"),
        ("[\"a\\nb\"]", "value must not contain NUL, CR or LF"),
    ])
    func `domains are refused`(domains: String, message: String) {
        #expect(Sample.load(("[\"*\"]", domains)).messages == [message])
    }

    @Test(arguments: ["[\"*\", \"*.a\", \"a.*\", a]", "[\"a:80\", \"[::1]\", \"*-a\", \"a*\", \"\"]"])
    func `domains are accepted`(domains: String) {
        #expect(Sample.load(("[\"*\"]", domains)).diagnostics.isEmpty)
    }

    @Test func `a star that can never match is accepted with a warning`() {
        let result = Sample.load(("[\"*\"]", "[\"a*b\", \"*a*\"]"))
        #expect(result.isAccepted)
        #expect(result.warnings.count == 2)
    }

    @Test func `domains are unique across virtual hosts`() {
        let second = "virtual_hosts:\n            - {name: two, domains: [\"*\"]}\n"
        let result = Sample.load(("virtual_hosts:\n", second))
        #expect(result.messages == ["Only a single wildcard domain is permitted in route local_route"])
    }

    @Test func `virtual hosts need a name, and may share it`() {
        let shared = Sample.load(("virtual_hosts:\n", "virtual_hosts:\n            - {name: backend, domains: [a]}\n"))
        #expect(shared.isAccepted)
        #expect(shared.warnings.map(\.message) == ["another virtual host has the name 'backend' too"])
        let nameless = Sample.load(("virtual_hosts:\n", "virtual_hosts:\n            - {domains: [a]}\n"))
        #expect(nameless.messages == ["name is required"])
    }
}
