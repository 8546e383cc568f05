// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Listeners, their filters, and the chain of HTTP filters.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct ListenerTests {
    private static let router = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"

    @Test(arguments: [
        ("address: 127.0.0.1", "address: localhost", "malformed IP address: localhost"),
        ("address: 127.0.0.1", "address: \"\"", "address is required"),
        ("socket_address:", "pipe:", "unsupported field \"pipe\" in Address"),
        ("10000", "65536", "value must be less than or equal to 65535"),
        ("stat_prefix: ingress_http", "codec_type: AUTO", "stat_prefix is required"),
        ("stat_prefix:", "codec_type: HTTP3\n          stat_prefix:", "unsupported codec_type"),
        ("stat_prefix:", "codec_type: 7\n          stat_prefix:", "unknown codec_type"),
        ("stat_prefix:", "server_name: \"a\\nb\"\n          stat_prefix:", "value must not contain NUL, CR or LF"),
        ("stat_prefix:", "rds: {}\n          stat_prefix:", "unsupported field \"rds\" in HttpConnectionManager"),
        (
            "- name: envoy.filters.network.http_connection_manager\n        typed_config", "- typed_config",
            "name is required"
        ),
    ])
    func `a listener is refused`(old: String, new: String, message: String) {
        #expect(Sample.load((old, new)).messages == [message])
    }

    @Test(arguments: ["codec_type: auto", "codec_type: HTTP1", "codec_type: 1", "server_name: a b", "access_log: []"])
    func `a listener is accepted`(field: String) {
        #expect(Sample.load(("stat_prefix:", "\(field)\n          stat_prefix:")).isAccepted)
    }

    private func load(listener: String) -> ConfigurationResult {
        Sample.load(
            "static_resources: {listeners: [{address: {socket_address: {address: \"::\", port_value: 1}}, \(listener)}]}"
        )
    }

    @Test(arguments: [
        ("name: a", "no filter chains specified"), ("filter_chains: []", "no filter chains specified"),
        ("filter_chains: [{}]", "filters is required"),
        (
            "filter_chains: [{filters: [{name: a}]}]",
            "Didn't find a registered implementation for 'a' with type URL: ''"
        ),
        ("filter_chains: [{filters: [{name: a, typed_config: {}}]}]", "\"@type\" is required"),
        (
            "filter_chains: [{filters: [{name: a, typed_config: {\"@type\": Foo}}]}]",
            "@type must contain at least one / and a nonempty host"
        ),
        (
            "filter_chains: [{filters: [{name: a, typed_config: {\"@type\": /Foo}}]}]",
            "@type must contain at least one / and a nonempty host"
        ),
        ("filter_chains: [{filters: [{name: a, typed_config: {\"@type\": x/Foo}}]}]", "could not find @type"),
        ("filter_chains: [{filters: [{name: a, typed_config: {\"@type\": x/envoy.Foo}}]}]", "unsupported @type"),
        ("filter_chains: [{filters: [{name: a, typed_config: abc}]}]", "not a mapping"),
    ])
    func `a filter chain is refused`(written: String, message: String) {
        #expect(load(listener: written).messages == [message])
    }

    @Test func `a listener needs an address`() {
        let result = Sample.load(
            ("    address:\n      socket_address: {address: 127.0.0.1, port_value: 10000}\n", "")
        )
        #expect(result.messages == ["address is necessary"])
    }

    @Test func `two listeners on one address are refused, unless the system picks the ports`() {
        let socket = "{socket_address: {address: 127.0.0.1, port_value: 10000}}"
        let same = Sample.load(("listeners:\n", "listeners:\n  - {name: b, address: \(socket), filter_chains: []}\n"))
        #expect(same.messages.contains("'main' has duplicate address '127.0.0.1:10000' as existing listener"))
        let free = socket.replacing("10000", with: "0")
        let result = Sample.load(
            ("listeners:\n", "listeners:\n  - {name: b, address: \(free)}\n  - {name: c, address: \(free)}\n")
        )
        #expect(result.messages == ["no filter chains specified", "no filter chains specified"])
    }

    private func load(filters: String) -> ConfigurationResult {
        let lines = Sample.text.split(separator: "\n", omittingEmptySubsequences: false)
        let start = lines.firstIndex { $0.contains("http_filters:") } ?? 0
        let end = lines.firstIndex { $0.hasPrefix("  clusters:") } ?? 0
        let chosen = lines[..<start] + ["          http_filters: \(filters)"] + lines[end...]
        return Sample.load(chosen.joined(separator: "\n"))
    }

    private static let routerFilter = "{name: envoy.filters.http.router, typed_config: {\"@type\": \(router)}}"

    @Test(arguments: [
        "[\(routerFilter)]", routerFilter, "[{name: foo, typed_config: {\"@type\": \(router)}}]",
        "[{name: foo, is_optional: true, typed_config: {\"@type\": \(router)}}]",
    ])
    func `the router, by whatever name, ends the chain`(filters: String) {
        let result = load(filters: filters)
        #expect(result.isAccepted, "\(result.rendered)")
        #expect(result.diagnostics.isEmpty)
    }

    @Test(arguments: [
        (
            "[\(routerFilter), \(routerFilter)]",
            [
                "terminal filter named envoy.filters.http.router of type envoy.filters.http.router must be the last filter"
                    + " in a http filter chain."
            ]
        ),
        (
            "[{name: b, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors}}, \(routerFilter)]",
            ["unsupported @type"]
        ),
        ("[{name: b}, \(routerFilter)]", ["Didn't find a registered implementation for 'b' with type URL: ''"]),
        ("[\(routerFilter.replacing("name: envoy.filters.http.router, ", with: ""))]", ["name is required"]),
    ])
    func `another chain is refused`(filters: String, messages: [String]) {
        #expect(load(filters: filters).messages == messages)
    }

    @Test(arguments: [
        "{name: x, is_optional: true, typed_config: {\"@type\": type.googleapis.com/xds.type.v3.TypedStruct, value: {a: 1}}}",
        "{name: x, is_optional: yes, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua}}",
        "{name: x, isOptional: \"1\"}",
    ])
    func `an optional filter of another type is skipped with a warning`(filter: String) {
        let result = load(filters: "[\(filter), \(Self.routerFilter)]")
        #expect(result.isAccepted, "\(result.rendered)")
        #expect(result.warnings.map(\.message) == ["this optional filter is skipped"])
        #expect(!load(filters: "[\(Self.routerFilter), \(filter)]").isAccepted)
    }

    @Test func `an optional filter of a type that Envoy cannot know either is refused`() {
        let filter = "{name: x, is_optional: true, typed_config: {\"@type\": type.googleapis.com/foo.Bar}}"
        #expect(load(filters: "[\(filter), \(Self.routerFilter)]").messages == ["could not find @type"])
    }
}
