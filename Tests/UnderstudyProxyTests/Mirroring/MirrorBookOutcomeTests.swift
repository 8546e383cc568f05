// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Outcomes that a copy comes to, or is refused with: each brought about on real sockets, and no other with it.

import TestSupport
import Testing
import UnderstudyCore
import UnderstudyProxy

@Suite(.timeLimit(.minutes(5)))
struct MirrorBookOutcomeTests {
    /// A primary and a mirror, and a proxy in front of them.
    private func serve(
        _ policies: [MirrorPolicy] = [MirrorPolicy(cluster: .name("m"))],
        mirror: UpstreamBehaviour = .answers(),
        limits: MirrorLimits = MirrorLimits(),
        _ change: (inout ServerConfiguration) -> Void = { _ in },
        _ body: (ServedProxy, ScriptedUpstream) async throws -> Void
    ) async throws {
        let upstreams = [try await ScriptedUpstream.start(.answers()), try await ScriptedUpstream.start(mirror)]
        var configuration = ServedProxy.configuration(
            [ServedProxy.route(policies: policies)],
            [("primary", upstreams[0].port), ("m", upstreams[1].port), ("empty", nil)]
        )
        configuration.mirroring.clusters["m"] = MirrorOptions()
        configuration.mirroring.clusters["m"]?.limits = limits
        change(&configuration)
        try await ServedProxy.run(configuration) { try await body($0, upstreams[1]) }
        for upstream in upstreams { await upstream.stop() }
    }

    // MARK: Decided by the file and the head

    @Test func `a header may name a mirror, nobody, or be missing`() async throws {
        try await serve([MirrorPolicy(cluster: .header("x-mirror"))]) { proxy, _ async throws in
            #expect(try await proxy.ask("/", ["x-mirror: m"]).status == 200)
            #expect(try await proxy.ask("/", ["x-mirror: nobody"]).status == 200)
            #expect(try await proxy.ask("/", ["x-mirror: nobody-else"]).status == 200)
            #expect(try await proxy.ask("/").status == 200)
            #expect(try await proxy.outcomes("m", of: 1) == [.ok: 1])
            #expect(try await proxy.outcomes("", of: 3) == [.unknownCluster: 2, .noHeader: 1])
            // Names that clients make up do not become books.
            #expect(proxy.server.mirroring().entries.count == 2)
        }
    }

    @Test func `a share leaves requests out, and an unknown name all of them`() async throws {
        let never = RuntimeFraction(Fraction(numerator: 0, denominator: 100))
        let policies = [
            MirrorPolicy(cluster: .name("m"), fraction: never), MirrorPolicy(cluster: .name("missing")),
            MirrorPolicy(cluster: .name("empty")),
        ]
        try await serve(policies) { proxy, _ async throws in
            #expect(try await proxy.ask().status == 200)
            #expect(try await proxy.outcomes("m", of: 1) == [.sampledOut: 1])
            #expect(try await proxy.outcomes("missing", of: 1) == [.unknownCluster: 1])
            #expect(try await proxy.outcomes("empty", of: 1) == [.noHost: 1])
        }
    }

    @Test func `a policy that removes the path sends nothing`() async throws {
        let policy = MirrorPolicy(cluster: .name("m"), mutations: [.remove(":path")])
        try await serve([policy]) { proxy, _ async throws in
            #expect(try await proxy.ask().status == 200)
            #expect(try await proxy.outcomes("m", of: 1) == [.noPath: 1])
        }
    }

    @Test func `CONNECT is not copied`() async throws {
        try await serve { configuration in
            var action = RouteAction(cluster: .name("primary"), mirrorPolicies: [MirrorPolicy(cluster: .name("m"))])
            action.upgrades = ["connect": UpgradePolicy()]
            configuration.listeners[0].connectionManager.routes.virtualHosts[0].routes = [
                Route(match: .connect, action: action)
            ]
        } _: { proxy, _ async throws in
            let client = try await proxy.connect()
            try await client.send("CONNECT h:443 HTTP/1.1\r\nhost: h:443\r\n\r\n")
            #expect(try await proxy.outcomes("m", of: 1) == [.connectMethod: 1])
            client.close()
        }
    }

    // MARK: Sizes

    @Test func `a body that is announced as too large is not copied, and one that turns out to be is cut`()
        async throws
    {
        var limits = MirrorLimits()
        limits.requestBytes = 10
        try await serve(limits: limits) { proxy, mirror async throws in
            let client = try await proxy.connect()
            let long = "POST /long HTTP/1.1\r\nhost: h\r\ncontent-length: 11\r\n\r\nhello world"
            #expect(try await client.ask(long).status == 200)
            #expect(try await proxy.outcomes("m", of: 1) == [.bodyTooLarge: 1])
            let chunked = "POST /chunked HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n"
            #expect(try await client.ask(chunked + "b\r\nhello world\r\n0\r\n\r\n").status == 200)
            #expect(try await proxy.outcomes("m", of: 2) == [.bodyTooLarge: 1, .cutBodyTooLarge: 1])
            let short = "POST /short HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\nhelloworld"
            #expect(try await client.ask(short).status == 200)
            #expect(
                try await proxy.outcomes("m", of: 3) == [.bodyTooLarge: 1, .cutBodyTooLarge: 1, .ok: 1]
            )
            #expect(mirror.record.current.completeRequests.map(\.target) == ["/short"])
        }
    }

    @Test func `an answer that is too large is cut`() async throws {
        var limits = MirrorLimits()
        limits.responseBytes = 1
        try await serve(limits: limits) { proxy, _ async throws in
            #expect(try await proxy.ask().body == "ok")
            #expect(try await proxy.outcomes("m", of: 1) == [.cutAnswerTooLarge: 1])
        }
    }

    @Test func `a mirror has its own time`() async throws {
        var limits = MirrorLimits()
        limits.timeout = .milliseconds(50)
        try await serve(mirror: .silent, limits: limits) { proxy, _ async throws in
            #expect(try await proxy.ask().status == 200)
            #expect(try await proxy.outcomes("m", of: 1) == [.timeout: 1])
        }
    }

    // MARK: Without a primary

    @Test func `requests without a primary are booked by the route that they took, pipelined or not`() async throws {
        let mirror = try await ScriptedUpstream.start(.answers())
        let configuration = ServedProxy.configuration(
            [ServedProxy.route("/a", mirrors: ["a"]), ServedProxy.route("/b", mirrors: ["b", "a"])],
            [("primary", nil), ("a", mirror.port), ("b", mirror.port)]
        )
        try await ServedProxy.run(configuration) { proxy async throws in
            let client = try await proxy.connect()
            try await client.send(
                ["/a", "/b", "/a", "/a"].map { "GET \($0) HTTP/1.1\r\nhost: h\r\n\r\n" }.joined()
            )
            for number in 0..<4 { #expect(try await client.answer(number).status == 503) }
            #expect(try await proxy.outcomes("a", of: 3) == [.primaryNotStarted: 3])
            #expect(try await proxy.outcomes("b", route: "all[1]", of: 1) == [.primaryNotStarted: 1])
            #expect(try await proxy.outcomes("a", route: "all[1]", of: 1) == [.primaryNotStarted: 1])
        }
        await mirror.stop()
    }

    @Test func `a primary that no cluster is called after is booked, too`() async throws {
        try await serve { configuration in
            let action = RouteAction(
                cluster: .header("x-cluster"),
                mirrorPolicies: [MirrorPolicy(cluster: .name("m"))]
            )
            configuration.listeners[0].connectionManager.routes.virtualHosts[0].routes[0].action = .forward(action)
        } _: { proxy, _ async throws in
            #expect(try await proxy.ask("/", ["x-cluster: nobody"]).status == 503)
            #expect(try await proxy.outcomes("m", of: 1) == [.primaryNotStarted: 1])
        }
    }

    // MARK: The end, and time

    @Test func `copies that still run when the proxy ends are drained, and the books still balance`() async throws {
        let upstreams = [try await ScriptedUpstream.start(.answers()), try await ScriptedUpstream.start(.silent)]
        let configuration = ServedProxy.configuration(
            [ServedProxy.route(mirrors: ["m"])],
            [("primary", upstreams[0].port), ("m", upstreams[1].port)]
        )
        let ended = try await ServedProxy.run(configuration) { proxy async throws in
            #expect(try await proxy.ask().status == 200)
            try await upstreams[1].complete(1)
            #expect(proxy.counts("m").inFlight == 1)
        }
        #expect(ended.counts("m").present == [.draining: 1])
        #expect(ended.counts("m").isBalanced)
        #expect(ended.counts("m").inFlight == 0)
        for upstream in upstreams { await upstream.stop() }
    }

    @Test func `each side's time is told apart`() async throws {
        try await serve(mirror: .silent) { proxy, mirror async throws in
            #expect(try await proxy.ask().status == 200)
            try await mirror.complete(1)
            let before = try #require(proxy.book("m"))
            #expect(before.primaryTime.count == 1)
            #expect(before.mirrorTime.isEmpty)
            // The mirror's slowness itself, not a wait for something else.
            try await Task.sleep(for: .milliseconds(50))
            try await mirror.connection().send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            #expect(try await proxy.outcomes("m", of: 1) == [.ok: 1])
            let after = try #require(proxy.book("m"))
            #expect(after.primaryTime == before.primaryTime)
            #expect(after.mirrorTime.count == 1)
            // In milliseconds.
            let least = try #require(after.mirrorTime.ranges.first)
            #expect(least.low + least.width >= 50)
        }
    }
}
