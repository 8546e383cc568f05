// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Our own block: what mirrors may take, by process, by cluster and by route.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct MirroringTests {
    private static let start = "static_resources.listeners[0].filter_chains[0].filters[0].typed_config"
    private static let block = start + ".http_filters[0].typed_config.value"

    private func filter(_ value: String, name: String = "understudy.mirroring") -> String {
        let type = "\"@type\": type.googleapis.com/xds.type.v3.TypedStruct"
        let url = "type.googleapis.com/understudy.mirroring.v1.Mirroring"
        return "{name: \(name), is_optional: true, typed_config: {\(type), type_url: \(url), value: \(value)}}"
    }

    private func entry(_ value: String, disabled: Bool = false, name: String = "understudy.mirroring") -> String {
        let type = "\"@type\": type.googleapis.com/xds.type.v3.TypedStruct"
        let url = "type.googleapis.com/understudy.mirroring.v1.MirroringPerRoute"
        let config = "\"@type\": type.googleapis.com/envoy.config.route.v3.FilterConfig, disabled: \(disabled)"
        return "\(name): {\(config), is_optional: true, config: {\(type), type_url: \(url), value: \(value)}}"
    }

    private func load(_ value: String) -> ConfigurationResult { Sample.load("filter", filter(value)) }

    private func limits(_ change: (inout MirrorLimits) -> Void) -> MirrorLimits {
        var limits = MirrorLimits()
        change(&limits)
        return limits
    }

    @Test func `a block that says nothing changes nothing`() {
        for value in ["{}", "{total: {}, defaults: {}, mirrors: []}", "~"] {
            let result = load(value)
            #expect(result.configuration?.mirroring == MirroringOptions(), "\(result.rendered)")
            #expect(result.diagnostics.isEmpty)
        }
    }

    @Test func `totals arrive in the model`() {
        let result = load(
            "{total: {max_copies: 5, maxBufferedBytes: \"131072\", max_connections: {value: 7}, "
                + "answer_bytes_per_second: 0x10000}}"
        )
        var options = MirroringOptions()
        options.total.copies = 5
        options.total.bufferedBytes = 131_072
        options.total.connections = 7
        options.total.answerBytesPerSecond = 65_536
        // What nobody has written is no more than what is around it.
        options.defaults.bufferedBytes = 131_072
        options.defaults.bufferedBytesPerCopy = 131_072
        #expect(result.configuration?.mirroring == options, "\(result.rendered)")
        #expect(result.diagnostics.isEmpty)
    }

    @Test func `a mirror has what it says itself, then the defaults`() {
        let result = load(
            """
            {defaults: {max_buffered_bytes: 1048576, timeout: 2s, max_request_bytes: 0}, mirrors: [{cluster: c2, \
            timeout: 0.5s, max_response_bytes: 9}, {cluster: c1, max_buffered_bytes_per_copy: 65536}]}
            """
        )
        var defaults = MirrorOptions()
        defaults.bufferedBytes = 1 << 20
        defaults.bufferedBytesPerCopy = 1 << 20
        defaults.limits.timeout = .seconds(2)
        defaults.limits.requestBytes = 0
        var second = defaults
        second.limits.timeout = .milliseconds(500)
        second.limits.responseBytes = 9
        var first = defaults
        first.bufferedBytesPerCopy = 65_536
        let options = result.configuration?.mirroring
        #expect(options?.defaults == defaults, "\(result.rendered)")
        #expect(options?.clusters == ["c1": first, "c2": second])
        #expect(result.diagnostics.isEmpty)
    }

    @Test(arguments: [
        ("total: {max_copies: 0}", "total.max_copies", "0", "1 to 1000000"),
        ("total: {max_copies: 1000001}", "total.max_copies", "1000001", "1 to 1000000"),
        ("total: {max_connections: 0}", "total.max_connections", "0", "1 to 1000000"),
        ("total: {max_buffered_bytes: 65535}", "total.max_buffered_bytes", "65535", "65536 to 1099511627776"),
        (
            "total: {max_buffered_bytes: 18446744073709551615}", "total.max_buffered_bytes",
            "18446744073709551615", "65536 to 1099511627776"
        ),
        ("total: {answer_bytes_per_second: 1}", "total.answer_bytes_per_second", "1", "65536 to 1099511627776"),
        ("defaults: {max_buffered_bytes: 0}", "defaults.max_buffered_bytes", "0", "65536 to 1099511627776"),
        (
            "total: {max_buffered_bytes: 65536}, defaults: {max_buffered_bytes: 65537}",
            "defaults.max_buffered_bytes", "65537", "65536 to 65536, the total's max_buffered_bytes"
        ),
        (
            "defaults: {max_buffered_bytes_per_copy: 33554433}", "defaults.max_buffered_bytes_per_copy", "33554433",
            "65536 to 33554432, the mirror's max_buffered_bytes"
        ),
        (
            "mirrors: [{cluster: c2, max_buffered_bytes: 65536, max_buffered_bytes_per_copy: 65537}]",
            "mirrors[0].max_buffered_bytes_per_copy", "65537", "65536 to 65536, the mirror's max_buffered_bytes"
        ),
        ("defaults: {max_response_bytes: 0}", "defaults.max_response_bytes", "0", "1 to 1099511627776"),
        (
            "defaults: {max_request_bytes: 1099511627777}", "defaults.max_request_bytes", "1099511627777",
            "0 to 1099511627776"
        ),
    ])
    func `a number out of range is refused`(written: String, path: String, found: String, accepted: String) {
        let error = load("{\(written)}").errors.first
        #expect(error?.path == "\(Self.block).\(path)")
        #expect(error?.message == "number out of range")
        #expect(error?.found == found)
        #expect(error?.accepted == accepted)
    }

    @Test(arguments: ["0s", "86400.000000001s"])
    func `a timeout is more than nothing and a day at most`(written: String) {
        let result = load("{defaults: {timeout: \(written)}}")
        #expect(result.messages == ["duration out of range"])
        #expect(result.errors.first?.found == written)
        #expect(load("{defaults: {timeout: 86400s}}").isAccepted)
    }

    @Test(arguments: [
        ("mirrors: [{timeout: 1s}]", "cluster is required", nil),
        ("mirrors: [{cluster: \"\"}]", "cluster is required", nil),
        ("mirrors: [{cluster: c3}]", "unknown cluster 'c3'", "c1"),
        ("mirrors: [{cluster: c1}, {cluster: c1}]", "another entry is for this cluster", nil),
        ("defaults: {cluster: c1}", "the defaults are for every cluster", nil),
        ("totals: {}", "unknown field \"totals\" in Mirroring", "total"),
        ("total: {max_copy: 1}", "unknown field \"max_copy\" in Total", nil),
        ("total: {max_copies: many}", "not a whole number", nil),
        ("total: {max_copies: -1}", "number out of range", nil),
        ("total: {max_copies: 4294967296}", "number out of range", nil),
        ("total: 5", "not a mapping", nil),
        ("defaults: {timeout: 5}", "not a duration", nil),
        ("defaults: {timeout: -5s}", "Expected positive duration", nil),
    ])
    func `a block is refused`(written: String, message: String, suggestion: String?) {
        let result = load("{\(written)}")
        #expect(result.messages == [message])
        #expect(result.errors.first?.suggestion == suggestion)
        #expect(result.errors.first?.path.hasPrefix(Self.block) == true)
        #expect(result.errors.first?.envoy?.contains("no such field") != true)
    }

    @Test func `more for one mirror than all may hold by default is warned of`() {
        let result = load("{defaults: {max_buffered_bytes: 67108865}}")
        #expect(result.isAccepted)
        #expect(result.warnings.count == 1)
    }

    @Test func `a filter that is not optional is warned of, since Envoy refuses the file`() {
        let result = Sample.load("filter", filter("{}").replacing("is_optional: true, ", with: ""))
        #expect(result.isAccepted, "\(result.rendered)")
        #expect(result.messages.first?.hasPrefix("Envoy does not know this filter") == true)
    }

    @Test func `a type of ours that does not exist is refused even when it is optional`() {
        let written = filter("{}").replacing("v1.Mirroring", with: "v1.Mirrorring")
        let result = Sample.load("filter", written)
        #expect(result.messages == ["could not find type_url"])
        #expect(result.errors.first?.suggestion == "type.googleapis.com/understudy.mirroring.v1.Mirroring")
    }

    @Test func `two blocks in one chain are refused`() {
        let result = Sample.load("filter", "\(filter("{}"))\n          - \(filter("{}", name: "b"))")
        #expect(result.messages == ["more than one filter of this type"])
        #expect(result.errors.first?.path == "\(Self.start).http_filters[1].typed_config")
    }

    @Test func `a chain with nothing but the block lacks its router`() {
        let start = Sample.text.firstRange(of: "          - name: envoy.filters.http.router")?.lowerBound
        let end = Sample.text.firstRange(of: "  clusters:")?.lowerBound
        guard let start, let end else { return }
        let text = Sample.text[..<start] + "          - \(filter("{}"))\n" + Sample.text[end...]
        #expect(Sample.load(String(text)).messages == ["the router is missing"])
    }

    /// The sample with a second listener like the first.
    private func load(_ first: String, _ second: String) -> ConfigurationResult {
        let router = "          - name: envoy.filters.http.router"
        let text = Sample.text
        guard let start = text.firstRange(of: "  - name: main")?.lowerBound,
            let end = text.firstRange(of: "  clusters:")?.lowerBound
        else { return Sample.load(text) }
        let listener = String(text[start..<end])
        let other = listener.replacing("name: main", with: "name: b").replacing("10000", with: "10001")
        let listeners = [(listener, first), (other, second)].map { listener, block in
            block.isEmpty ? listener : listener.replacing(router, with: "          - \(block)\n\(router)")
        }
        return Sample.load(text[..<start] + listeners.joined() + text[end...])
    }

    @Test func `the block is the process's, whichever connection manager has it`() {
        let block = filter("{total: {max_copies: 5}}")
        for (first, second) in [(block, ""), ("", block), (block, block), (block, block.replacing("5", with: "\"5\""))]
        {
            let result = load(first, second)
            #expect(result.configuration?.mirroring.total.copies == 5, "\(result.rendered)")
        }
    }

    @Test func `blocks of two connection managers have to be the same`() {
        let result = load(filter("{total: {max_copies: 5}}"), filter("{total: {max_copies: 6}}"))
        #expect(
            result.messages == [
                "differs from the block of another connection manager, while it is for the whole process"
            ]
        )
        let error = result.errors.first
        #expect(error?.path.hasPrefix("static_resources.listeners[1]") == true)
        #expect(error?.accepted?.contains(", static_resources.listeners[0]") == true)
    }

    @Test(arguments: ["configuration", "host", "route"])
    func `the limits of a level are those of its routes`(level: String) {
        let result = Sample.load(level, "{\(entry("{timeout: 2s, max_request_bytes: 1, maxResponseBytes: 3}"))}")
        let expected = limits {
            $0.timeout = .seconds(2)
            $0.requestBytes = 1
            $0.responseBytes = 3
        }
        #expect(result.actions.map(\.mirrorLimits) == [expected], "\(result.rendered)")
        #expect(result.diagnostics.isEmpty)
    }

    private func load(host: String, route: String) -> ConfigurationResult {
        let host = ("domains: [\"*\"]", "domains: [\"*\"]\n              typed_per_filter_config: {\(host)}")
        return Sample.load(host, ("route:\n", "typed_per_filter_config: {\(route)}\n                route:\n"))
    }

    @Test func `the nearest level wins whole`() {
        let result = load(host: entry("{timeout: 2s}"), route: entry("{max_request_bytes: 1}"))
        #expect(result.actions.map(\.mirrorLimits) == [limits { $0.requestBytes = 1 }], "\(result.rendered)")
    }

    @Test func `a disabled entry takes back what the levels around it say`() {
        let config = "\"@type\": type.googleapis.com/envoy.config.route.v3.FilterConfig"
        for route in [entry("{timeout: 1s}", disabled: true), "understudy.mirroring: {\(config), disabled: true}"] {
            let result = load(host: entry("{timeout: 2s}"), route: route)
            #expect(result.actions.map(\.mirrorLimits) == [MirrorLimits()], "\(result.rendered)")
        }
    }

    @Test func `a filter of another name is disabled by that name`() {
        let config = "\"@type\": type.googleapis.com/envoy.config.route.v3.FilterConfig"
        let router = "          - name: envoy.filters.http.router"
        let result = Sample.load(
            (router, "          - \(filter("{}", name: "ours"))\n\(router)"),
            ("route:\n", "typed_per_filter_config: {ours: {\(config), disabled: true}}\n                route:\n")
        )
        #expect(result.isAccepted, "\(result.rendered)")
        #expect(result.diagnostics.isEmpty)
    }

    @Test func `a weighted cluster's limits are its own`() throws {
        let result = Sample.load("weight", "{\(entry("{timeout: 2s}"))}")
        guard case .weighted(let clusters) = result.actions.first?.clusters else {
            Issue.record("\(result.rendered)")
            return
        }
        #expect(clusters.choices.map(\.mirrorLimits) == [limits { $0.timeout = .seconds(2) }, nil])
        #expect(result.actions.first?.mirrorLimits == MirrorLimits())
    }

    @Test(arguments: [
        ("{timeout: 0s}", "duration out of range"), ("{max_response_bytes: 0}", "number out of range"),
        ("{timeouts: 1s}", "unknown field \"timeouts\" in MirroringPerRoute"),
        ("{max_buffered_bytes: 65536}", "unknown field \"max_buffered_bytes\" in MirroringPerRoute"),
    ])
    func `limits of a route are refused`(written: String, message: String) {
        let result = Sample.load("route", "{\(entry(written))}")
        #expect(result.messages == [message])
        let path = "virtual_hosts[0].routes[0].typed_per_filter_config[\"understudy.mirroring\"].config.value"
        #expect(result.errors.first?.path.contains(path) == true)
    }

    @Test func `two entries of ours at one level are refused`() {
        let result = Sample.load("route", "{\(entry("{}")), \(entry("{}", name: "b"))}")
        #expect(result.messages == ["another entry here is for mirrors, too"])
    }

    @Test func `with the flag for unknown fields another filter's configuration is skipped`() {
        let cors = "\"@type\": type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy"
        let text = Sample.text.replacing(
            "domains: [\"*\"]",
            with: "domains: [\"*\"]\n              typed_per_filter_config: {envoy.filters.http.cors: {\(cors)}}"
        )
        #expect(Sample.load(text).messages == ["unsupported @type"])
        let result = Sample.load(text, allowUnknownFields: true)
        #expect(result.isAccepted)
        #expect(result.messages == ["this filter's configuration is skipped"])
    }

    @Test func `the document shows the block as the file has it`() throws {
        let value = "{total: {maxBufferedBytes: 0x10000}}"
        let router = "          - name: envoy.filters.http.router"
        let entries = "typed_per_filter_config: {\(entry("{timeout: 1s}"))}"
        let result = Sample.load(
            (router, "          - \(filter(value))\n\(router)"),
            ("route:\n", "\(entries)\n                route:\n")
        )
        let document = try #require(result.configuration).document
        let carrier = "{\"@type\":\"type.googleapis.com/xds.type.v3.TypedStruct\",\"type_url\":\"type.googleapis.com/"
        let block = "understudy.mirroring.v1.Mirroring\",\"value\":{"
        #expect(document.bootstrap.contains(carrier + block + "\"total\":{\"max_buffered_bytes\":65536.0}}}"))
        let route = "understudy.mirroring.v1.MirroringPerRoute\",\"value\":{\"timeout\":\"1.000000000s\"}}"
        #expect(document.routes[0].json.contains(carrier + route), "\(document.routes[0].json)")
    }

    // MARK: Whom to believe

    @Test func `who may name which mirror arrives in the model`() {
        let result = load(
            """
            {cluster_header: {allowed_clusters: [c2, c1], trusted_sources: [{address_prefix: 10.0.0.0, prefix_len: 8}, \
            {addressPrefix: "2001:db8::", prefixLen: 32}]}}
            """
        )
        let header = result.configuration?.mirroring.clusterHeader
        #expect(header?.clusters == ["c2", "c1"], "\(result.rendered)")
        let v6: [UInt8] = [0x20, 0x01, 0x0D, 0xB8] + Array(repeating: 0, count: 12)
        #expect(
            header?.sources == [
                AddressRange(address: [10, 0, 0, 0], prefixLength: 8), AddressRange(address: v6, prefixLength: 32),
            ]
        )
        #expect(result.diagnostics.isEmpty)
    }

    @Test func `either restriction may stand alone`() {
        let clusters = load("{cluster_header: {allowed_clusters: [c1]}}").configuration?.mirroring.clusterHeader
        #expect(clusters?.clusters == ["c1"])
        #expect(clusters?.sources == nil)
        let sources = load("{cluster_header: {trusted_sources: [{address_prefix: 10.0.0.1, prefix_len: 32}]}}")
        #expect(sources.configuration?.mirroring.clusterHeader?.clusters == nil)
        #expect(sources.configuration?.mirroring.clusterHeader?.sources?.count == 1)
    }

    @Test func `marks arrive in the model`() {
        let range = "{address_prefix: 127.0.0.1, prefix_len: 32}"
        let usual = load("{hops: {trusted_sources: [\(range)]}}")
        var hops = MirroringOptions.Hops(sources: [AddressRange(address: [127, 0, 0, 1], prefixLength: 32)])
        #expect(usual.configuration?.mirroring.hops == hops, "\(usual.rendered)")
        #expect(hops.header == "x-understudy-mirror-hops")
        hops.header = "X-Mark"
        hops.depth = 16
        let own = load("{hops: {header: X-Mark, max_depth: 16, trusted_sources: [\(range)]}}")
        #expect(own.configuration?.mirroring.hops == hops, "\(own.rendered)")
    }

    @Test(
        arguments: [
            ("cluster_header: {}", ".cluster_header", "{}"),
            ("cluster_header: {allowed_clusters: [c9]}", ".cluster_header.allowed_clusters[0]", nil),
            ("cluster_header: {allowed_clusters: [\"\"]}", ".cluster_header.allowed_clusters[0]", nil),
            (
                "cluster_header: {trusted_sources: [{address_prefix: nowhere}]}",
                ".cluster_header.trusted_sources[0].address_prefix", nil
            ),
            ("hops: {}", ".hops.trusted_sources", nil),
            ("hops: {max_depth: 0, $}", ".hops.max_depth", "0"),
            ("hops: {max_depth: 17, $}", ".hops.max_depth", "17"),
            ("hops: {header: \"a b\", $}", ".hops.header", "\"a b\""),
            ("hops: {header: \"x:y\", $}", ".hops.header", "\"x:y\""),
            ("hops: {header: Content-Length, $}", ".hops.header", "\"Content-Length\""),
            ("hops: {header: host, $}", ".hops.header", "\"host\""),
        ] as [(String, String, String?)]
    )
    func `what makes no sense of trust is refused where it stands`(value: String, place: String, found: String?) {
        let range = "trusted_sources: [{address_prefix: 127.0.0.1, prefix_len: 32}]"
        let result = load("{\(value.replacing("$", with: range))}")
        #expect(!result.isAccepted)
        #expect(result.diagnostics.map(\.path) == [Self.block + place], "\(result.rendered)")
        #expect(result.diagnostics.first?.found == found)
    }
}
