// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a reload makes of books, and of clusters that clients begin to depend on.

import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyProxy

@Suite(.timeLimit(.minutes(5)))
struct MirrorReloadTests {
    private func serve(
        mirror: UpstreamBehaviour,
        _ body: (ServedProxy, ServerConfiguration, ScriptedUpstream) async throws -> Void
    ) async throws {
        let primary = try await ScriptedUpstream.start(.answers())
        let upstream = try await ScriptedUpstream.start(mirror)
        let configuration = ServedProxy.configuration(
            [ServedProxy.route(mirrors: ["m"])],
            [("primary", primary.port), ("m", upstream.port)]
        )
        try await ServedProxy.run(configuration) { try await body($0, configuration, upstream) }
        for upstream in [primary, upstream] { await upstream.stop() }
    }

    private func routes(_ routes: [Route], _ configuration: ServerConfiguration) -> ServerConfiguration {
        var changed = configuration
        changed.listeners[0].connectionManager.routes.virtualHosts[0].routes = routes
        return changed
    }

    @Test func `a mirror that clients begin to depend on is made anew, and so is one that they leave`() async throws {
        try await serve(mirror: .answers()) { proxy, configuration, _ async throws in
            func mirror() throws -> SharedCluster {
                try #require(proxy.server.snapshot.clusters.first { $0.configuration.name == "m" })
            }
            let first = try mirror()
            #expect(!first.servesClients)
            try await proxy.server.replace(with: configuration, time: 0)
            #expect(try mirror() === first)
            let toMirror = Route(match: .prefix("/m"), action: RouteAction(cluster: .name("m")))
            let both = routes([toMirror, ServedProxy.route(mirrors: ["m"])], configuration)
            try await proxy.server.replace(with: both, time: 0)
            let second = try mirror()
            #expect(second !== first)
            #expect(second.servesClients)
            #expect(try await proxy.ask("/m").status == 200)
            try await proxy.server.replace(with: configuration, time: 0)
            #expect(try mirror() !== second)
            #expect(try await proxy.ask().status == 200)
            #expect(try await proxy.outcomes("m", route: "all[0]", of: 1) == [.ok: 1])
        }
    }

    @Test func `a book whose route is gone stays until its last copy has ended`() async throws {
        try await serve(mirror: .silent) { proxy, configuration, upstream async throws in
            #expect(try await proxy.ask().status == 200)
            try await upstream.complete(1)
            let without = routes([ServedProxy.route(mirrors: [])], configuration)
            try await proxy.server.replace(with: without, time: 0)
            #expect(proxy.counts("m").inFlight == 1)
            #expect(proxy.server.mirroring().copies.used == 1)
            try await upstream.connection().send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            #expect(try await proxy.outcomes("m", of: 1) == [.ok: 1])
            try await proxy.server.replace(with: without, time: 0)
            #expect(proxy.book("m") == nil)
            // A counter does not go back.
            let client = proxy.server.mirrorScopes().flatMap(\.statistics)
            #expect(client.contains(Statistic("http.async-client.rq_total", 1)))
        }
    }

    @Test func `a configuration that cannot be served leaves no books`() async throws {
        let taken = try await ScriptedUpstream.start(.answers())
        try await serve(mirror: .answers()) { proxy, configuration, _ async throws in
            var refused = routes([ServedProxy.route("/other", mirrors: ["m"])], configuration)
            refused.listeners[0].connectionManager.routes.virtualHosts[0].name = "ghost"
            refused.listeners[0].address.port = UInt16(taken.port)
            await #expect(throws: ProxyServer.BindFailure.self) {
                try await proxy.server.replace(with: refused, time: 0)
            }
            #expect(proxy.server.mirroring().entries.map(\.key.route) == ["all[0]"])
        }
        await taken.stop()
    }
}
