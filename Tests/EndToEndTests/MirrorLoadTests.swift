// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Many requests, and large ones, beside mirrors that are as bad as they can be.

internal import TestSupport
internal import Testing

@Suite(.timeLimit(.minutes(10)))
struct MirrorLoadTests {
    private static let get = "GET / HTTP/1.1\r\nhost: h\r\n\r\n"
    private static let book = "all[0].m"

    private func serve(
        mirrorPort: Int,
        timeout: String,
        settings: [String] = [],
        _ body: (OperatedProxy, ScriptedUpstream) async throws -> Void
    ) async throws {
        // Records stay short: each connection carries few requests.
        let primary = try await ScriptedUpstream.start(.answersAndParts())
        let configuration = ProxyConfiguration(
            routes: [.init("/", to: "primary", mirrors: ["m"], timeout: timeout)],
            clusters: [
                .init("primary", ports: [primary.port]), .init("m", ports: [mirrorPort], settings: settings),
            ],
            hasAdmin: true
        )
        try await OperatedProxy.run(configuration) { try await body($0, primary) }
        await primary.stop()
    }

    /// Clients that ask one after the other on connections that stay open.
    ///
    /// - Returns: The answers that were not 200.
    private func ask(_ proxy: OperatedProxy, clients: Int, requests: Int) async throws -> [Int] {
        try await withThrowingTaskGroup(of: [Int].self) { tasks in
            for _ in 0..<clients {
                tasks.addTask {
                    let client = try await proxy.connect()
                    defer { client.close() }
                    var others: [Int] = []
                    for _ in 0..<requests {
                        let status = try await client.ask(Self.get, within: .seconds(30)).status
                        if status != 200 { others.append(status) }
                    }
                    return others
                }
            }
            return try await tasks.reduce(into: []) { $0 += $1 }
        }
    }

    @Test func `10,000 requests on kept connections are answered beside a mirror that is a black hole`() async throws {
        let hole = try await BlackHole.open()
        try await serve(mirrorPort: hole.port, timeout: "15s", settings: ["connect_timeout: 1s"]) { proxy, _ in
            for _ in 0..<5 { #expect(try await ask(proxy, clients: 20, requests: 100) == []) }
            let book = try await proxy.book(Self.book, of: 10_000, within: .seconds(30))
            #expect(Set(book.outcomes.keys).isSubset(of: ["connect_failure", "overflow"]))
            #expect(book.outcomes["connect_failure"] ?? 0 > 0)
        }
        await hole.close()
    }

    @Test func `a mirror that keeps up is never shed, with 200 clients at a time and no budget set`() async throws {
        let mirror = try await ScriptedUpstream.start(.answersAndParts())
        try await serve(mirrorPort: mirror.port, timeout: "120s") { proxy, _ async throws in
            // Fewer copies than may wait by Envoy's defaults, so that no busy machine makes the mirror look slow.
            #expect(try await ask(proxy, clients: 200, requests: 10) == [])
            let book = try await proxy.book(Self.book, of: 2_000, within: .seconds(60))
            #expect(book.outcomes == ["ok": 2_000])
        }
        await mirror.stop()
    }

    @Test func `an upload of 100 MB beside a mirror that never reads is complete and intact`() async throws {
        let mirror = try await ScriptedUpstream.start(.neverReads)
        let count = 5 * BodyPattern.count
        try await serve(mirrorPort: mirror.port, timeout: "300s") { proxy, primary async throws in
            let client = try await proxy.connect()
            try await client.send("POST /up HTTP/1.1\r\nhost: h\r\ncontent-length: \(count)\r\n\r\n")
            for _ in 0..<5 { try await client.send(BodyPattern.all, within: .seconds(120)) }
            #expect(try await client.answer(within: .seconds(120)).status == 200)
            let upload = try await primary.complete(1)[0]
            #expect(upload.bodyCount == count)
            #expect(upload.isIntact, "seed \(BodyPattern.seed)")
            #expect(try await proxy.book(Self.book, of: 1).outcomes == ["cut_slow": 1])
            #expect(try await client.ask(Self.get).status == 200)
        }
        await mirror.stop()
    }
}

extension UpstreamBehaviour {
    /// Answers complete requests, and ends each connection after a few of them, so that their records stay short.
    static func answersAndParts(after requests: Int = 25) -> UpstreamBehaviour {
        var behaviour = UpstreamBehaviour()
        behaviour.onEnd = { _, connection in
            let isLast = connection.seen.current.completeMessages.count >= requests
            connection.push("HTTP/1.1 200 OK\r\n\(isLast ? "connection: close\r\n" : "")content-length: 2\r\n\r\nok")
        }
        return behaviour
    }
}
