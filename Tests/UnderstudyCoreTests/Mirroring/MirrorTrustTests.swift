// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Whose word counts about mirrors, and how often a request is copied.

import TestSupport
import Testing
import UnderstudyCore

struct MirrorTrustTests {
    private let clusters = NameTable(
        ["primary", "one", "two"].enumerated().map { (name: Array($0.element.utf8), value: $0.offset) }
    )

    private static let inside = AddressRange(address: [10, 0, 0, 0], prefixLength: 8)

    private func trust(
        sources: [AddressRange]? = nil,
        allowed: [String]? = nil,
        hops: MirroringOptions.Hops? = nil,
        naming: String = "X-Mirror"
    ) throws -> MirrorTrust {
        var options = MirroringOptions()
        if sources != nil || allowed != nil {
            var header = MirroringOptions.ClusterHeader()
            header.sources = sources
            header.clusters = allowed
            options.clusterHeader = header
        }
        options.hops = hops
        let policies = [MirrorPolicy(cluster: .header(naming)), MirrorPolicy(cluster: .name("one"))]
        return try #require(MirrorTrust(options, policies: policies, clusters: clusters))
    }

    private func peer(_ address: String) -> PeerFacts {
        let remote = NetworkAddress(host: Array(address.utf8), port: 4711)
        return PeerFacts(remote: remote, local: NetworkAddress(), proxy: [])
    }

    private func decide(
        _ specifier: ClusterSpecifier,
        _ head: RequestHead,
        _ trust: MirrorTrust,
        _ standing: MirrorStanding,
        fraction: Fraction = .always
    ) -> Result<Int, MirrorOutcome> {
        let rule = MirrorRule(
            MirrorPolicy(cluster: specifier, fraction: RuntimeFraction(fraction)),
            clusters: clusters
        )
        return rule.decide(head, clusters: clusters, random: 0, trust: trust, standing: standing)
    }

    @Test func `without a wish for it nobody is distrusted`() {
        #expect(MirrorTrust(MirroringOptions(), policies: [MirrorPolicy](), clusters: clusters) == nil)
    }

    // MARK: Who may name a mirror

    @Test(arguments: ["10.1.2.3", "::ffff:10.1.2.3"])
    func `a trusted peer names its mirror`(address: String) throws {
        let trust = try trust(sources: [Self.inside])
        var head = RequestHead("GET /", ["host: h", "x-mirror: two"])
        let standing = head.settleMirrorTrust(trust, peer: peer(address))
        #expect(standing == MirrorStanding())
        #expect(head.headers.texts.contains("x-mirror: two"))
        #expect(decide(.header("x-mirror"), head, trust, standing) == .success(2))
    }

    @Test(arguments: ["192.0.2.1", "2001:db8::1", ""])
    func `the header of any other is gone before anything is decided by it`(address: String) throws {
        let trust = try trust(sources: [Self.inside])
        var head = RequestHead("GET /", ["host: h", "x-mirror: two", "x-other: 1", "x-mirror: one"])
        let standing = head.settleMirrorTrust(trust, peer: peer(address))
        #expect(head.headers.firstIndex(named: Array("x-mirror".utf8)) == nil)
        #expect(head.headers.texts.contains("x-other: 1"))
        #expect(decide(.header("X-Mirror"), head, trust, standing) == .failure(.untrustedSource))
        #expect(decide(.name("one"), head, trust, standing) == .success(1))
    }

    @Test func `who names nothing has no header, whoever it is`() throws {
        let trust = try trust(sources: [Self.inside])
        var head = RequestHead("GET /", ["host: h"])
        let standing = head.settleMirrorTrust(trust, peer: peer("192.0.2.1"))
        #expect(decide(.header("x-mirror"), head, trust, standing) == .failure(.noHeader))
    }

    @Test func `what a route adds afterwards counts`() throws {
        let trust = try trust(sources: [Self.inside])
        var head = RequestHead("GET /", ["host: h", "x-mirror: two"])
        let standing = head.settleMirrorTrust(trust, peer: peer("192.0.2.1"))
        head.headers.add("x-mirror", "one")
        #expect(decide(.header("x-mirror"), head, trust, standing) == .success(1))
    }

    @Test(arguments: [":authority", "host"])
    func `the Host stays, and names no mirror`(name: String) throws {
        let trust = try trust(sources: [Self.inside], naming: name)
        var head = RequestHead("GET /", ["host: two"])
        let standing = head.settleMirrorTrust(trust, peer: peer("192.0.2.1"))
        #expect(head.headers.text(head.host) == "two")
        #expect(decide(.header(name), head, trust, standing) == .failure(.untrustedSource))
    }

    // MARK: Which mirror

    @Test func `a header names only clusters of the list, a policy any`() throws {
        let trust = try trust(allowed: ["one"])
        var head = RequestHead("GET /", ["host: h", "x-mirror: primary"])
        let standing = head.settleMirrorTrust(trust, peer: peer("192.0.2.1"))
        #expect(head.headers.texts.contains("x-mirror: primary"))
        #expect(decide(.header("x-mirror"), head, trust, standing) == .failure(.clusterNotAllowed))
        #expect(decide(.name("two"), head, trust, standing) == .success(2))
        let good = RequestHead("GET /", ["host: h", "x-mirror: one"])
        #expect(decide(.header("x-mirror"), good, trust, standing) == .success(1))
        let bad = RequestHead("GET /", ["host: h", "x-mirror: nobody"])
        #expect(decide(.header("x-mirror"), bad, trust, standing) == .failure(.unknownCluster))
    }

    // MARK: Copies of copies

    private func hops(_ depth: Int, header: String = "X-Hops") -> MirroringOptions.Hops {
        var hops = MirroringOptions.Hops(sources: [Self.inside])
        hops.depth = depth
        hops.header = header
        return hops
    }

    @Test(
        arguments: [
            (1, [], true), (1, ["x-hops: 0"], true), (1, ["x-hops: 1"], false), (2, ["x-hops: 1"], true),
            (2, ["x-hops: 2"], false), (2, ["x-hops: 99999999999999999999"], false), (2, ["x-hops: -1"], false),
            (2, ["x-hops: "], false), (2, ["x-hops: 0", "x-hops: 0"], false), (16, ["x-hops: 0x1"], false),
        ] as [(Int, [String], Bool)]
    )
    func `a request is copied as often as it may, and a mark that cannot be read ends it`(
        depth: Int,
        lines: [String],
        isCopied: Bool
    ) throws {
        let trust = try trust(hops: hops(depth))
        var head = RequestHead("GET /", ["host: h"] + lines)
        let standing = head.settleMirrorTrust(trust, peer: peer("10.9.9.9"))
        #expect(decide(.name("one"), head, trust, standing) == (isCopied ? .success(1) : .failure(.hopLimit)))
        // What trusted hops have said goes on to the primary.
        for line in lines { #expect(head.headers.texts.contains(line)) }
    }

    @Test func `the mark of any other means nothing, and goes no further`() throws {
        let trust = try trust(hops: hops(1))
        var head = RequestHead("GET /", ["host: h", "x-hops: 1"])
        let standing = head.settleMirrorTrust(trust, peer: peer("192.0.2.1"))
        #expect(head.headers.firstIndex(named: Array("x-hops".utf8)) == nil)
        #expect(decide(.name("one"), head, trust, standing) == .success(1))
    }

    @Test(arguments: [([], "1"), (["x-hops: 1"], "2"), (["x-hops: 4", "x-hops: 4"], "4")] as [([String], String)])
    func `a copy carries one mark, one more than the request's`(lines: [String], expected: String) throws {
        let trust = try trust(hops: hops(3))
        var head = RequestHead("GET /", ["host: h"] + lines)
        let standing = head.settleMirrorTrust(trust, peer: peer("10.9.9.9"))
        trust.mark(&head, of: standing)
        let marks = head.headers.lines.filter { head.headers.text($0.name) == "x-hops" }
        #expect(marks.map { head.headers.text($0.value) } == [expected])
    }

    @Test func `without marks in the configuration a copy has none`() throws {
        let trust = try trust(allowed: ["one"])
        var head = RequestHead("GET /", ["host: h", "x-hops: 7"])
        let standing = head.settleMirrorTrust(trust, peer: peer("10.9.9.9"))
        trust.mark(&head, of: standing)
        #expect(head.headers.lines.count == 2)
        #expect(decide(.name("one"), head, trust, standing) == .success(1))
    }

    @Test func `shares and methods are asked first`() throws {
        let trust = try trust(hops: hops(1))
        var head = RequestHead("GET /", ["host: h", "x-hops: 1"])
        let standing = head.settleMirrorTrust(trust, peer: peer("10.9.9.9"))
        let never = Fraction(numerator: 0, denominator: 100)
        #expect(decide(.name("one"), head, trust, standing, fraction: never) == .failure(.sampledOut))
    }
}
