// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What mirrors may take: each limit is reached, costs copies only, and copies flow again afterwards.

import TestSupport
import Testing
import UnderstudyCore
import UnderstudyProxy

@Suite(.timeLimit(.minutes(5)))
struct MirrorBudgetTests {
    private static let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"

    private func serve(
        mirror: UpstreamBehaviour,
        _ change: (inout MirroringOptions) -> Void,
        _ body: (ServedProxy, _ primary: ScriptedUpstream, _ mirror: ScriptedUpstream) async throws -> Void
    ) async throws {
        let upstreams = [try await ScriptedUpstream.start(.answers()), try await ScriptedUpstream.start(mirror)]
        var configuration = ServedProxy.configuration(
            [ServedProxy.route(mirrors: ["m"])],
            [("primary", upstreams[0].port), ("m", upstreams[1].port)]
        )
        change(&configuration.mirroring)
        try await ServedProxy.run(configuration) { try await body($0, upstreams[0], upstreams[1]) }
        for upstream in upstreams { await upstream.stop() }
    }

    /// Three requests with room for two copies; then the mirror answers, and there is room again.
    private func expectRoomForTwo(_ proxy: ServedProxy, _ mirror: ScriptedUpstream) async throws {
        for number in 1...3 {
            #expect(try await proxy.ask("/\(number)").status == 200)
            try await mirror.complete(min(2, number))
        }
        #expect(proxy.counts("m").present == [.budget: 1])
        #expect(proxy.counts("m").inFlight == 2)
        for index in 0..<2 { try await mirror.connection(index).send(Self.answer) }
        #expect(try await proxy.outcomes("m", of: 3) == [.budget: 1, .ok: 2])
        #expect(try await proxy.ask("/4").status == 200)
        #expect(try await mirror.complete(3).contains { $0.target == "/4" })
        #expect(proxy.counts("m").inFlight == 1)
    }

    @Test func `copies in flight`() async throws {
        try await serve(mirror: .silent) {
            $0.total.copies = 2
        } _: { proxy, _, mirror async throws in
            #expect(proxy.server.mirroring().copies.most == 2)
            try await expectRoomForTwo(proxy, mirror)
        }
    }

    @Test func `connections`() async throws {
        try await serve(mirror: .silent) {
            $0.total.connections = 2
        } _: { proxy, _, mirror async throws in
            #expect(proxy.server.mirroring().connections.most == 2)
            try await expectRoomForTwo(proxy, mirror)
            #expect(proxy.server.mirroring().connections.used == 2)
        }
    }

    enum Bytes: String, CaseIterable, Sendable {
        case ofCopy, ofCluster, ofAll

        /// Whatever the system's buffers take besides, this is little.
        private static let few: UInt64 = 64 * 1024

        func limit(_ options: inout MirroringOptions) {
            let most = UInt64(Int.max)
            options.total.bufferedBytes = self == .ofAll ? Self.few : most
            options.defaults.bufferedBytes = self == .ofCluster ? Self.few : most
            options.defaults.bufferedBytesPerCopy = self == .ofCopy ? Self.few : most
        }
    }

    @Test(arguments: Bytes.allCases)
    func `bytes held`(_ bytes: Bytes) async throws {
        try await serve(mirror: .neverReads) {
            bytes.limit(&$0)
        } _: { proxy, primary, mirror async throws in
            let client = try await proxy.connect()
            try await client.send("POST /up HTTP/1.1\r\nhost: h\r\ncontent-length: \(BodyPattern.count)\r\n\r\n")
            try await client.send(BodyPattern.all, within: Patience.bulk)
            #expect(try await client.answer(within: Patience.bulk).status == 200)
            let upload = try await primary.complete(1)[0]
            #expect(upload.bodyCount == BodyPattern.count)
            #expect(upload.isIntact, "seed \(BodyPattern.seed)")
            #expect(try await proxy.outcomes("m", of: 1) == [.cutSlow: 1])
            #expect(proxy.server.mirroring().bufferedBytes.used == 0)
            #expect(proxy.server.mirroring().clusters.map(\.bufferedBytes.used) == [0])

            // The mirror recovers.
            let port = mirror.port
            await mirror.stop()
            let healthy = try await ScriptedUpstream.start(.answers(), port: port)
            #expect(try await client.ask(ServedProxy.get).status == 200)
            #expect(try await proxy.outcomes("m", of: 2) == [.cutSlow: 1, .ok: 1])
            await healthy.stop()
        }
    }

    @Test func `a mirror that has used up its cluster's bytes leaves the other mirrors theirs`() async throws {
        let upstreams = [
            try await ScriptedUpstream.start(.answers()), try await ScriptedUpstream.start(.neverReads),
            try await ScriptedUpstream.start(.answers()),
        ]
        var configuration = ServedProxy.configuration(
            [ServedProxy.route(mirrors: ["stuck", "good"])],
            [("primary", upstreams[0].port), ("stuck", upstreams[1].port), ("good", upstreams[2].port)]
        )
        configuration.mirroring.clusters["stuck"] = MirrorOptions()
        configuration.mirroring.clusters["stuck"]?.bufferedBytes = 64 * 1024
        // A busy machine may make any mirror lag.
        configuration.mirroring.defaults.bufferedBytesPerCopy = 32 << 20
        try await ServedProxy.run(configuration) { proxy async throws in
            let client = try await proxy.connect()
            try await client.send("POST /up HTTP/1.1\r\nhost: h\r\ncontent-length: \(BodyPattern.count)\r\n\r\n")
            try await client.send(BodyPattern.all, within: Patience.bulk)
            #expect(try await client.answer(within: Patience.bulk).status == 200)
            #expect(try await proxy.outcomes("stuck", of: 1) == [.cutSlow: 1])
            #expect(try await proxy.outcomes("good", of: 1) == [.ok: 1])
            #expect(upstreams[2].record.current.completeRequests[0].isIntact, "seed \(BodyPattern.seed)")
        }
        for upstream in upstreams { await upstream.stop() }
    }
}
