// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Copies whose connection is still to come: they end as others do, and give back all that they had.

import NIOCore
import TestSupport
import Testing
import UnderstudyCore
import UnderstudyProxy

@Suite(.timeLimit(.minutes(5)))
struct MirrorWaitTests {
    /// A mirror whose connections are neither accepted nor refused.
    private func serveBeforeBlackHole(
        _ change: (inout ServerConfiguration) -> Void = { _ in },
        _ body: (ServedProxy, _ primary: ScriptedUpstream) async throws -> Void
    ) async throws {
        let primary = try await ScriptedUpstream.start(.answers())
        let hole = try await BlackHole.open()
        var configuration = ServedProxy.configuration(
            [ServedProxy.route(mirrors: ["m"])],
            [("primary", primary.port), ("m", hole.port)]
        )
        configuration.clusters[1].connectTimeout = .seconds(60)
        change(&configuration)
        try await ServedProxy.run(configuration) { try await body($0, primary) }
        await hole.close()
        await primary.stop()
    }

    private func expectNothingHeld(_ proxy: ServedProxy) async throws {
        let status = proxy.server.mirroring()
        #expect(status.bufferedBytes.used == 0)
        #expect(status.clusters.map(\.bufferedBytes.used) == [0])
        #expect(status.copies.used == 0)
        try await eventually("no connection is left") { proxy.server.mirroring().connections.used == 0 }
    }

    @Test func `a client that leaves takes a copy with it that was never connected`() async throws {
        try await serveBeforeBlackHole { proxy, primary async throws in
            let client = try await proxy.connect()
            try await client.send("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 6\r\n\r\nabc")
            try await primary.body(3)
            #expect(proxy.counts("m").inFlight == 1)
            client.reset()
            #expect(try await proxy.outcomes("m", of: 1) == [.cutClientLeft: 1])
            try await expectNothingHeld(proxy)
        }
    }

    @Test func `what waits for a connection is held, and cut beyond the budget`() async throws {
        try await serveBeforeBlackHole { proxy, primary async throws in
            let client = try await proxy.connect()
            try await client.send("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: \(BodyPattern.count)\r\n\r\n")
            // Less than a copy may hold.
            let piece = BodyPattern.prefix(1 << 20)
            try await client.send(piece)
            try await primary.body(1 << 20)
            // The primary may have got it a moment earlier.
            try await eventually("it is held") { proxy.server.mirroring().bufferedBytes.used >= 1 << 20 }
            #expect(proxy.counts("m").inFlight == 1)
            let rest = BodyPattern.all.getSlice(at: 1 << 20, length: BodyPattern.count - (1 << 20))
            try await client.send(try #require(rest), within: Patience.bulk)
            #expect(try await client.answer(within: Patience.bulk).status == 200)
            #expect(try await proxy.outcomes("m", of: 1) == [.cutSlow: 1])
            try await expectNothingHeld(proxy)
        }
    }

    @Test func `a copy's time runs while it waits for a connection`() async throws {
        try await serveBeforeBlackHole {
            $0.mirroring.defaults.limits.timeout = .milliseconds(200)
            $0.clusters[1].circuitBreakers.normal.connections = 1
        } _: { proxy, _ async throws in
            let client = try await proxy.connect()
            for _ in 0..<10 { #expect(try await client.ask(ServedProxy.get).status == 200) }
            #expect(try await proxy.outcomes("m", of: 10) == [.timeout: 10])
            try await expectNothingHeld(proxy)
        }
    }

    @Test func `copies that wait get the connection that becomes free, one after the other`() async throws {
        let primary = try await ScriptedUpstream.start(.answers())
        let mirror = try await ScriptedUpstream.start(.silent)
        var configuration = ServedProxy.configuration(
            [ServedProxy.route(mirrors: ["m"])],
            [("primary", primary.port), ("m", mirror.port)]
        )
        configuration.clusters[1].circuitBreakers.normal.connections = 1
        configuration.clusters[1].circuitBreakers.normal.pendingRequests = 2
        try await ServedProxy.run(configuration) { proxy async throws in
            let client = try await proxy.connect()
            #expect(try await client.ask(ServedProxy.get).status == 200)
            try await mirror.complete(1)
            for _ in 0..<4 { #expect(try await client.ask(ServedProxy.get).status == 200) }
            #expect(proxy.counts("m").present == [.overflow: 2])
            #expect(proxy.counts("m").inFlight == 3)
            for number in 1...3 {
                try await mirror.complete(number)
                try await mirror.connection().send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            }
            #expect(try await proxy.outcomes("m", of: 5) == [.overflow: 2, .ok: 3])
            #expect(mirror.record.current.connections.count == 1)
        }
        await mirror.stop()
        await primary.stop()
    }
}
