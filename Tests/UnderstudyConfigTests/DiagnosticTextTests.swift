// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What an operator reads, letter by letter.

import Testing

@testable import UnderstudyConfig

@Suite struct DiagnosticTextTests {
    @Test func `a misspelt field is refused with its place and the nearest name`() {
        let result = Sample.load(("port_value", "port_valu"))
        #expect(
            result.rendered == """
                envoy.yaml:5:44  error: unknown field "port_valu" in SocketAddress
                  at        static_resources.listeners[0].address.socket_address.port_valu
                  accepted  protocol, address, port_value
                  envoy     no such field: 'port_valu'
                  did you mean "port_value"?

                """
        )
        #expect(result.configuration == nil)
    }

    @Test func `of many fields the first are listed`() {
        let result = Sample.load(manager: "misspelt_beyond_hope: 1")
        let accepted = "codec_type, stat_prefix, route_config, http_filters, add_user_agent,"
        #expect(result.errors.first?.accepted?.hasPrefix(accepted) == true)
        #expect(result.errors.first?.accepted?.hasSuffix(" more: see docs/configuration.md") == true)
    }

    @Test func `an unknown value names what was found and what is accepted`() {
        let fraction = "{cluster: c2, runtime_fraction: {default_value: {denominator: PERCENT}}}"
        let result = Sample.load(("{cluster: c2}", fraction))
        let field = "request_mirror_policies[0].runtime_fraction.default_value.denominator"
        #expect(
            result.rendered == """
                envoy.yaml:22:107  error: unknown denominator
                  at        \(Sample.route).\(field)
                  found     "PERCENT"
                  accepted  HUNDRED, TEN_THOUSAND, MILLION
                  envoy     unknown enum value: 'PERCENT'

                """
        )
    }

    @Test func `an unsupported field says so and where to read on`() {
        let result = Sample.load("admin: {allow_paths: [{exact: /}]}")
        #expect(
            result.rendered == """
                envoy.yaml:1:9  error: unsupported field "allow_paths" in Admin
                  at        admin.allow_paths
                  accepted  access_log, access_log_path, profile_path, address, ignore_global_conn_limit
                  see       docs/configuration.md

                """
        )
    }

    @Test func `a wrong reference offers the names that exist`() {
        let result = Sample.load(("{cluster: c2}", "{cluster: cc2}"))
        #expect(
            result.rendered == """
                envoy.yaml:22:55  error: route: unknown shadow cluster 'cc2'
                  at        \(Sample.route).request_mirror_policies[0].cluster
                  accepted  c1, c2
                  did you mean "c2"?

                """
        )
    }

    @Test func `a syntax error has a place but no path`() {
        let result = Sample.load("static_resources: [\n")
        #expect(
            result.rendered == """
                envoy.yaml:2:1  error: did not find expected node content while parsing a flow node

                """
        )
        #expect(result.errors.map(\.kind) == [.syntax])
    }

    @Test func `every mistake is reported at once, in the order of the file`() {
        let result = Sample.load(
            ("address: 127.0.0.1, port_value: 10000", "address: localhost, port_value: 70000"),
            ("name: local_route", "name: 123"),
            ("cluster: c1", "cluster: c3"),
            ("{cluster: c2}", "{}, {cluster: c22}, {cluster: c2, priority: yes}"),
            ("lb_policy: ROUND_ROBIN", "lb_policy: CLUSTER_PROVIDED"),
            ("- name: c2", "- name: c1")
        )
        #expect(
            result.messages == [
                "malformed IP address: localhost",
                "value must be less than or equal to 65535",
                "123 is a number here, not text",
                "route: unknown cluster 'c3'",
                "Exactly one of cluster or cluster_header in request mirror policy need to be specified",
                "route: unknown shadow cluster 'c22'",
                "route: unknown shadow cluster 'c2'",
                "unknown field \"priority\" in RequestMirrorPolicy",
                "unsupported lb_policy",
                "cluster manager: duplicate cluster 'c1'",
            ]
        )
    }

    @Test(arguments: [
        ("stat_prefix:", "stat_prefx:"), ("domains: [\"*\"]", "domain: [\"*\"]"), ("cluster: c1", "clustr: c1"),
        ("{cluster: c2}", "{clustr: c2}"), ("- name: c1", "- nam: c1"), ("clusters:\n", "cluster:\n"),
        ("port_value: 10000", "port: 10000"), ("port_value: 10000", "port_value: abc"), ("[\"*\"]", "[1]"),
        ("- name: c1", "- name: 1"), ("match: {prefix: \"/\"}", "match: {prefix: 1}"), ("cluster: c1", "cluster: 1"),
    ])
    func `one mistake is one error, without echoes`(old: String, new: String) {
        let result = Sample.load((old, new))
        #expect(result.errors.count == 1, "\(result.rendered)")
    }

    @Test func `reading stops when there are more mistakes than anybody mends at a time`() {
        let result = Sample.load("static_resources:\n" + (0..<500).map { "  k\($0): v\n" }.joined())
        #expect(!result.isComplete)
        #expect(result.diagnostics.count == 100)
        #expect(result.rendered.hasSuffix("and perhaps more: reading stopped after 100 errors\n"))
    }

    @Test func `many warnings keep no file from being read`() {
        let fields = "match: {prefix: /}, typed_per_filter_config: {x: \(Self.skipped)}, route: {cluster: c1}"
        let route = "              - {\(fields)}\n"
        let result = Sample.load(("routes:\n", "routes:\n" + String(repeating: route, count: 250)))
        #expect(result.isAccepted && result.isComplete)
        #expect(result.diagnostics.count == 100)
        #expect(result.rendered.hasSuffix("and 150 more warnings\n"))
    }

    private static let skipped =
        "{\"@type\": type.googleapis.com/envoy.config.route.v3.FilterConfig, is_optional: true, config: \(lua)}"
    private static let lua = "{\"@type\": type.googleapis.com/envoy.extensions.filters.http.lua.v3.LuaPerRoute}"

    @Test func `text from the file cannot steer a terminal`() {
        let result = Sample.load(("lb_policy: ROUND_ROBIN", "\"a\\e[31m\\u202Eb\\nc\": 1"))
        #expect(result.messages == ["unknown field \"a\\u{1b}[31m\\u{202e}b\\nc\" in Cluster"])
    }

    @Test func `long text is cut`() {
        let result = Sample.load(("type: STATIC", "type: \(String(repeating: "x", count: 500))"))
        #expect(result.errors.first?.found == "\"\(String(repeating: "x", count: 120))…\"")
    }

    @Test func `no message contains the name of a Swift type`() {
        let spoiled = Sample.text.replacing("127.0.0.1", with: "[]").replacing("STATIC", with: "{}")
        let rendered = Sample.load(spoiled).rendered
        #expect(!rendered.isEmpty)
        for word in ["Envoy_", "Optional", "Swift", "Error("] { #expect(!rendered.contains(word)) }
    }
}
