// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The buffer filter and what the levels of the routes say of it.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct BufferTests {
    private static let type = "\"@type\": type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer"
    private static let perRoute = type + "PerRoute"
    private static let wrapper = "\"@type\": type.googleapis.com/envoy.config.route.v3.FilterConfig"

    private static func chain(_ filters: [String]) -> (String, String) {
        ("http_filters:\n", "http_filters:\n" + filters.map { "          - {\($0)}\n" }.joined())
    }

    private static func filter(_ bytes: Int, _ name: String = "b") -> String {
        "name: \(name), typed_config: {\(type), max_request_bytes: \(bytes)}"
    }

    private func load(_ fields: String) -> ConfigurationResult {
        Sample.load(Self.chain(["name: b, typed_config: {\(Self.type)\(fields)}"]))
    }

    @Test func `without a filter no request waits`() {
        let result = Sample.load()
        #expect(result.manager?.buffering == BodyBuffering.none && result.routes.map(\.buffering) == [.none])
    }

    @Test func `a filter counts for every route, and where there is none`() {
        let result = load(", max_request_bytes: 4294967295")
        #expect(result.manager?.buffering == .upTo(4_294_967_295), "\(result.rendered)")
        #expect(result.routes.map(\.buffering) == [.upTo(4_294_967_295)])
    }

    @Test(arguments: [
        ("", "max_request_bytes is required", "BufferValidationError.MaxRequestBytes: value is required"),
        (
            ", max_request_bytes: 0", "value must be greater than 0",
            "BufferValidationError.MaxRequestBytes: value must be greater than 0"
        ),
    ])
    func `a wrong size is refused in Envoy's words`(fields: String, message: String, words: String) {
        let result = load(fields)
        #expect(result.messages == [message])
        #expect(result.errors.map(\.envoy) == [words])
    }

    @Test func `of two filters the smaller size counts, and each has its own overrides`() {
        let two = Self.chain([Self.filter(9), Self.filter(7, "c")])
        #expect(Sample.load(two).routes.map(\.buffering) == [.upTo(7)])
        let override = "typed_per_filter_config: {c: {\(Self.perRoute), disabled: true}}"
        let result = Sample.load(two, ("domains: [\"*\"]", "domains: [\"*\"]\n              \(override)"))
        #expect(result.routes.map(\.buffering) == [.upTo(9)], "\(result.rendered)")
    }

    @Test func `the filter must not be the last one`() {
        let type = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
        let lines = ["- name: envoy.filters.http.router", "  typed_config:", "    \"@type\": \(type)"]
        let router = lines.map { "          \($0)\n" }.joined()
        let result = Sample.load((router, "          - {\(Self.filter(1))}\n"))
        #expect(
            result.messages == [
                "non-terminal filter named b of type envoy.filters.http.buffer is the last filter in a http filter chain."
            ]
        )
    }

    @Test func `whether a health check waits, too, depends on the order of the filters`() {
        let check = "envoy.extensions.filters.http.health_check.v3.HealthCheck"
        let health = "name: h, typed_config: {\"@type\": type.googleapis.com/\(check), pass_through_mode: false}"
        #expect(Sample.load(Self.chain([Self.filter(1), health])).manager?.buffersBeforeHealthChecks == true)
        #expect(Sample.load(Self.chain([health, Self.filter(1)])).manager?.buffersBeforeHealthChecks == false)
    }

    // MARK: Levels

    /// Loads the sample with a filter of 9 bytes and an entry for it at each of these levels.
    private func load(_ levels: (old: String, entry: String)...) -> ConfigurationResult {
        var text = Sample.text
        for (old, new) in [Self.chain([Self.filter(9)])] + levels.map({ ($0.old, $0.old + $0.entry) }) {
            guard let range = text.firstRange(of: old) else { preconditionFailure("the sample has no \(old)") }
            text.replaceSubrange(range, with: new)
        }
        return Sample.load(text)
    }

    private static func entry(_ indent: Int, _ message: String, _ name: String = "b") -> String {
        "\n\(String(repeating: " ", count: indent))typed_per_filter_config: {\(name): {\(message)}}"
    }

    private static let configuration = "name: local_route"
    private static let host = "domains: [\"*\"]"
    private static let route = "- match: {prefix: \"/\"}"
    private static let off = "\(perRoute), disabled: true"

    private static func bound(_ bytes: Int) -> String { "\(perRoute), buffer: {max_request_bytes: \(bytes)}" }

    @Test func `the nearest level counts`() {
        let all = load((Self.configuration, Self.entry(12, Self.bound(1))))
        #expect(all.routes.map(\.buffering) == [.upTo(1)], "\(all.rendered)")
        // Without a route there is no level either.
        #expect(all.manager?.buffering == .upTo(9))
        let host = load(
            (Self.configuration, Self.entry(12, Self.bound(1))),
            (Self.host, Self.entry(14, Self.off))
        )
        #expect(host.routes.map(\.buffering) == [.none], "\(host.rendered)")
        let route = load(
            (Self.host, Self.entry(14, Self.off)),
            (Self.route, Self.entry(16, Self.bound(2)))
        )
        #expect(route.routes.map(\.buffering) == [.upTo(2)], "\(route.rendered)")
    }

    @Test func `a weighted cluster may differ from its route`() throws {
        let clusters = """
            [{name: c1, weight: 1, typed_per_filter_config: {b: {\(Self.bound(3))}}}, {name: c2, weight: 1},
            {name: c2, weight: 1, typed_per_filter_config: {b: {\(Self.off)}}}]
            """
        var text = Sample.text
        let chain = Self.chain([Self.filter(9)])
        for (old, new) in [chain, ("cluster: c1\n", "weighted_clusters: {clusters: \(clusters)}\n")] {
            let range = try #require(text.firstRange(of: old))
            text.replaceSubrange(range, with: new)
        }
        let weighted = Sample.load(text)
        guard case .weighted(let choices)? = weighted.actions.first?.clusters else {
            Issue.record("\(weighted.rendered)")
            return
        }
        #expect(choices.choices.map(\.buffering) == [.upTo(3), nil, BodyBuffering.none])
    }

    @Test(arguments: [
        ("\(wrapper), disabled: true", BodyBuffering.none),
        ("\(wrapper), config: {\(bound(4))}", .upTo(4)),
        ("\(wrapper), disabled: true, config: {\(bound(4))}", .none),
    ])
    func `an entry may be wrapped`(entry: String, buffering: BodyBuffering) {
        let result = load((Self.route, Self.entry(16, entry)))
        #expect(result.routes.map(\.buffering) == [buffering], "\(result.rendered)")
        #expect(result.messages == [])
    }

    @Test(arguments: [
        (perRoute, "override is required", "field: \"override\", reason: is required"),
        (
            "\(perRoute), disabled: false", "value must equal true",
            "BufferPerRouteValidationError.Disabled: value must equal true"
        ),
        (
            "\(perRoute), buffer: {}", "max_request_bytes is required",
            "BufferValidationError.MaxRequestBytes: value is required"
        ),
        (
            "\(wrapper), config: {\(perRoute), disabled: false}", "value must equal true",
            "BufferPerRouteValidationError.Disabled: value must equal true"
        ),
    ])
    func `a wrong entry is refused in Envoy's words`(entry: String, message: String, words: String) {
        let result = load((Self.route, Self.entry(16, entry)))
        #expect(result.messages == [message], "\(result.rendered)")
        #expect(result.errors.map(\.envoy) == [words])
    }

    @Test func `an empty wrapper and both forms at once are refused`() {
        let empty = load((Self.route, Self.entry(16, Self.wrapper)))
        #expect(empty.messages == ["Empty route/virtual host per filter configuration for b filter"])
        let both = load((Self.route, Self.entry(16, "\(Self.off), buffer: {max_request_bytes: 3}")))
        #expect(both.errors.count == 1, "\(both.rendered)")
        let filter = load((Self.route, Self.entry(16, "\(Self.type), max_request_bytes: 3")))
        #expect(filter.errors.count == 1, "\(filter.rendered)")
    }

    @Test func `an entry under a name that no buffer filter has is warned of`() {
        let result = load((Self.route, Self.entry(16, Self.off, "other")))
        #expect(result.routes.map(\.buffering) == [.upTo(9)], "\(result.rendered)")
        #expect(result.messages == ["has no effect: no buffer filter of the chain is called \"other\""])
    }
}
