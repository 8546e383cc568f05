// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Clients that send next to nothing, in numbers: they are cut after their time and hinder nobody.

internal import TestSupport
internal import Testing

/// How a client takes its time, with the status and the counter that end it.
enum SlowClient: String, CaseIterable, Sendable {
    case drippingHead, silentBody, drippingBody

    var start: String {
        switch self {
        case .drippingHead: "GET /slow HTTP/1.1\r\nhost: h\r\nx: "
        case .silentBody: "POST /slow HTTP/1.1\r\nhost: h\r\ncontent-length: 1000\r\n\r\nhalf"
        case .drippingBody: "POST /slow HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n"
        }
    }

    /// What it sends again and again.
    var drop: String? {
        switch self {
        case .drippingHead: "y"
        case .silentBody: nil
        case .drippingBody: "1\r\ny\r\n"
        }
    }

    /// The time that ends it, of the connection manager.
    var limit: String {
        switch self {
        case .drippingHead: "request_headers_timeout: 1s"
        case .silentBody: "stream_idle_timeout: 2s"
        case .drippingBody: "request_timeout: 1s"
        }
    }

    var counter: String {
        switch self {
        case .drippingHead: "http.test.downstream_rq_header_timeout"
        case .silentBody: "http.test.downstream_rq_idle_timeout"
        case .drippingBody: "http.test.downstream_rq_timeout"
        }
    }

    /// Sends as slowly as it can, until the proxy has had enough.
    func run(_ client: RawConnection) async throws -> RawConnection.Seen {
        client.push(start)
        let begin = ContinuousClock.now
        while let drop, client.seen.current.end == nil, ContinuousClock.now - begin < Patience.usual {
            client.push(drop)
            // The pace of the attack, not a wait for something.
            try await Task.sleep(for: .milliseconds(100))
        }
        return try await client.end()
    }
}

@Suite(.timeLimit(.minutes(5)), .enabled(if: ProcessFigures.areThere))
struct SlowClientTests {
    private static let clients = 60
    /// Of all of them together, in a debug build.
    private static let most = 24 << 20

    private func serve(
        _ limit: String,
        _ body: (OperatedProxy, ScriptedUpstream, ScriptedUpstream) async throws -> Void
    )
        async throws
    {
        let primary = try await ScriptedUpstream.start(.answers())
        let mirror = try await ScriptedUpstream.start(.answers())
        var configuration = ProxyConfiguration(
            routes: [.init("/", to: "primary", mirrors: ["mirror"])],
            clusters: [.init("primary", ports: [primary.port]), .init("mirror", ports: [mirror.port])],
            hasAdmin: true
        )
        configuration.manager = [limit, "delayed_close_timeout: 0.2s"]
        try await OperatedProxy.run(configuration) { try await body($0, primary, mirror) }
        for upstream in [primary, mirror] { await upstream.stop() }
    }

    @Test(arguments: SlowClient.allCases)
    func `slow clients are cut after their time, cost little, and good ones are served meanwhile`(
        kind: SlowClient
    ) async throws {
        try await serve(kind.limit) { proxy, primary, mirror async throws in
            let before = try ProcessFigures.peakMemory(of: proxy.process)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for _ in 0..<Self.clients {
                    tasks.addTask {
                        let seen = try await kind.run(try await proxy.connect())
                        // Whoever goes on sending may have lost the answer to its own reset.
                        #expect(seen.messages.allSatisfy { $0.status == 408 }, "\(seen)")
                    }
                }
                tasks.addTask { try await Self.askWell(proxy) }
                try await tasks.waitForAll()
            }
            let growth = try ProcessFigures.peakMemory(of: proxy.process) - before
            #expect(growth < Self.most, "grew by \(growth >> 20) MiB")
            let cut = try await proxy.statistic(kind.counter)
            #expect(cut == Self.clients)
            try await proxy.statistic("http.test.downstream_cx_active") { $0 == 0 }
            try await proxy.statistic("mirrors.copies_in_flight") { $0 == 0 }
            for upstream in [primary, mirror] {
                #expect(upstream.record.current.completeRequests.allSatisfy { $0.target == "/good" })
            }
        }
    }

    private static func askWell(_ proxy: OperatedProxy) async throws {
        let client = try await proxy.connect()
        for _ in 0..<100 {
            #expect(try await client.ask("GET /good HTTP/1.1\r\nhost: h\r\n\r\n").status == 200)
        }
        await client.closed()
    }
}
