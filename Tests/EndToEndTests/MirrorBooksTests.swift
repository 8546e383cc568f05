// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// For each way that a copy can end: the scenario that ends it so, and the one number that goes up.

internal import TestSupport
internal import Testing

@Suite(.timeLimit(.minutes(5)))
struct MirrorBooksTests {
    private static let get = "GET / HTTP/1.1\r\nhost: h\r\n\r\n"
    private static let book = "all[0].m"

    private func serve(
        primary: UpstreamBehaviour = .answers(),
        mirror: UpstreamBehaviour,
        policy: String = "",
        timeout: String? = nil,
        settings: [String] = [],
        _ body: (OperatedProxy, [ScriptedUpstream]) async throws -> Void
    ) async throws {
        let upstreams = [try await ScriptedUpstream.start(primary), try await ScriptedUpstream.start(mirror)]
        let mirrorPort = mirror.isThere ? upstreams[1].port : ScriptedUpstream.closedPort
        let primaryPort = primary.isThere ? upstreams[0].port : ScriptedUpstream.closedPort
        let configuration = ProxyConfiguration(
            routes: [.init("/", to: "primary", mirrors: ["m" + policy], timeout: timeout)],
            clusters: [
                .init("primary", ports: [primaryPort]), .init("m", ports: [mirrorPort], settings: settings),
            ],
            hasAdmin: true
        )
        try await OperatedProxy.run(configuration) { try await body($0, upstreams) }
        for upstream in upstreams { await upstream.stop() }
    }

    /// What a mirror does with a request that has come whole.
    enum Ending: String, CaseIterable, Sendable {
        case ok, http_error_4xx, http_error_5xx, http_error_other, timeout, reset, protocol_error, connect_failure

        var behaviour: UpstreamBehaviour {
            switch self {
            case .ok: Self.answering("302")
            case .http_error_4xx: Self.answering("404")
            case .http_error_5xx: Self.answering("503")
            case .http_error_other: Self.answering("600")
            case .timeout: .silent
            case .reset: .init(onEnd: { $0.reset() })
            case .protocol_error: .answers { _ in "this is no HTTP\r\n\r\n" }
            case .connect_failure: .absent
            }
        }

        private static func answering(_ status: String) -> UpstreamBehaviour {
            .answers { _ in "HTTP/1.1 \(status) X\r\ncontent-length: 0\r\n\r\n" }
        }
    }

    @Test(arguments: Ending.allCases)
    func `a mirror that has the whole request ends by what it does`(ending: Ending) async throws {
        let timeout = ending == .timeout ? "0.3s" : "10s"
        try await serve(mirror: ending.behaviour, timeout: timeout) { proxy, _ async throws in
            let client = try await proxy.connect()
            for _ in 0..<3 { #expect(try await client.ask(Self.get).status == 200) }
            let book = try await proxy.book(Self.book, of: 3)
            #expect(book.outcomes == [ending.rawValue: 3])
        }
    }

    @Test func `a mirror that falls behind is cut`() async throws {
        try await serve(mirror: .neverReads) { proxy, _ async throws in
            let client = try await proxy.connect()
            try await client.upload(.chunked, to: "/up")
            #expect(try await client.answer(within: Patience.bulk).status == 200)
            #expect(try await proxy.book(Self.book, of: 1).outcomes == ["cut_slow": 1])
        }
    }

    @Test func `a client that leaves in the middle of its request takes the copy with it`() async throws {
        try await serve(mirror: .silent) { proxy, upstreams async throws in
            let client = try await proxy.connect()
            try await client.send("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 6\r\n\r\nabc")
            for upstream in upstreams { try await upstream.body(3) }
            #expect(try await proxy.books()[Self.book] == BookNumbers(requests: 1, inFlight: 1))
            client.reset()
            #expect(try await proxy.book(Self.book, of: 1).outcomes == ["cut_client_left": 1])
        }
    }

    @Test func `a client that leaves after its request leaves the copy be`() async throws {
        try await serve(primary: .silent, mirror: .silent) { proxy, upstreams async throws in
            let client = try await proxy.connect()
            try await client.send(Self.get)
            for upstream in upstreams { try await upstream.complete(1) }
            client.reset()
            try await upstreams[0].end()
            #expect(try await proxy.books()[Self.book] == BookNumbers(requests: 1, inFlight: 1))
            try await upstreams[1].connection().send("HTTP/1.1 204 No Content\r\n\r\n")
            #expect(try await proxy.book(Self.book, of: 1).outcomes == ["ok": 1])
        }
    }

    @Test func `a primary that answers early ends the copy of what it has not read`() async throws {
        let early = UpstreamBehaviour.speaksEarly("HTTP/1.1 413 No\r\ncontent-length: 0\r\n\r\n")
        try await serve(primary: early, mirror: .silent) { proxy, _ async throws in
            let client = try await proxy.connect()
            try await client.send("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 6\r\n\r\nabc")
            #expect(try await client.answer().status == 413)
            #expect(try await proxy.book(Self.book, of: 1).outcomes == ["cut_primary_ended": 1])
        }
    }

    @Test func `a share of nothing sends nothing`() async throws {
        let policy = ", runtime_fraction: { default_value: { numerator: 0 } }"
        try await serve(mirror: .answers(), policy: policy) { proxy, upstreams async throws in
            #expect(try await proxy.ask().status == 200)
            #expect(try await proxy.book(Self.book, of: 1).outcomes == ["sampled_out": 1])
            #expect(upstreams[1].record.current.connections.isEmpty)
        }
    }

    @Test func `an open circuit breaker of the mirror's cluster sends nothing`() async throws {
        let breaker = "circuit_breakers: { thresholds: [ { max_pending_requests: 0 } ] }"
        try await serve(mirror: .answers(), settings: [breaker]) { proxy, _ async throws in
            #expect(try await proxy.ask().status == 200)
            #expect(try await proxy.book(Self.book, of: 1).outcomes == ["overflow": 1])
        }
    }

    @Test func `a primary that cannot be reached is no matter of the mirror's`() async throws {
        try await serve(primary: .absent, mirror: .answers()) { proxy, _ async throws in
            #expect(try await proxy.ask().status == 503)
            #expect(try await proxy.book(Self.book, of: 1).outcomes == ["ok": 1])
        }
    }

    @Test func `a reload in the middle of a copy leaves it in its book`() async throws {
        try await serve(mirror: .silent) { proxy, upstreams async throws in
            #expect(try await proxy.ask().status == 200)
            try await upstreams[1].complete(1)
            var next = ProxyConfiguration(
                routes: [.init("/", to: "primary", mirrors: ["m"])],
                clusters: [
                    .init("primary", ports: [upstreams[0].port]),
                    .init("m", ports: [upstreams[1].port], settings: ["connect_timeout: 1s"]),
                ],
                hasAdmin: true
            )
            next.furtherListeners = ["second"]
            try await proxy.reload(next)
            #expect(try await proxy.books()[Self.book] == BookNumbers(requests: 1, inFlight: 1))
            #expect(try await proxy.ask().status == 200)
            try await upstreams[1].complete(2)
            #expect(try await proxy.books()[Self.book] == BookNumbers(requests: 2, inFlight: 2))
            for index in 0..<2 {
                try await upstreams[1].connection(index).send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            }
            #expect(try await proxy.book(Self.book, of: 2).outcomes == ["ok": 2])
        }
    }
}

extension UpstreamBehaviour {
    fileprivate init(onEnd: @escaping @Sendable (RawConnection) -> Void) {
        self.init()
        self.onEnd = { onEnd($1) }
    }
}
