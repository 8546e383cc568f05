// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Circuit breakers as clients see them: who waits, who is told at once, and that copies cost nobody a place.

internal import TestSupport
internal import Testing

@Suite(.timeLimit(.minutes(5)))
struct OverloadTests {
    private static let get = "GET / HTTP/1.1\r\nhost: h\r\n\r\n"
    private static let ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

    private static func breaker(_ limits: String) -> String { "circuit_breakers: { thresholds: [ { \(limits) } ] }" }

    private func serve(
        _ upstreams: [UpstreamBehaviour],
        _ configuration: ([ScriptedUpstream]) -> ProxyConfiguration,
        _ body: (OperatedProxy, [ScriptedUpstream]) async throws -> Void
    ) async throws {
        var started: [ScriptedUpstream] = []
        for behaviour in upstreams { started.append(try await ScriptedUpstream.start(behaviour)) }
        var configuration = configuration(started)
        configuration.hasAdmin = true
        let upstreams = started
        // Pools are per loop, and each has at least one connection.
        try await OperatedProxy.run(configuration, ["--concurrency", "1"]) { try await body($0, upstreams) }
        for upstream in upstreams { await upstream.stop() }
    }

    private func primary(_ limits: String) -> ([ScriptedUpstream]) -> ProxyConfiguration {
        { upstreams in
            ProxyConfiguration(
                routes: [.init("/", to: "primary")],
                clusters: [.init("primary", ports: [upstreams[0].port], settings: [Self.breaker(limits)])]
            )
        }
    }

    private func expectOverload(_ answer: ObservedMessage) {
        #expect(answer.status == 503)
        #expect(answer.value("x-envoy-overloaded") == "true")
        #expect(answer.body == "upstream connect error or disconnect/reset before headers. reset reason: overflow")
    }

    @Test func `beyond max_connections requests wait in order, and beyond max_pending_requests they are told`()
        async throws
    {
        try await serve([.silent], primary("max_connections: 1, max_pending_requests: 2")) {
            proxy,
            upstreams async throws in
            var clients: [RawConnection] = []
            for number in 0..<3 {
                let client = try await proxy.connect()
                try await client.send("GET /\(number) HTTP/1.1\r\nhost: h\r\n\r\n")
                clients.append(client)
                if number == 0 { try await upstreams[0].complete(1) }
                let pending = "cluster.primary.upstream_rq_pending_active: \(number)\n"
                try await proxy.admin("/stats") { $0.body.contains(pending) }
            }
            let refused = try await proxy.connect()
            expectOverload(try await refused.ask(Self.get))
            _ = try await proxy.line("a circuit breaker is open cluster=primary refuses=requests")
            #expect(try await proxy.statistic("cluster.primary.upstream_rq_pending_overflow") == 1)
            #expect(try await proxy.statistic("cluster.primary.upstream_cx_overflow") == 2)
            #expect(try await proxy.statistic("cluster.primary.circuit_breakers.default.rq_pending_open") == 1)

            for number in 0..<3 {
                try await upstreams[0].complete(number + 1)
                try await upstreams[0].connection().send(Self.ok)
                #expect(try await clients[number].answer().status == 200)
            }
            #expect(upstreams[0].record.current.connections.count == 1)
            #expect(upstreams[0].record.current.requests.map(\.target) == ["/0", "/1", "/2"])
            #expect(try await proxy.statistic("cluster.primary.circuit_breakers.default.rq_pending_open") == 0)
        }
    }

    @Test func `beyond max_requests a request is told at once`() async throws {
        try await serve([.silent], primary("max_requests: 1")) { proxy, upstreams async throws in
            let client = try await proxy.connect()
            try await client.send(Self.get)
            try await upstreams[0].complete(1)
            let refused = try await proxy.connect()
            expectOverload(try await refused.ask(Self.get))
            try await upstreams[0].connection().send(Self.ok)
            #expect(try await client.answer().status == 200)
        }
    }

    @Test func `a client that gives up frees the place it waited in`() async throws {
        try await serve([.silent], primary("max_connections: 1, max_pending_requests: 1")) {
            proxy,
            upstreams async throws in
            let client = try await proxy.connect()
            try await client.send(Self.get)
            try await upstreams[0].complete(1)
            let waiting = try await proxy.connect()
            try await waiting.send(Self.get)
            try await proxy.admin("/stats") { $0.body.contains("cluster.primary.upstream_rq_pending_active: 1\n") }
            waiting.close()
            try await proxy.admin("/stats") { $0.body.contains("cluster.primary.upstream_rq_pending_active: 0\n") }
            let next = try await proxy.connect()
            try await next.send(Self.get)
            try await upstreams[0].connection().send(Self.ok)
            try await upstreams[0].complete(2)
            try await upstreams[0].connection().send(Self.ok)
            #expect(try await next.answer().status == 200)
        }
    }

    @Test func `the breaker of a mirror never affects the primary`() async throws {
        let limits = Self.breaker("max_connections: 1, max_pending_requests: 1")
        try await serve([.answers(), .silent]) { upstreams in
            ProxyConfiguration(
                routes: [.init("/", to: "primary", mirrors: ["mirror"])],
                clusters: [
                    .init("primary", ports: [upstreams[0].port]),
                    .init("mirror", ports: [upstreams[1].port], settings: [limits]),
                ]
            )
        } _: { proxy, _ async throws in
            let client = try await proxy.connect()
            for _ in 0..<20 { #expect(try await client.ask(Self.get).status == 200) }
            #expect(try await proxy.statistic("cluster.mirror.upstream_rq_pending_overflow") == 18)
            #expect(try await proxy.statistic("cluster.primary.upstream_rq_pending_overflow") == 0)
            #expect(try await proxy.statistic("cluster.primary.upstream_rq_200") == 20)
        }
    }

    @Test func `copies to the primary's own cluster take no place of clients`() async throws {
        let behaviour = UpstreamBehaviour.answers { message in
            message.value("host") == "h" ? Self.ok : nil
        }
        let limits = Self.breaker("max_connections: 1, max_pending_requests: 1, max_requests: 1")
        try await serve([behaviour]) { upstreams in
            ProxyConfiguration(
                routes: [.init("/", to: "both", mirrors: ["both"])],
                clusters: [.init("both", ports: [upstreams[0].port], settings: [limits])]
            )
        } _: { proxy, upstreams async throws in
            let client = try await proxy.connect()
            for _ in 0..<20 { #expect(try await client.ask(Self.get).status == 200) }
            #expect(upstreams[0].record.current.requests.count { $0.value("host") == "h" } == 20)
        }
    }
}
