// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Answers of mirrors: large ones are read at a rate, and those that clients got as well are not held back.

import TestSupport
import Testing
import UnderstudyCore
import UnderstudyProxy

@Suite(.timeLimit(.minutes(5)))
struct MirrorPaceTests {
    /// - Parameters:
    ///   - rate: Of answers of mirrors, in bytes a second.
    ///   - time: Of the mirror; `nil` for the route's, which is long.
    private func serve(
        primary: UpstreamBehaviour,
        mirror: UpstreamBehaviour,
        rate: UInt64,
        time: Duration? = nil,
        _ body: (ServedProxy) async throws -> Void
    ) async throws {
        let upstreams = [try await ScriptedUpstream.start(primary), try await ScriptedUpstream.start(mirror)]
        var configuration = ServedProxy.configuration(
            [ServedProxy.route(mirrors: ["m"])],
            [("primary", upstreams[0].port), ("m", upstreams[1].port)]
        )
        configuration.mirroring.total.answerBytesPerSecond = rate
        configuration.mirroring.defaults.limits.timeout = time
        try await ServedProxy.run(configuration, body)
        for upstream in upstreams { await upstream.stop() }
    }

    @Test func `a huge answer is not read faster than the rate, and clients are served beside it`() async throws {
        let mirror = UpstreamBehaviour.answersPattern(BodyPattern.count)
        // Twenty megabytes would take minutes.
        try await serve(primary: .answers(), mirror: mirror, rate: 64 * 1024, time: .milliseconds(500)) { proxy in
            let client = try await proxy.connect()
            for _ in 0..<20 { #expect(try await client.ask(ServedProxy.get).body == "ok") }
            // One whose time is over before anything of it was read is the mirror's own time-out.
            let outcomes = try await proxy.outcomes("m", of: 20)
            #expect(outcomes[.cutHeldBack, default: 0] + outcomes[.timeout, default: 0] == 20)
            #expect(outcomes[.cutHeldBack, default: 0] > 0)
            #expect(proxy.server.mirroring().connections.used == 0)
        }
    }

    /// Bytes that have come from the mirror.
    private func received(_ proxy: ServedProxy) -> UInt64 {
        for scope in proxy.server.statistics() where scope.kind == .cluster("m") {
            for value in scope.values where value.name == "upstream_cx_rx_bytes_total" {
                if case .counter(let count) = value.number { return count }
            }
        }
        return 0
    }

    @Test func `no more is read than the rate allows, counted to the byte`() async throws {
        let rate: UInt64 = 1 << 20
        let mirror = UpstreamBehaviour.answersPattern(BodyPattern.count)
        try await serve(primary: .answers(), mirror: mirror, rate: rate, time: .seconds(60)) { proxy in
            let start = ContinuousClock.now
            for _ in 0..<4 { #expect(try await proxy.ask().body == "ok") }
            try await eventually("three seconds' worth", within: .seconds(30)) { received(proxy) > 3 * rate }
            let bytes = received(proxy)
            let elapsed = (ContinuousClock.now - start) / .seconds(1)
            // One second's worth is there at the beginning, and each copy may be in the middle of a read.
            let most = Double(rate) * (1 + elapsed) + Double(4 * 4 * 64 * 1024)
            #expect(Double(bytes) <= most, "in \(elapsed) s")
        }
    }

    @Test func `an answer within the rate is read to its end`() async throws {
        let mirror = UpstreamBehaviour.answersPattern(BodyPattern.count, chunked: true)
        try await serve(primary: .answers(), mirror: mirror, rate: 1 << 40) { proxy async throws in
            #expect(try await proxy.ask().body == "ok")
            #expect(try await proxy.outcomes("m", of: 1) == [.ok: 1])
        }
    }

    @Test func `a mirror that answers what the client gets is read to its end at any rate`() async throws {
        let both = UpstreamBehaviour.answersPattern(BodyPattern.count)
        try await serve(primary: both, mirror: both, rate: 1024) { proxy async throws in
            let client = try await proxy.connect()
            let answer = try await client.ask(ServedProxy.get, within: Patience.bulk)
            #expect(answer.bodyCount == BodyPattern.count)
            #expect(answer.isIntact, "seed \(BodyPattern.seed)")
            #expect(try await proxy.outcomes("m", of: 1) == [.ok: 1])
        }
    }
}
