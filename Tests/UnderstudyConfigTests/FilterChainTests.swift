// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Filter chains: what they become, and Envoy 1.40's verdicts on several of them.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct FilterChainTests {
    private static let inspector = """
        listener_filters: [{name: i, typed_config: {"@type": \
        type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector}}]
        """

    /// The filters of the sample.
    private static let filters: String = {
        let start = Sample.text.firstRange(of: "      - name: envoy.filters.network")?.lowerBound
        let end = Sample.text.firstRange(of: "  clusters:")?.lowerBound
        guard let start, let end else { preconditionFailure("the sample has no filters") }
        return String(Sample.text[start..<end])
    }()

    /// Loads the sample with chains for these matches, and further fields in the listener.
    private func load(_ matches: [String], listener: String = "traffic_direction: INBOUND") -> ConfigurationResult {
        let chains = matches.map { "    - filter_chain_match: {\($0)}\n      filters:\n\(Self.filters)" }
        let text = Sample.text.replacing("    - filters:\n\(Self.filters)", with: chains.joined())
        return Sample.load(text.replacing("    filter_chains:\n", with: "    \(listener)\n    filter_chains:\n"))
    }

    @Test func `every field of a match arrives in the model`() {
        let result = load([
            """
            destination_port: 1, prefix_ranges: [{address_prefix: 10.1.2.3, prefix_len: 8}], server_names: \
            [A.example, "*.B.example", .c.example, "*."], transport_protocol: tls, application_protocols: [h2, x], \
            direct_source_prefix_ranges: [{address_prefix: "::1"}], source_type: EXTERNAL, \
            source_prefix_ranges: [{address_prefix: 1.2.3.4, prefix_len: 99}], source_ports: [1, 65535]
            """
        ])
        var match = FilterChainMatch()
        match.destinationPort = 1
        match.destinationRanges = [AddressRange(address: [10, 1, 2, 3], prefixLength: 8)]
        match.serverNames = ["a.example", "*.b.example", "*.c.example", "*."]
        match.transportProtocol = "tls"
        match.applicationProtocols = ["h2", "x"]
        match.directSourceRanges = [AddressRange(address: [UInt8](repeating: 0, count: 15) + [1], prefixLength: 0)]
        match.source = .external
        match.sourceRanges = [AddressRange(address: [1, 2, 3, 4], prefixLength: 32)]
        match.sourcePorts = [1, 65535]
        #expect(result.configuration?.listeners.first?.filterChains.map(\.match) == [match], "\(result.rendered)")
    }

    @Test func `the rest of a chain and of its listener arrives in the model`() {
        let listener = """
            \(Self.inspector)\n    listener_filters_timeout: 0s\n    continue_on_listener_filters_timeout: true
                default_filter_chain:\n      name: last\n      filters:\n\(Self.filters)
            """
        let result = load(
            ["source_type: ANY}\n      name: first\n      transport_socket_connect_timeout: 3s #"],
            listener: listener
        )
        let parsed = result.configuration?.listeners.first
        #expect(parsed?.filterChains.map(\.name) == ["first"], "\(result.rendered)")
        #expect(parsed?.filterChains.map(\.handshakeTime) == [.seconds(3)])
        #expect(parsed?.defaultFilterChain?.name == "last")
        #expect(parsed?.defaultFilterChain?.handshakeTime == .seconds(10))
        #expect(parsed?.inspectsTLS == true)
        #expect(parsed?.inspectionTime == .zero)
        #expect(parsed?.continuesAfterInspectionTime == true)
    }

    @Test func `a default chain is enough`() {
        let result = load([], listener: "default_filter_chain:\n      filters:\n\(Self.filters)")
        #expect(result.configuration?.listeners.first?.filterChains.isEmpty == true, "\(result.rendered)")
        #expect(result.configuration?.listeners.first?.defaultFilterChain != nil)
    }

    @Test func `a match of the default chain is warned of, since nothing looks at it`() {
        let chain =
            "default_filter_chain:\n      filter_chain_match: {destination_port: 1}\n      filters:\n\(Self.filters)"
        let result = load([""], listener: chain)
        #expect(result.configuration?.listeners.first?.defaultFilterChain?.match == FilterChainMatch())
        #expect(result.messages == ["the default filter chain is for whatever no other matches"])
    }

    @Test(arguments: ["server_names: [a]", "application_protocols: [h2]", "transport_protocol: tls"])
    func `a chain that the first bytes decide on is warned of where nothing looks at them`(match: String) {
        let text = "no connection gets this filter chain: without a tls_inspector nothing tells its name or protocol"
        let result = load([match])
        #expect(result.configuration?.listeners.first?.inspectsTLS == false)
        #expect(result.messages == [text])
        #expect(load([match], listener: Self.inspector).diagnostics.isEmpty)
        #expect(load(["transport_protocol: raw_buffer, destination_port: 1"]).diagnostics.isEmpty)
    }

    @Test(arguments: [
        ["server_names: [a]", "server_names: [b]", ""],
        ["server_names: [.example.com]", "server_names: [example.com]"],
        ["source_type: SAME_IP_OR_LOOPBACK", "source_type: EXTERNAL", "source_type: ANY"],
        ["prefix_ranges: [{address_prefix: 0.0.0.0, prefix_len: 0}]", ""],
        ["destination_port: 1, server_names: [a]", "server_names: [a]"], ["transport_protocol: quux"],
    ])
    func `chains that differ are accepted`(matches: [String]) {
        let result = load(matches, listener: Self.inspector)
        #expect(result.isAccepted, "\(result.rendered)")
        #expect(result.diagnostics.isEmpty)
    }

    @Test(arguments: [
        ["server_names: [a, b]", "server_names: [b, c]"], ["server_names: [a]", "server_names: [A, b]"],
        ["server_names: [a, a]"], ["server_names: [.a]", "server_names: [\"*.a\", b]"],
        ["server_names: [\"\"]", ""], ["source_ports: [1, 1]"],
        [
            "prefix_ranges: [{address_prefix: 10.1.0.0, prefix_len: 8}]",
            "prefix_ranges: [{address_prefix: 10.2.0.0, prefix_len: 8}]",
        ],
        [
            "prefix_ranges: [{address_prefix: 10.1.0.0, prefix_len: 33}]",
            "prefix_ranges: [{address_prefix: 10.1.0.0, prefix_len: 32}], server_names: []",
        ],
    ])
    func `chains that overlap are refused`(matches: [String]) {
        let result = load(matches, listener: Self.inspector)
        let same = "filter chain '' has the same matching rules defined as ''."
        let overlap = "multiple filter chains with overlapping matching rules are defined"
        #expect(result.messages == [overlap] || result.messages == [same], "\(result.rendered)")
    }

    @Test func `chains that are the same are refused`() {
        #expect(load(["", ""]).messages == ["filter chain '' has the same matching rules defined as ''."])
    }

    @Test(arguments: [
        ("server_names: [\"*\"]", "partial wildcards are not supported in \"server_names\""),
        ("server_names: [\"a*.com\"]", "partial wildcards are not supported in \"server_names\""),
        ("server_names: [\"a.*\"]", "partial wildcards are not supported in \"server_names\""),
        ("server_names: [\"*.a.*\"]", "partial wildcards are not supported in \"server_names\""),
        ("destination_port: 0", "value must be inside range [1, 65535]"),
        ("destination_port: 65536", "value must be inside range [1, 65535]"),
        ("source_ports: [0]", "value must be inside range [1, 65535]"),
        ("prefix_ranges: [{address_prefix: foo}]", "malformed IP address: foo"),
        ("source_prefix_ranges: [{}]", "address_prefix is required"),
        ("suffix_len: 8", "unsupported field \"suffix_len\" in FilterChainMatch"),
    ])
    func `a match is refused`(written: String, message: String) {
        #expect(load([written]).messages == [message])
    }

    @Test(arguments: [
        ("listener_filters: [{name: i}]", "Didn't find a registered implementation for 'i' with type URL: ''"),
        (inspector.replacing("name: i, ", with: ""), "name is required"),
        (
            inspector.replacing("TlsInspector}", with: "TlsInspector, initial_read_buffer_size: 255}"),
            "value must be inside range (255, 65537)"
        ),
        (
            inspector.replacing("TlsInspector}", with: "TlsInspector, initial_read_buffer_size: 65537}"),
            "value must be inside range (255, 65537)"
        ),
        (inspector.replacing("TlsInspector", with: "TlsInspectors"), "could not find @type"),
        (
            inspector.replacing("tls_inspector.v3.TlsInspector", with: "http_inspector.v3.HttpInspector"),
            "unsupported @type"
        ),
    ])
    func `a listener filter is refused`(written: String, message: String) {
        #expect(load([""], listener: written).messages == [message])
    }
}
