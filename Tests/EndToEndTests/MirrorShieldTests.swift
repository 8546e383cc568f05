// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What copies share with requests, and that a mirror cannot use it up.

internal import Foundation
internal import TestSupport
internal import Testing

@Suite(.timeLimit(.minutes(5)))
struct MirrorShieldTests {
    private static let detection =
        "outlier_detection: { consecutive_5xx: 3, interval: 0.1s, base_ejection_time: 3600s, max_ejection_percent: 100, "
        + "enforcing_consecutive_5xx: 100 }"
    private static let ejections = "cluster.c.outlier_detection.ejections_enforced_total"

    private static func serve(
        _ upstreams: [ScriptedUpstream],
        routes: [ProxyConfiguration.Route],
        settings: [String],
        _ body: (OperatedProxy) async throws -> Void
    ) async throws {
        let configuration = ProxyConfiguration(
            routes: routes,
            clusters: [
                .init("primary", ports: [upstreams[0].port]),
                .init("c", ports: [upstreams[1].port], settings: settings),
            ],
            hasAdmin: true
        )
        try await OperatedProxy.run(configuration, ["--concurrency", "1"], body)
        for upstream in upstreams { await upstream.stop() }
    }

    // MARK: Health

    @Test func `what copies come to ejects no endpoint that clients depend on`() async throws {
        let primary = try await ScriptedUpstream.start(.answers())
        let both = try await ScriptedUpstream.start(.answers { _ in "HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n" })
        let routes: [ProxyConfiguration.Route] = [.init("/direct", to: "c"), .init("/", to: "primary", mirrors: ["c"])]
        try await Self.serve([primary, both], routes: routes, settings: [Self.detection]) { proxy in
            for _ in 0..<10 { #expect(try await proxy.ask().status == 200) }
            try await proxy.statistic("cluster.c.internal.upstream_rq_500") { $0 == 10 }
            for _ in 0..<2 { #expect(try await proxy.ask("/direct").status == 500) }
            // A row of copies in between neither counts nor begins another.
            for _ in 0..<10 { #expect(try await proxy.ask().status == 200) }
            try await proxy.statistic("cluster.c.internal.upstream_rq_500") { $0 == 20 }
            #expect(try await proxy.statistic(Self.ejections) == 0)
            #expect(try await proxy.ask("/direct").status == 500)
            try await proxy.statistic(Self.ejections) { $0 == 1 }
        }
    }

    @Test func `a cluster that only mirrors send to is judged by its copies`() async throws {
        let primary = try await ScriptedUpstream.start(.answers())
        let mirror = try await ScriptedUpstream.start(.answers { _ in "HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n" })
        let routes = [ProxyConfiguration.Route("/", to: "primary", mirrors: ["c"])]
        try await Self.serve([primary, mirror], routes: routes, settings: [Self.detection]) { proxy in
            for _ in 0..<3 { #expect(try await proxy.ask().status == 200) }
            try await proxy.statistic(Self.ejections) { $0 == 1 }
        }
    }

    @Test func `an answer to a copy takes no endpoint from clients by calling itself ill`() async throws {
        let primary = try await ScriptedUpstream.start(.answers())
        let ill = "HTTP/1.1 200 OK\r\nx-envoy-immediate-health-check-fail: true\r\ncontent-length: 0\r\n\r\n"
        let both = try await ScriptedUpstream.start(
            .answers { $0.target == "/copied" ? ill : "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n" }
        )
        let routes: [ProxyConfiguration.Route] = [.init("/direct", to: "c"), .init("/", to: "primary", mirrors: ["c"])]
        try await Self.serve([primary, both], routes: routes, settings: [HealthTests.httpChecks]) { proxy in
            for _ in 0..<10 { #expect(try await proxy.ask("/copied").status == 200) }
            try await proxy.statistic("cluster.c.internal.upstream_rq_200") { $0 == 10 }
            #expect(try await proxy.healthFlags("c", both.port) == "healthy")
            #expect(try await proxy.statistic("cluster.c.health_check.passive_failure") == 0)
            #expect(try await proxy.ask("/direct").status == 200)
        }
    }

    // MARK: Descriptors

    /// A proxy that may open so many descriptors, of which mirrors get a quarter.
    private static func run(
        _ configuration: ProxyConfiguration,
        descriptors: Int,
        concurrency: Int,
        _ body: (ProxyProcess, _ port: Int, _ statistic: (String) async throws -> Int?) async throws -> Void
    ) async throws {
        let shell = ["-c", "ulimit -n \(descriptors); exec \"$@\"", "sh", try ProxyProcess.binary().path]
        let arguments = shell + ["--config-yaml", configuration.yaml, "--concurrency", "\(concurrency)"]
        try await ProxyProcess.run(executable: URL(fileURLWithPath: "/bin/sh"), arguments) { proxy in
            let port = try await proxy.port()
            let admin = try #require(proxy.output.current.adminPort)
            try await body(proxy, port) { name in
                let client = try await RawConnection.connect(to: admin)
                defer { client.close() }
                let stats = try await client.ask("GET /stats HTTP/1.1\r\nhost: h\r\n\r\n").body
                let line = stats.split(separator: "\n").first { $0.hasPrefix(name + ": ") }
                return line?.split(separator: " ").last.flatMap { Int($0) }
            }
        }
    }

    @Test func `a mirror that never answers leaves descriptors for clients and primaries`() async throws {
        let primary = try await ScriptedUpstream.start(.answers())
        let mirror = try await ScriptedUpstream.start(.silent)
        let configuration = ProxyConfiguration(
            routes: [.init("/", to: "primary", mirrors: ["mirror"], timeout: "3600s")],
            clusters: [.init("primary", ports: [primary.port]), .init("mirror", ports: [mirror.port])],
            hasAdmin: true
        )
        try await Self.run(configuration, descriptors: 232, concurrency: 2) { proxy, port, statistic async throws in
            for _ in 0..<100 {
                let client = try await RawConnection.connect(to: port)
                let answer = try await client.ask("GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")
                #expect(answer.status == 200)
            }
            #expect(try await statistic("mirrors.connections_max") == 58)
            #expect(try await statistic("mirrors.connections") ?? .max <= 60)
            #expect(mirror.record.current.connections.count <= 60)
            _ = try await proxy.output.wait("a warning") {
                $0.standardError.contains("mirrors are at their limit of connections")
            }
            #expect(proxy.output.current.errorLines.count { $0.contains("at their limit") } <= 5)
        }
        for upstream in [primary, mirror] { await upstream.stop() }
    }

    @Test(arguments: [1, 2])
    func `idle connections of one mirror make room for those of another`(concurrency: Int) async throws {
        let primary = try await ScriptedUpstream.start(.answers())
        let first = try await ScriptedUpstream.start(.silent)
        let second = try await ScriptedUpstream.start(.answers())
        let configuration = ProxyConfiguration(
            routes: [.init("/b", to: "primary", mirrors: ["b"]), .init("/", to: "primary", mirrors: ["a"])],
            clusters: [
                .init("primary", ports: [primary.port]), .init("a", ports: [first.port]),
                .init("b", ports: [second.port]),
            ],
            hasAdmin: true
        )
        try await Self.run(configuration, descriptors: 232, concurrency: concurrency) {
            _,
            port,
            statistic async throws in
            let client = try await RawConnection.connect(to: port)
            for _ in 0..<58 { #expect(try await client.ask("GET /a HTTP/1.1\r\nhost: h\r\n\r\n").status == 200) }
            try await first.complete(58)
            for number in 0..<58 {
                try await first.connection(number).push("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            }
            try await eventually("idle connections") { try await statistic("cluster.a.upstream_rq_active") == 0 }
            #expect(try await statistic("mirrors.connections") == 58)
            // Of another worker, if there is one.
            let other = try await RawConnection.connect(to: port)
            try await eventually("a copy for the other mirror") {
                _ = try await other.ask("GET /b HTTP/1.1\r\nhost: h\r\n\r\n")
                return !second.record.current.completeRequests.isEmpty
            }
            #expect(try await statistic("mirrors.connections") ?? .max <= 58)
        }
        for upstream in [primary, first, second] { await upstream.stop() }
    }

    // MARK: The system's memory

    @Test(.enabled(if: ProcessFigures.areThere))
    func `what a mirror does not take waits in the budget, not in the system`() async throws {
        let primary = try await ScriptedUpstream.start(.answers())
        let mirror = try await ScriptedUpstream.start(.neverReads)
        let routes = [ProxyConfiguration.Route("/", to: "primary", mirrors: ["c"])]
        try await Self.serve([primary, mirror], routes: routes, settings: []) { proxy in
            let client = try await proxy.connect()
            try await client.upload(.length, to: "/", count: 3 << 20)
            #expect(try await client.answer(within: Patience.bulk).status == 200)
            try await proxy.statistic("mirrors.buffered_bytes") { $0 > 2 << 20 }
        }
    }

    @Test func `the system forgets what a mirror had not taken when its copy was cut`() async throws {
        try await Stage.run(primary: .answers(), mirrors: [.neverReads]) { stage in
            let client = try await stage.connect()
            try await client.upload(.length, to: "/up")
            #expect(try await client.answer(within: Patience.bulk).status == 200)
            let stalled = try await stage.mirror.connection()
            stalled.setReading(true)
            #expect(try await stalled.end(within: Patience.bulk).end == .reset)
        }
    }

    // MARK: Logs

    @Test func `a log of copies that is stuck costs neither requests nor their own log`() async throws {
        let primary = try await ScriptedUpstream.start(.answers())
        let mirror = try await ScriptedUpstream.start(.answers())
        try await Folder.with { folder in
            let pipe = try #require(folder.pipe("fifo"))
            var configuration = ProxyConfiguration(
                routes: [.init("/", to: "primary", mirrors: ["mirror"])],
                clusters: [.init("primary", ports: [primary.port]), .init("mirror", ports: [mirror.port])],
                hasAdmin: true
            )
            let long = AccessLogTests.text(String(repeating: "%REQ(x-long)%", count: 50))
            configuration.routerSettings = ["upstream_log: [\(AccessLogTests.file(pipe, long))]"]
            configuration.accessLogs = [AccessLogTests.file(folder.path("log"), AccessLogTests.text("%REQ(:PATH)%"))]
            try await OperatedProxy.run(configuration, AccessLogTests.prompt) { proxy in
                let long = "x-long: " + String(repeating: "x", count: 16_000)
                for number in 0..<40 { #expect(try await proxy.ask("/\(number)", [long]).status == 200) }
                try await proxy.statistic("filesystem.lines_dropped") { $0 > 0 }
                #expect(try await AccessLogTests.lines(folder.path("log"), 40).count == 40)
            }
        }
        for upstream in [primary, mirror] { await upstream.stop() }
    }

    @Test func `a log whose directory has vanished goes on until it is opened anew, and then still`() async throws {
        let primary = try await ScriptedUpstream.start(.answers())
        try await Folder.with { folder in
            try folder.makeFolder("logs")
            var configuration = ProxyConfiguration(
                routes: [.init("/", to: "primary")],
                clusters: [.init("primary", ports: [primary.port])],
                hasAdmin: true
            )
            configuration.accessLogs = [
                AccessLogTests.file(folder.path("logs/log"), AccessLogTests.text("%REQ(:PATH)%"))
            ]
            try await OperatedProxy.run(configuration, AccessLogTests.prompt) { proxy in
                try FileManager.default.removeItem(atPath: folder.path("logs"))
                #expect(try await proxy.ask().status == 200)
                proxy.process.signal(SIGUSR1)
                try await proxy.statistic("filesystem.reopen_failed") { $0 == 1 }
                for _ in 0..<10 { #expect(try await proxy.ask().status == 200) }
                try await proxy.statistic("filesystem.write_buffered") { $0 == 11 }
                #expect(try await proxy.statistic("filesystem.lines_dropped") == 0)
            }
        }
        await primary.stop()
    }
}
