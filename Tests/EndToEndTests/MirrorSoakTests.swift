// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Everything at once for a while: the books balance at every look, and in the end they are what clients sent.

internal import Foundation
internal import TestSupport
internal import Testing

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// `UNDERSTUDY_SOAK_SECONDS` makes it longer, `UNDERSTUDY_SOAK_SEED` another one.
@Suite(.timeLimit(.minutes(30)))
struct MirrorSoakTests {
    /// Mirrors of each route, by its number.
    private static let mirrors = [
        ["healthy"],
        ["healthy", "stuck", "broken", "returning"],
        [],
        ["healthy, runtime_fraction: { default_value: { numerator: 50 } }", "gone", "healthy", "huge"],
    ]

    private static func variable(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }

    private struct Scenery {
        let primary: ScriptedUpstream
        let healthy: ScriptedUpstream
        let stuck: ScriptedUpstream
        let broken: ScriptedUpstream
        let huge: ScriptedUpstream
        let returningPort: Int
    }

    /// - Parameter number: Which reload it is for; every one is another.
    private func configuration(_ scenery: Scenery, _ number: Int) -> ProxyConfiguration {
        let fewConnections = "circuit_breakers: { thresholds: [ { max_connections: 32, max_pending_requests: 8 } ] }"
        let changing = ["connect_timeout: \(1 + number % 2)s"]
        var configuration = ProxyConfiguration(
            routes: Self.mirrors.enumerated().map { .init("/\($0)", to: "primary", mirrors: $1, timeout: "4s") },
            clusters: [
                .init("primary", ports: [scenery.primary.port]),
                .init("healthy", ports: [scenery.healthy.port], settings: changing),
                .init("stuck", ports: [scenery.stuck.port], settings: [fewConnections]),
                .init("broken", ports: [scenery.broken.port], settings: changing),
                .init("huge", ports: [scenery.huge.port], settings: [fewConnections]),
                .init("returning", ports: [scenery.returningPort]),
                .init("gone", ports: [ScriptedUpstream.closedPort]),
            ],
            hasAdmin: true
        )
        if number % 3 == 0 { configuration.furtherListeners = ["second"] }
        return configuration
    }

    /// What the reader of the statistics has found.
    private struct Findings: Sendable {
        var looks = 0
        var faults: [String] = []
    }

    /// Reads the books until the load is over; each is to balance, and none to go back.
    private static func watch(_ proxy: OperatedProxy, _ load: Watched<SoakLoad>) async -> Findings {
        var findings = Findings()
        var last: [String: BookNumbers] = [:]
        while !load.current.isOver {
            do {
                let books = try await proxy.books()
                findings.looks += 1
                for (name, book) in books {
                    if !book.isBalanced { findings.faults.append("\(name): \(book)") }
                    if book.requests < last[name]?.requests ?? 0 { findings.faults.append("\(name) goes back") }
                }
                if books.count < last.count { findings.faults.append("books have gone: \(last.keys)") }
                last = books
            } catch {
                findings.faults.append("\(error)")
            }
        }
        return findings
    }

    /// A mirror that dies and returns as long as the load lasts.
    private static func comeAndGo(_ port: Int, _ load: Watched<SoakLoad>) async {
        while !load.current.isOver {
            guard let upstream = try? await ScriptedUpstream.start(.answersAndParts(), port: port) else { continue }
            _ = try? await upstream.complete(20, within: .seconds(1))
            await upstream.stop()
            let sent = load.current.sent[1] ?? 0
            _ = try? await load.wait("requests while it is away", within: .seconds(2)) {
                $0.isOver || $0.sent[1] ?? 0 > sent + 10
            }
        }
    }

    private static func primary(_ heads: Watched<Set<String>>) -> UpstreamBehaviour {
        var behaviour = UpstreamBehaviour.answersAndParts()
        behaviour.onHead = { message, _ in
            if message.target.contains("leaves") { heads.update { $0.insert(message.target) } }
        }
        return behaviour
    }

    private static let broken = {
        var behaviour = UpstreamBehaviour()
        behaviour.onEnd = { message, connection in
            message.bodyCount > 0 ? connection.reset() : connection.push("no HTTP\r\n\r\n")
        }
        return behaviour
    }()

    @Test func `books balance through reloads, bad mirrors and bad clients, and add up in the end`() async throws {
        let seed = Self.variable("UNDERSTUDY_SOAK_SEED") ?? 0x5EED_0B00_C5
        let time = Duration.seconds(Self.variable("UNDERSTUDY_SOAK_SECONDS") ?? 10)
        let heads = Watched<Set<String>>([])
        let returning = try await ScriptedUpstream.start(.silent)
        let scenery = Scenery(
            primary: try await ScriptedUpstream.start(Self.primary(heads)),
            healthy: try await ScriptedUpstream.start(.answersAndParts()),
            stuck: try await ScriptedUpstream.start(.neverReads),
            broken: try await ScriptedUpstream.start(Self.broken),
            huge: try await ScriptedUpstream.start(.answersPattern(4 << 20)),
            returningPort: returning.port
        )
        await returning.stop()
        try await OperatedProxy.run(configuration(scenery, 1)) { proxy async throws in
            let load = Watched(SoakLoad())
            let findings = try await soak(proxy, scenery, load, heads, seed: seed, time: time)
            #expect(findings.looks > 10, "seed \(seed)")
            #expect(findings.faults == [], "seed \(seed)")
            #expect(load.current.faults == [], "seed \(seed)")
            try await settle(proxy, load.current.sent, seed: seed)

            proxy.process.signal(SIGTERM)
            #expect(try await proxy.process.end().code == 0, "seed \(seed)")
        }
        for upstream in [scenery.primary, scenery.healthy, scenery.stuck, scenery.broken, scenery.huge] {
            await upstream.stop()
        }
    }

    private func soak(
        _ proxy: OperatedProxy,
        _ scenery: Scenery,
        _ load: Watched<SoakLoad>,
        _ heads: Watched<Set<String>>,
        seed: UInt64,
        time: Duration
    ) async throws -> Findings {
        let end = ContinuousClock.now + time
        return try await withThrowingTaskGroup(of: Findings?.self) { tasks in
            defer { load.update { $0.isOver = true } }
            for number in 0..<8 {
                let kind = SoakClient.Kind.allCases[number % SoakClient.Kind.allCases.count]
                let client = SoakClient(
                    kind: kind,
                    number: number,
                    port: proxy.port,
                    routes: Self.mirrors.count,
                    load: load,
                    heads: heads
                )
                tasks.addTask {
                    await client.run(seed: seed)
                    return nil
                }
            }
            tasks.addTask { await Self.watch(proxy, load) }
            tasks.addTask {
                await Self.comeAndGo(scenery.returningPort, load)
                return nil
            }
            var number = 1
            while ContinuousClock.now < end, load.current.faults.isEmpty {
                number += 1
                try await proxy.reload(configuration(scenery, number))
                // Something happens between two reloads.
                let sent = load.current.sent.values.reduce(0, +)
                try await load.wait("requests after reload \(number)", within: .seconds(30)) {
                    $0.sent.values.reduce(0, +) > sent + 20 || !$0.faults.isEmpty
                }
            }
            load.update { $0.isOver = true }
            return try await tasks.reduce(into: Findings()) { if let found = $1 { $0 = found } }
        }
    }

    /// No copy is left, and each route's books together have its requests times its policies.
    private func settle(_ proxy: OperatedProxy, _ sent: [Int: Int], seed: UInt64) async throws {
        var books: [String: BookNumbers] = [:]
        try await eventually("no copy in flight, seed \(seed)", within: .seconds(30)) {
            books = try await proxy.books()
            return books.values.allSatisfy { $0.inFlight == 0 }
        }
        for (route, policies) in Self.mirrors.enumerated() {
            let requests = books.filter { $0.key.hasPrefix("all[\(route)].") }.values.reduce(0) { $0 + $1.requests }
            #expect(requests == sent[route, default: 0] * policies.count, "route \(route), seed \(seed)")
        }
        let seen = books.values.reduce(into: Set<String>()) { $0.formUnion($1.outcomes.keys) }
        let expected: Set = [
            "ok", "timeout", "reset", "connect_failure", "protocol_error", "cut_client_left", "sampled_out", "overflow",
        ]
        #expect(seen.isSuperset(of: expected), "seed \(seed): \(books)")
    }
}
