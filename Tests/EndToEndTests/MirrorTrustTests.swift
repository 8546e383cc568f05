// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Requests that name their mirror, and copies that come back.

internal import TestSupport
internal import Testing

@Suite(.timeLimit(.minutes(5)))
struct MirrorTrustTests {
    private static let everyone = "{ address_prefix: 127.0.0.0, prefix_len: 8 }"
    private static let nobodyHere = "{ address_prefix: 192.0.2.0, prefix_len: 24 }"

    private static func block(_ value: String) -> String {
        let type = "type.googleapis.com/understudy.mirroring.v1.Mirroring"
        let wrapped = "\"@type\": type.googleapis.com/xds.type.v3.TypedStruct, type_url: \(type), value: { \(value) }"
        return "{ name: understudy.mirroring, is_optional: true, typed_config: { \(wrapped) } }"
    }

    /// `/` is copied to whatever `x-mirror` names.
    private static func configuration(_ value: String, primary: Int, mirror: Int) -> ProxyConfiguration {
        var route = ProxyConfiguration.Route("/", to: "primary")
        route.settings = ["request_mirror_policies: [{ cluster_header: x-mirror }]"]
        route.fields = ["name: all"]
        var configuration = ProxyConfiguration(
            routes: [route],
            clusters: [.init("primary", ports: [primary]), .init("m", ports: [mirror])],
            hasAdmin: true
        )
        configuration.filters = [block(value)]
        return configuration
    }

    /// Asks with `x-mirror: m` and tells what the primary saw of it.
    private func serve(
        _ value: String,
        _ body: (OperatedProxy, ScriptedUpstream, ScriptedUpstream) async throws -> Void
    ) async throws {
        let primary = try await ScriptedUpstream.start(.answers())
        let mirror = try await ScriptedUpstream.start(.answers())
        let configuration = Self.configuration(value, primary: primary.port, mirror: mirror.port)
        try await OperatedProxy.run(configuration) { try await body($0, primary, mirror) }
        await primary.stop()
        await mirror.stop()
    }

    @Test func `a peer that is not trusted names no mirror, and the primary does not see that it tried`() async throws {
        let value = "cluster_header: { trusted_sources: [\(Self.nobodyHere)] }"
        try await serve(value) { proxy, primary, mirror async throws in
            #expect(try await proxy.ask("/", ["X-Mirror: m", "x-other: 1"]).status == 200)
            #expect(try await proxy.ask("/").status == 200)
            let seen = try await primary.complete(2)[0]
            #expect(seen.value("x-mirror") == nil)
            #expect(seen.value("x-other") == "1")
            let book = try await proxy.book("all", of: 2)
            #expect(book.outcomes == ["untrusted_source": 1, "no_header": 1])
            #expect(mirror.record.current.requests.isEmpty)
        }
    }

    @Test func `a trusted peer names a mirror of the list, and none beside it`() async throws {
        let value = "cluster_header: { trusted_sources: [\(Self.everyone)], allowed_clusters: [m] }"
        try await serve(value) { proxy, primary, mirror async throws in
            #expect(try await proxy.ask("/", ["x-mirror: m"]).status == 200)
            #expect(try await proxy.ask("/", ["x-mirror: primary"]).status == 200)
            #expect(try await proxy.book("all.m", of: 1).outcomes == ["ok": 1])
            #expect(try await proxy.book("all", of: 1).outcomes == ["cluster_not_allowed": 1])
            #expect(try await mirror.complete(1)[0].value("x-mirror") == "m")
            #expect(primary.record.current.requests.count == 2)
        }
    }

    @Test(arguments: [1, 3])
    func `a proxy that is its own mirror stops where it may not go deeper`(depth: Int) async throws {
        let primary = try await ScriptedUpstream.start(.answers())
        func configuration(_ mirror: Int) -> ProxyConfiguration {
            var route = ProxyConfiguration.Route("/", to: "primary", mirrors: ["m"])
            route.fields = ["name: all"]
            var configuration = ProxyConfiguration(
                routes: [route],
                clusters: [.init("primary", ports: [primary.port]), .init("m", ports: [mirror])],
                hasAdmin: true
            )
            configuration.filters = [
                Self.block("hops: { header: x-hops, max_depth: \(depth), trusted_sources: [\(Self.everyone)] }")
            ]
            return configuration
        }
        try await OperatedProxy.run(configuration(primary.port)) { proxy async throws in
            try await proxy.reload(configuration(proxy.port))
            #expect(try await proxy.ask("/").status == 200)
            // The request, and the copies on their way through the same listener.
            let book = try await proxy.book("all.m", of: depth + 1)
            #expect(book.outcomes == ["ok": depth, "hop_limit": 1])
            let marks = try await primary.complete(depth + 1).map { $0.value("x-hops") ?? "0" }
            #expect(marks.sorted() == (0...depth).map(String.init))
        }
        await primary.stop()
    }

    @Test func `a mark that a client has made up is removed, and its request is copied`() async throws {
        let value = "hops: { trusted_sources: [\(Self.nobodyHere)] }"
        try await serve(value) { proxy, primary, mirror async throws in
            let lines = ["x-mirror: m", "x-understudy-mirror-hops: 9"]
            #expect(try await proxy.ask("/", lines).status == 200)
            #expect(try await primary.complete(1)[0].value("x-understudy-mirror-hops") == nil)
            #expect(try await mirror.complete(1)[0].values("x-understudy-mirror-hops") == ["1"])
        }
    }
}
