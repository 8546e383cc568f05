// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// From a cluster to its endpoints: turns, names, and endpoints that are not there.

internal import TestSupport
internal import Testing

@Suite(.timeLimit(.minutes(5)))
struct ClusterTests {
    /// Runs the proxy on one loop, since each loop takes turns of its own.
    private func serve(
        _ configuration: ProxyConfiguration,
        _ arguments: [String] = [],
        _ body: (RawConnection) async throws -> Void
    ) async throws {
        try await ProxyProcess.run(["--config-yaml", configuration.yaml, "--concurrency", "1"] + arguments) { proxy in
            try await body(try await RawConnection.connect(to: try await proxy.port()))
        }
    }

    private func start(_ count: Int) async throws -> [ScriptedUpstream] {
        var upstreams: [ScriptedUpstream] = []
        for _ in 0..<count { upstreams.append(try await ScriptedUpstream.start(.answers())) }
        return upstreams
    }

    private static let get = "GET / HTTP/1.1\r\nhost: h\r\n\r\n"

    @Test func `primaries and mirrors take turns`() async throws {
        let primaries = try await start(3)
        let mirrors = try await start(2)
        let configuration = ProxyConfiguration(
            routes: [.init("/", to: "many", mirrors: ["mirrors"])],
            clusters: [
                .init("many", ports: primaries.map(\.port), settings: ["lb_policy: ROUND_ROBIN"]),
                .init("mirrors", ports: mirrors.map(\.port)),
            ]
        )
        try await serve(configuration) { client async throws in
            for _ in 0..<12 { #expect(try await client.ask(Self.get).status == 200) }
            for primary in primaries { #expect(primary.record.current.completeRequests.count == 4) }
            for mirror in mirrors { #expect(try await mirror.complete(6).count == 6) }
        }
    }

    @Test func `a mirror's endpoints do not disturb the turns of the primary's`() async throws {
        let primaries = try await start(2)
        let configuration = ProxyConfiguration(
            routes: [
                .init("/mirrored", to: "many", mirrors: ["dead"]),
                .init("/", to: "many"),
            ],
            clusters: [.init("many", ports: primaries.map(\.port)), .init("dead", ports: [])]
        )
        try await serve(configuration) { client async throws in
            for number in 0..<8 {
                let target = number % 2 == 0 ? "/mirrored" : "/plain"
                #expect(try await client.ask("GET \(target) HTTP/1.1\r\nhost: h\r\n\r\n").status == 200)
            }
            for primary in primaries { #expect(primary.record.current.completeRequests.count == 4) }
        }
    }

    @Test func `a name is looked up`() async throws {
        let upstreams = try await start(2)
        let configuration = ProxyConfiguration(
            routes: [.init("/", to: "named", mirrors: ["copy"])],
            clusters: zip(["named", "copy"], upstreams).map { name, upstream in
                ProxyConfiguration.Cluster(
                    name,
                    endpoints: [("localhost", upstream.port)],
                    settings: ["type: STRICT_DNS", "dns_lookup_family: V4_ONLY", "dns_refresh_rate: 0.05s"]
                )
            }
        )
        try await serve(configuration) { client async throws in
            for _ in 0..<20 { #expect(try await client.ask(Self.get).status == 200) }
            try await upstreams[1].complete(20)
            // Looking up again and again, with the same result, keeps the connection.
            #expect(upstreams[0].record.current.connections.count == 1)
        }
    }

    @Test func `an added host needs no look-up`() async throws {
        let upstreams = try await start(2)
        let configuration = ProxyConfiguration(
            routes: [.init("/", to: "named", mirrors: ["copy"])],
            clusters: zip(["named", "copy"], upstreams).map { name, upstream in
                ProxyConfiguration.Cluster(
                    name,
                    endpoints: [("\(name).invalid", upstream.port)],
                    settings: ["type: STRICT_DNS"]
                )
            }
        )
        let hosts = ["--add-host", "named.invalid:127.0.0.1", "--add-host", "copy.invalid:127.0.0.1"]
        try await serve(configuration, hosts) { client async throws in
            #expect(try await client.ask(Self.get).status == 200)
            try await upstreams[1].complete(1)
        }
    }

    @Test func `a mirror whose name nobody knows is not missed`() async throws {
        let upstreams = try await start(1)
        let configuration = ProxyConfiguration(
            routes: [.init("/", to: "primary", mirrors: ["unknown"])],
            clusters: [
                .init("primary", ports: [upstreams[0].port]),
                .init("unknown", endpoints: [("unknown.invalid", 80)], settings: ["type: STRICT_DNS"]),
            ]
        )
        try await serve(configuration) { client async throws in
            #expect(try await client.ask(Self.get).status == 200)
        }
    }

    @Test func `a primary whose name nobody knows is a 503`() async throws {
        let configuration = ProxyConfiguration(
            routes: [.init("/", to: "unknown")],
            clusters: [.init("unknown", endpoints: [("unknown.invalid", 80)], settings: ["type: STRICT_DNS"])]
        )
        try await serve(configuration) { client async throws in
            let answer = try await client.ask(Self.get)
            #expect(answer.status == 503)
            #expect(answer.body == "no healthy upstream")
        }
    }

    @Test func `requests go on to the endpoints that are there`() async throws {
        let upstream = try await start(1)[0]
        let configuration = ProxyConfiguration(
            routes: [.init("/", to: "half")],
            clusters: [.init("half", ports: [ScriptedUpstream.closedPort, upstream.port])]
        )
        try await serve(configuration) { client async throws in
            var statuses: [Int: Int] = [:]
            for _ in 0..<10 { statuses[try await client.ask(Self.get).status, default: 0] += 1 }
            #expect(statuses == [200: 5, 503: 5])
        }
    }

    @Test func `an endpoint that comes back is used again`() async throws {
        // An address that no other test uses, so that nobody takes the port meanwhile.
        #if os(Linux)
        let host = "127.0.0.83"
        #else
        let host = "127.0.0.1"
        #endif
        let first = try await ScriptedUpstream.start(.answers(), host: host)
        let configuration = ProxyConfiguration(
            routes: [.init("/", to: "one")],
            clusters: [.init("one", endpoints: [(host, first.port)])]
        )
        try await serve(configuration) { client async throws in
            #expect(try await client.ask(Self.get).status == 200)
            await first.stop()
            #expect(try await client.ask(Self.get).status == 503)
            let second = try await ScriptedUpstream.start(.answers(), host: host, port: first.port)
            #expect(try await client.ask(Self.get).status == 200)
            #expect(second.record.current.completeRequests.count == 1)
        }
    }

    @Test func `an address that does not answer is given up after the connect timeout`() async throws {
        let hole = try await BlackHole.open()
        let upstream = try await ScriptedUpstream.start(.answers())
        let settings = ["connect_timeout: 0.3s"]
        let configuration = ProxyConfiguration(
            routes: [
                .init("/hole", to: "hole", mirrors: ["good"]),
                .init("/", to: "good", mirrors: ["hole"]),
            ],
            clusters: [
                .init("hole", ports: [hole.port], settings: settings),
                .init("good", ports: [upstream.port], settings: settings),
            ]
        )
        try await serve(configuration) { client async throws in
            let start = ContinuousClock.now
            let answer = try await client.ask("GET /hole HTTP/1.1\r\nhost: h\r\n\r\n")
            #expect(answer.status == 503)
            #expect(answer.body.hasSuffix("reset reason: connection timeout"))
            #expect(ContinuousClock.now - start >= .milliseconds(280))
            try await upstream.complete(1)

            // As a mirror it costs nobody any time, and 20 MB go past it.
            try await client.upload(.length, to: "/up")
            #expect(try await client.answer(1, within: Patience.bulk).status == 200)
            let uploaded = try await upstream.complete(2, within: Patience.bulk)
            #expect(uploaded.contains { $0.target == "/up" && $0.isIntact && $0.bodyCount == BodyPattern.count })
        }
        await hole.close()
    }
}
