// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What an operator asks of the admin server, and what clients notice of it.

internal import TestSupport
internal import Testing

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

@Suite(.timeLimit(.minutes(5)))
struct OperationTests {
    private static let get = "GET / HTTP/1.1\r\nhost: h\r\n\r\n"

    /// Does not answer what is slow.
    private static let upstream = UpstreamBehaviour.answers { message in
        message.target.hasPrefix("/slow") ? nil : "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
    }

    private func serve(
        _ arguments: [String] = [],
        _ body: (OperatedProxy, ScriptedUpstream) async throws -> Void
    ) async throws {
        let upstream = try await ScriptedUpstream.start(Self.upstream)
        var configuration = ProxyConfiguration(
            routes: [.init("/", to: "primary")],
            clusters: [.init("primary", ports: [upstream.port])]
        )
        configuration.hasAdmin = true
        try await OperatedProxy.run(configuration, arguments) { try await body($0, upstream) }
        await upstream.stop()
    }

    /// Waits until the listener is gone.
    private static func refusesConnections(_ proxy: OperatedProxy) async throws {
        try await proxy.admin("/listeners") { $0.body.isEmpty }
        await #expect(throws: (any Error).self) { try await proxy.connect() }
    }

    private static func answerSlow(_ upstream: ScriptedUpstream, count: Int) async throws {
        let connections = upstream.record.current.connections
        let slow = connections.indices.filter { connections[$0].messages.last?.target.hasPrefix("/slow") == true }
        #expect(slow.count == count)
        for index in slow {
            try await upstream.connection(index).send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nslow")
        }
    }

    // MARK: The end

    @Test func `thirty slow requests are not lost, and load balancers are told`() async throws {
        try await serve { proxy, upstream async throws in
            let kept = try await proxy.connect()
            #expect(try await kept.ask(Self.get).value("connection") == nil)
            var clients: [RawConnection] = []
            for number in 0..<30 {
                let client = try await proxy.connect()
                try await client.send("GET /slow/\(number) HTTP/1.1\r\nhost: h\r\n\r\n")
                clients.append(client)
            }
            try await upstream.complete(31)
            #expect(try await proxy.admin("/ready").status == 200)
            proxy.process.signal(SIGTERM)
            let ready = try await proxy.admin("/ready") { $0.status == 503 }
            #expect(ready.body == "DRAINING\n")
            try await Self.refusesConnections(proxy)
            // A last request of a client that had not heard of it.
            let last = try await kept.ask(Self.get)
            #expect(last.status == 200)
            #expect(last.value("connection") == "close")
            try await kept.end()

            try await Self.answerSlow(upstream, count: 30)
            for client in clients {
                let answer = try await client.answer()
                #expect(answer.body == "slow")
                #expect(answer.value("connection") == "close")
            }
            #expect(try await proxy.process.end().code == 0)
        }
    }

    @Test func `a polite request to quit is a graceful end`() async throws {
        try await serve { proxy, upstream async throws in
            let client = try await proxy.connect()
            try await client.send("GET /slow HTTP/1.1\r\nhost: h\r\n\r\n")
            try await upstream.complete(1)
            #expect(try await proxy.admin("/quitquitquit").status == 405)
            #expect(try await proxy.admin("/quitquitquit", method: "POST").body == "OK\n")
            try await Self.refusesConnections(proxy)
            try await upstream.connection().send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            #expect(try await client.answer().status == 200)
            #expect(try await proxy.process.end().code == 0)
        }
    }

    // MARK: Listeners

    @Test func `a graceful drain goes on accepting for the drain time`() async throws {
        try await serve(["--drain-time-s", "2", "--drain-strategy", "immediate"]) { proxy, _ async throws in
            let kept = try await proxy.connect()
            #expect(try await kept.ask(Self.get).value("connection") == nil)
            #expect(try await proxy.admin("/drain_listeners?graceful", method: "POST").body == "OK\n")
            let client = try await proxy.connect()
            for client in [client, kept] {
                let answer = try await client.ask(Self.get)
                #expect(answer.status == 200)
                #expect(answer.value("connection") == "close")
                try await client.end()
            }
            try await Self.refusesConnections(proxy)
            #expect(proxy.process.output.current.code == nil)
        }
    }

    @Test func `a plain drain closes listeners at once, and clients get a last answer`() async throws {
        try await serve { proxy, upstream async throws in
            let kept = try await proxy.connect()
            #expect(try await kept.ask(Self.get).status == 200)
            let slow = try await proxy.connect()
            try await slow.send("GET /slow HTTP/1.1\r\nhost: h\r\n\r\n")
            try await upstream.complete(2)
            #expect(try await proxy.admin("/drain_listeners", method: "POST").body == "OK\n")
            await #expect(throws: (any Error).self) { try await proxy.connect() }
            #expect(try await kept.ask(Self.get).status == 200)
            try await kept.end()
            try await Self.answerSlow(upstream, count: 1)
            #expect(try await slow.answer().status == 200)
            #expect(proxy.process.output.current.code == nil)
        }
    }

    // MARK: Health and numbers

    @Test func `a failed health check asks clients to leave until it passes again`() async throws {
        try await serve { proxy, _ async throws in
            #expect(try await proxy.admin("/healthcheck/fail", method: "POST").body == "OK\n")
            let ready = try await proxy.admin("/ready")
            #expect(ready.status == 503)
            #expect(ready.body == "DRAINING\n")
            let client = try await proxy.connect()
            let answer = try await client.ask(Self.get)
            #expect(answer.status == 200)
            #expect(answer.value("connection") == "close")
            #expect(try await proxy.admin("/healthcheck/ok", method: "POST").body == "OK\n")
            #expect(try await proxy.admin("/ready").status == 200)
            let other = try await proxy.connect()
            #expect(try await other.ask(Self.get).value("connection") == nil)
        }
    }

    @Test func `counters begin again, and gauges stay`() async throws {
        try await serve { proxy, _ async throws in
            let client = try await proxy.connect()
            #expect(try await client.ask(Self.get).status == 200)
            #expect(try await proxy.statistic("cluster.primary.upstream_rq_total") == 1)
            #expect(try await proxy.statistic("cluster.primary.upstream_rq_200") == 1)
            #expect(try await proxy.admin("/reset_counters", method: "POST").body == "OK\n")
            #expect(try await proxy.statistic("cluster.primary.upstream_rq_total") == 0)
            #expect(try await proxy.statistic("http.test.downstream_rq_total") == 0)
            #expect(try await proxy.statistic("cluster.primary.upstream_cx_active") == 1)
            #expect(try await client.ask(Self.get).status == 200)
            #expect(try await proxy.statistic("cluster.primary.upstream_rq_total") == 1)
        }
    }
}
