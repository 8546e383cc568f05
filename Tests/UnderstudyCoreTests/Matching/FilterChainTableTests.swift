// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which of several filter chains a connection gets: every expectation measured on Envoy 1.40.

import Testing

@testable import UnderstudyCore

@Suite struct FilterChainTableTests {
    private static let manager = ConnectionManager(
        statPrefix: "s",
        routes: RouteConfiguration(name: "r", virtualHosts: [])
    )

    private static func chain(_ name: String, _ change: (inout FilterChainMatch) -> Void = { _ in }) -> FilterChain {
        var chain = FilterChain(manager)
        chain.name = name
        change(&chain.match)
        return chain
    }

    private static func range(_ address: [UInt8], _ length: Int) -> [AddressRange] {
        [AddressRange(address: address, prefixLength: length)]
    }

    /// The name of the chain for a connection with these facts; empty for none.
    private func choose(
        _ chains: [FilterChain],
        standard: FilterChain? = nil,
        _ change: (inout ConnectionFacts) -> Void = { _ in }
    ) -> String {
        var listener = Listener(name: "l", address: SocketEndpoint(host: "0.0.0.0", port: 80), filterChains: chains)
        listener.defaultFilterChain = standard
        var facts = ConnectionFacts()
        facts.destination = [127, 0, 0, 1]
        facts.destinationPort = 80
        facts.source = [127, 0, 0, 1]
        facts.sourcePort = 5
        facts.isTLS = true
        change(&facts)
        guard let number = FilterChainTable(listener).chain(for: facts) else { return "" }
        return listener.allFilterChains[number].name
    }

    @Test(arguments: [
        ("a.example.com", "exact"), ("b.example.com", "long"), ("x.y.example.com", "long"), ("example.com", "short"),
        ("com", "none"), ("other.net", "none"), ("", "none"), (".", "none"), (".com", "none"), ("..com", "short"),
    ])
    func `a server name is looked up as it is, then by its longest end, then not at all`(name: String, chain: String) {
        let chains = [
            Self.chain("none"), Self.chain("short") { $0.serverNames = ["*.com"] },
            Self.chain("exact") { $0.serverNames = ["x", "a.example.com"] },
            Self.chain("long") { $0.serverNames = ["*.example.com"] },
        ]
        #expect(choose(chains) { $0.serverName = name } == chain)
    }

    @Test func `a chain with the better name but the wrong protocol leaves the connection without any`() {
        let chains = [
            Self.chain("exact") {
                $0.serverNames = ["a.b"]
                $0.applicationProtocols = ["h2"]
            },
            Self.chain("wild") { $0.serverNames = ["*.b"] }, Self.chain("none"),
        ]
        #expect(choose(chains) { $0.serverName = "a.b" }.isEmpty)
        #expect(choose(chains, standard: Self.chain("default")) { $0.serverName = "a.b" } == "default")
        #expect(choose(chains) { $0.serverName = "c.b" } == "wild")
        #expect(
            choose(chains) {
                $0.serverName = "a.b"
                $0.applicationProtocols = ["x", "h2"]
            } == "exact"
        )
    }

    @Test func `TLS and plain text are told apart`() {
        let chains = [
            Self.chain("tls") { $0.transportProtocol = "tls" },
            Self.chain("raw") { $0.transportProtocol = "raw_buffer" },
        ]
        #expect(choose(chains) == "tls")
        #expect(choose(chains) { $0.isTLS = false } == "raw")
        #expect(choose([chains[0], Self.chain("any")]) { $0.isTLS = false } == "any")
        #expect(choose([Self.chain("other") { $0.transportProtocol = "quic" }]).isEmpty)
    }

    @Test(arguments: [
        (["z", "x"], "yz"), (["x", "z"], "x"), (["q", "x"], "x"), (["q"], "none"), ([], "none"),
    ])
    func `of the protocols that a client offers the first that is known counts`(offered: [String], chain: String) {
        let chains = [
            Self.chain("x") { $0.applicationProtocols = ["x"] },
            Self.chain("yz") { $0.applicationProtocols = ["y", "z"] },
            Self.chain("none"),
        ]
        #expect(choose(chains) { $0.applicationProtocols = offered } == chain)
    }

    @Test(
        arguments: [
            ([127, 0, 0, 2], "32"), ([127, 0, 0, 3], "24"), ([127, 0, 1, 3], "8"), ([10, 0, 0, 1], "none"),
            ([], "none"),
            ([0x20, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], "v6"),
            ([0x7F, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], "none"),
        ] as [([UInt8], String)]
    )
    func `the smallest range of addresses counts, on either end`(address: [UInt8], chain: String) {
        let ranges: [(String, [AddressRange])] = [
            ("8", Self.range([127, 9, 9, 9], 8)), ("24", Self.range([127, 0, 0, 0], 24)),
            ("32", Self.range([127, 0, 0, 2], 32)),
            ("v6", Self.range([0x20, 0x01] + [UInt8](repeating: 0, count: 14), 16)),
            ("none", []),
        ]
        let destinations = ranges.map { name, range in Self.chain(name) { $0.destinationRanges = range } }
        #expect(choose(destinations) { $0.destination = address } == chain)
        let sources = ranges.map { name, range in Self.chain(name) { $0.sourceRanges = range } }
        #expect(choose(sources) { $0.source = address } == chain)
        let direct = ranges.map { name, range in Self.chain(name) { $0.directSourceRanges = range } }
        #expect(choose(direct) { $0.source = address } == chain)
    }

    @Test func `a port that some chain names leaves the chains without a port behind`() {
        let port = Self.chain("port") {
            $0.destinationPort = 80
            $0.serverNames = ["n"]
        }
        let chains = [port, Self.chain("none")]
        #expect(choose(chains).isEmpty)
        #expect(choose(chains, standard: Self.chain("default")) == "default")
        #expect(choose(chains) { $0.serverName = "n" } == "port")
        #expect(choose(chains) { $0.destinationPort = 81 } == "none")
    }

    @Test(
        arguments: [
            ([127, 0, 0, 2], [127, 0, 0, 1], "external"), ([127, 0, 0, 1], [127, 0, 0, 9], "local"),
            ([127, 0, 0, 9], [127, 0, 0, 9], "local"), ([10, 0, 0, 1], [10, 0, 0, 1], "local"),
        ] as [([UInt8], [UInt8], String)]
    )
    func `a connection from the same address or from 127.0.0.1 is local`(
        source: [UInt8],
        destination: [UInt8],
        chain: String
    ) {
        let chains = [
            Self.chain("local") { $0.source = .sameHost }, Self.chain("external") { $0.source = .external },
            Self.chain("any"),
        ]
        #expect(
            choose(chains) {
                $0.source = source
                $0.destination = destination
            } == chain
        )
    }

    @Test func `a kind of source that no chain names is any`() {
        let chains = [Self.chain("external") { $0.source = .external }]
        #expect(choose(chains).isEmpty)
        #expect(choose(chains + [Self.chain("any")]) == "any")
    }

    @Test func `the port of the source comes last`() {
        let chains = [
            Self.chain("both") {
                $0.sourceRanges = Self.range([127, 0, 0, 2], 32)
                $0.sourcePorts = [4, 5]
            },
            Self.chain("any"),
        ]
        #expect(choose(chains) { $0.source = [127, 0, 0, 2] } == "both")
        #expect(
            choose(chains) {
                $0.source = [127, 0, 0, 2]
                $0.sourcePort = 6
            }.isEmpty
        )
        #expect(choose(chains) { $0.sourcePort = 6 } == "any")
    }

    @Test func `a range of all addresses wins over none`() {
        let ranges = Self.range([0, 0, 0, 0], 0)
        for change in [
            { (match: inout FilterChainMatch) in match.destinationRanges = ranges },
            { $0.directSourceRanges = ranges }, { $0.sourceRanges = ranges },
        ] {
            #expect(choose([Self.chain("none"), Self.chain("all", change)]) == "all")
        }
    }

    @Test func `a listener may have nothing but its default chain`() {
        #expect(choose([], standard: Self.chain("default")) == "default")
        #expect(choose([]).isEmpty)
    }

    @Test func `long lists in every property of one chain add up instead of multiplying`() {
        let chain = Self.chain("long") { match in
            let numbers = 1...1_000 as ClosedRange<UInt16>
            let ranges = numbers.map {
                AddressRange(address: [10, UInt8($0 >> 8), UInt8($0 & 0xFF), 0], prefixLength: 24)
            }
            match.destinationRanges = ranges
            match.serverNames = numbers.map { "n\($0)" }
            match.applicationProtocols = numbers.map { "p\($0)" }
            match.directSourceRanges = ranges
            match.sourceRanges = ranges
            match.sourcePorts = Array(numbers)
        }
        #expect(
            choose([chain]) {
                $0.destination = [10, 0, 9, 1]
                $0.serverName = "n1000"
                $0.applicationProtocols = ["p7"]
                $0.source = [10, 3, 0xE8, 255]
                $0.sourcePort = 1_000
            } == "long"
        )
        #expect(FilterChainTable.overlap(of: [chain.match, chain.match]) == 1)
    }
}
