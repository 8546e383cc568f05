// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What clients may not decide is removed, what upstreams are told is added, and all else stays as it was.

import TestSupport
import Testing
import UnderstudyCore

struct SanitiseTests {
    private let id = RequestID(0, 0)
    private static let plain = ForwardingRules(
        ConnectionManager(statPrefix: "s", routes: RouteConfiguration(name: "r", virtualHosts: []))
    )
    private static let peer = PeerFacts(
        remote: NetworkAddress(host: Array("127.0.0.1".utf8), port: 50_000),
        local: NetworkAddress(host: Array("127.0.0.1".utf8), port: 80),
        proxy: Array("192.0.2.7".utf8)
    )
    private static let added = ["x-forwarded-proto: http", "x-request-id: 00000000-0000-4000-8000-000000000000"]

    /// The lines behind the Host and before what is always added.
    private func sanitised(_ lines: [String], expectsContinue: Bool = false) throws -> [String] {
        var head = RequestHead("GET /", ["host: h"] + lines)
        head.expectsContinue = expectsContinue
        _ = try head.sanitise(Self.plain, peer: Self.peer, requestID: id)
        #expect(head.headers.texts.first == "host: h")
        return head.headers.texts.dropFirst().filter { !Self.added.contains($0) }
    }

    @Test func `protocol and identifier are added at the end, in this order`() throws {
        var head = RequestHead("GET /", ["host: h", "x-a: 1"])
        _ = try head.sanitise(Self.plain, peer: Self.peer, requestID: id)
        #expect(head.headers.texts == ["host: h", "x-a: 1"] + Self.added)
        #expect(head.headers.lines.map(\.known) == [.host, .other, .forwardedProto, .requestID])
    }

    @Test func `what has no meaning here stays, in order and one by one`() throws {
        let lines = [
            "cookie: a", "x-envoy-foo: 1", "cookie: b", "accept: ", "traceparent: 00-1", "trailer: x-sum",
            "via: 1.1 other",
            "content-length: 3", "x-forwarded-host: o", "authorization: Bearer x", "date: now", "server: s",
        ]
        #expect(try sanitised(lines) == lines)
    }

    @Test(arguments: [
        "connection: close", "connection: keep-alive", "connection: ", "keep-alive: timeout=5",
        "proxy-connection: keep-alive", "upgrade: h2c", "transfer-encoding: chunked",
        "http2-settings: AAMAAABkAAQAAP__",
    ])
    func `what ends at this hop is removed`(line: String) throws {
        #expect(try sanitised(["x-a: 1", line, "x-b: 2"]) == ["x-a: 1", "x-b: 2"])
    }

    @Test(arguments: [
        "x-envoy-internal", "x-envoy-expected-rq-timeout-ms", "x-envoy-retry-on", "x-envoy-max-retries",
        "x-envoy-upstream-rq-timeout-ms", "x-envoy-upstream-rq-per-try-timeout-ms", "x-envoy-force-trace",
        "x-envoy-ip-tags", "x-envoy-retry-grpc-on", "x-envoy-upstream-alt-stat-name", "x-envoy-retriable-status-codes",
        "x-envoy-retriable-header-names", "x-envoy-hedge-on-per-try-timeout", "x-envoy-upstream-stream-duration-ms",
        "x-forwarded-client-cert",
    ])
    func `instructions to a proxy are removed, every line of them`(name: String) throws {
        #expect(try sanitised(["\(name): 1", "x-a: 1", "\(name): 2"]) == ["x-a: 1"])
    }

    @Test(arguments: [
        ("te: trailers", ["te: trailers"]), ("te: trailers, gzip;q=0.5", ["te: trailers"]),
        ("te: gzip,\ttrailers", ["te: trailers"]), ("te: ", ["te: "]), ("te: gzip", []), ("te: Trailers", []),
        ("te: trailers;q=1", []), ("te: xtrailers", []), ("te: trailers gzip", []),
    ])
    func `of te only the word trailers goes on`(line: String, expected: [String]) throws {
        #expect(try sanitised(["x-a: 1", line, "x-b: 2"]) == ["x-a: 1"] + expected + ["x-b: 2"])
    }

    @Test func `every te line is settled by itself`() throws {
        #expect(try sanitised(["te: gzip", "te: trailers, a", "te: deflate"]) == ["te: trailers"])
    }

    /// Envoy removes these two from outside requests like the others.
    @Test(arguments: ["x-envoy-upstream-rq-timeout-alt-response", "x-envoy-original-url"])
    func `the rarer instructions to a proxy are removed, too`(name: String) throws {
        #expect(try sanitised(["\(name): 1", "x-a: 1"]) == ["x-a: 1"])
    }

    @Test func `an expectation ends here if it is answered here`() throws {
        #expect(try sanitised(["expect: 100-continue"], expectsContinue: true) == [])
        #expect(try sanitised(["expect: something"]) == ["expect: something"])
    }

    // MARK: Nominated headers

    @Test(arguments: [
        "connection: x-a", "connection: X-A", "connection: close, X-a", "connection: x-c,\tx-a ,", "connection: ,x-a",
    ])
    func `what connection names ends here`(line: String) throws {
        #expect(try sanitised(["x-a: 1", line, "x-b: 2", "x-a: 3"]) == ["x-b: 2"])
    }

    @Test func `every connection line may name headers`() throws {
        #expect(try sanitised(["connection: x-a", "x-a: 1", "x-b: 2", "connection: x-b"]) == [])
    }

    @Test(arguments: ["host", "content-length", "te"])
    func `framing and Host are not to be named away`(name: String) throws {
        let lines = ["content-length: 3", "te: trailers"]
        #expect(try sanitised(lines + ["connection: \(name)"]) == lines)
    }

    @Test(arguments: ["x-forwarded-for", "X-Forwarded-For", "x-forwarded-proto", "x-forwarded-host"])
    func `whoever names away the record of hops is refused`(name: String) {
        var head = RequestHead("GET /", ["host: h", "connection: close, \(name)"])
        #expect(throws: RequestHead.Refusal.nominatesForwardingHeader) {
            try head.sanitise(Self.plain, peer: Self.peer, requestID: id)
        }
    }

    @Test func `a nominated identifier is replaced`() throws {
        var head = RequestHead("GET /", ["host: h", "connection: x-request-id", "x-request-id: client"])
        _ = try head.sanitise(Self.plain, peer: Self.peer, requestID: id)
        #expect(head.headers.texts == ["host: h"] + Self.added)
    }

    // MARK: Facts that are kept

    @Test(arguments: ["x-forwarded-proto: https", "x-request-id: mine"])
    func `what the client says already stays in its place`(line: String) throws {
        var head = RequestHead("GET /", ["host: h", line, "x-a: 1"])
        _ = try head.sanitise(Self.plain, peer: Self.peer, requestID: id)
        #expect(head.headers.texts.prefix(3) == ["host: h", line, "x-a: 1"])
        #expect(head.headers.texts.count == 4)
    }

    @Test func `an empty identifier is filled in its place`() throws {
        var head = RequestHead("GET /", ["host: h", "x-request-id: ", "x-a: 1"])
        _ = try head.sanitise(Self.plain, peer: Self.peer, requestID: id)
        #expect(head.headers.texts == ["host: h", Self.added[1], "x-a: 1", Self.added[0]])
    }

    @Test func `an empty protocol stays empty, and means that there is no route`() throws {
        var head = RequestHead("GET /", ["host: h", "x-forwarded-proto: ", "x-a: 1"])
        let origin = try head.sanitise(Self.plain, peer: Self.peer, requestID: id)
        #expect(origin.lacksScheme)
        #expect(head.headers.texts == ["host: h", "x-forwarded-proto: ", "x-a: 1", Self.added[1]])
    }

    @Test(arguments: [
        (["x-request-id: a", "x-b: 1", "x-request-id: b"], ["x-request-id: a,b", "x-b: 1"]),
        (["x-request-id: ", "x-request-id: q"], ["x-request-id: q"]),
        (["x-request-id: q", "x-request-id: "], ["x-request-id: q"]),
        (["x-forwarded-proto: http", "x-forwarded-proto: https"], ["x-forwarded-proto: http,https"]),
        (["x-forwarded-for: ", "x-forwarded-for: a"], ["x-forwarded-for: a"]),
    ])
    func `several lines of a fact become one at the place of the first`(lines: [String], expected: [String]) throws {
        #expect(try sanitised(lines) == expected)
    }

    // MARK: Upgrades

    @Test func `a request for another protocol keeps its wish as it was sent`() throws {
        let lines = ["connection: keep-alive, Upgrade", "upgrade: websocket", "x-a: 1"]
        var head = RequestHead("GET /", ["host: h", "keep-alive: 5"] + lines + ["transfer-encoding: chunked"])
        head.asksForUpgrade = true
        _ = try head.sanitise(Self.plain, peer: Self.peer, requestID: id)
        #expect(head.headers.texts == ["host: h"] + lines + Self.added)
    }

    @Test func `with a wish for another protocol goes no wish to remove anything`() throws {
        let lines = ["connection: Upgrade, host, x-a", "x-a: 1", "connection: x-b", "upgrade: websocket"]
        var head = RequestHead("GET /", ["host: h"] + lines)
        head.asksForUpgrade = true
        _ = try head.sanitise(Self.plain, peer: Self.peer, requestID: id)
        #expect(head.headers.texts == ["host: h", "connection: upgrade", "upgrade: websocket"] + Self.added)
    }

    @Test func `several lists of hops become one at the place of the first`() throws {
        let lines = ["x-a: 1", "x-forwarded-for: a", "x-b: 2", "x-forwarded-for: b, c", "x-forwarded-for: d", "x-c: 3"]
        #expect(try sanitised(lines) == ["x-a: 1", "x-forwarded-for: a,b, c,d", "x-b: 2", "x-c: 3"])
    }

    @Test func `a single list of hops is left alone`() throws {
        #expect(try sanitised(["x-forwarded-for: a, b"]) == ["x-forwarded-for: a, b"])
        #expect(try sanitised([]) == [])
    }
}
