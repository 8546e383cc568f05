// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Copies without a body are bounded, too, since their heads wait for a mirror that takes nothing.

import TestSupport
import Testing
import UnderstudyCore
import UnderstudyProxy

@Suite(.timeLimit(.minutes(5)))
struct MirrorHeadBudgetTests {
    private static let limit: UInt64 = 256 * 1024
    private static let lineBytes = 30_000
    /// More than systems keep of a connection, and the budget behind it.
    private static let most = 200

    @Test func `heads that a mirror on HTTP2 does not take are cut, and clients see nothing of it`() async throws {
        let primary = try await ScriptedUpstream.start(.answers())
        let mirror = try await ScriptedUpstream.start(.neverReads)
        var configuration = ServedProxy.configuration(
            [ServedProxy.route(mirrors: ["m"])],
            [("primary", primary.port), ("m", mirror.port)]
        )
        configuration.clusters[1].version = .http2
        configuration.mirroring.defaults.bufferedBytes = Self.limit
        try await ServedProxy.run(configuration) { proxy async throws in
            let client = try await proxy.connect()
            let line = String(repeating: "a", count: Self.lineBytes)
            var mostUsed: UInt64 = 0
            for number in 1...Self.most {
                let answer = try await client.ask("GET /\(number) HTTP/1.1\r\nhost: h\r\nx: \(line)\r\n\r\n")
                try #require(answer.status == 200)
                mostUsed = max(mostUsed, proxy.server.mirroring().bufferedBytes.used)
                if proxy.counts("m").present[.cutSlow] ?? 0 > 0 { break }
            }
            #expect(proxy.counts("m").present[.cutSlow] ?? 0 > 0)
            #expect(mostUsed > Self.limit / 2 && mostUsed <= Self.limit)

            await mirror.stop()
            try await eventually("an end of all copies") { proxy.counts("m").inFlight == 0 }
            #expect(proxy.server.mirroring().bufferedBytes.used == 0)
            client.close()
        }
        await primary.stop()
    }
}
