// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the file says that mirrors may take, of the process and of single routes, and the switch by HTTP.

internal import TestSupport
internal import Testing

@Suite(.timeLimit(.minutes(5)))
struct MirrorLimitsTests {
    private static let block = "type.googleapis.com/understudy.mirroring.v1.Mirroring"

    private static func wrapped(_ type: String, _ value: String) -> String {
        "{ \"@type\": type.googleapis.com/xds.type.v3.TypedStruct, type_url: \(type), value: { \(value) } }"
    }

    /// Two routes: `/own` with limits of its own, and the rest.
    private func serve(
        mirror: UpstreamBehaviour,
        process: String,
        route: String,
        _ body: (OperatedProxy) async throws -> Void
    ) async throws {
        let upstreams = [try await ScriptedUpstream.start(.answers()), try await ScriptedUpstream.start(mirror)]
        var own = ProxyConfiguration.Route("/own", to: "primary", mirrors: ["m"], timeout: "300s")
        let config = Self.wrapped("\(Self.block)PerRoute", route)
        let filterConfig = "type.googleapis.com/envoy.config.route.v3.FilterConfig"
        own.fields = [
            "name: own",
            "typed_per_filter_config: { x: { \"@type\": \(filterConfig), is_optional: true, config: \(config) } }",
        ]
        var configuration = ProxyConfiguration(
            routes: [own, .init("/", to: "primary", mirrors: ["m"], timeout: "300s")],
            clusters: [.init("primary", ports: [upstreams[0].port]), .init("m", ports: [upstreams[1].port])],
            hasAdmin: true
        )
        configuration.filters = [
            "{ name: x, is_optional: true, typed_config: \(Self.wrapped(Self.block, process)) }"
        ]
        try await OperatedProxy.run(configuration) { try await body($0) }
        for upstream in upstreams { await upstream.stop() }
    }

    @Test func `a time of its own ends a copy that the route would wait for`() async throws {
        let process = "defaults: { timeout: 0.1s }"
        try await serve(mirror: .silent, process: process, route: "timeout: 0.1s") { proxy async throws in
            let client = try await proxy.connect()
            #expect(try await client.ask("GET / HTTP/1.1\r\nhost: h\r\n\r\n").status == 200)
            #expect(try await client.ask("GET /own HTTP/1.1\r\nhost: h\r\n\r\n").status == 200)
            #expect(try await proxy.book("all[1].m", of: 1).outcomes == ["timeout": 1])
            #expect(try await proxy.book("own.m", of: 1).outcomes == ["timeout": 1])
        }
    }

    @Test func `bodies beyond the size of a mirror or a route are not copied, or not to their end`() async throws {
        let process = "mirrors: [ { cluster: m, max_request_bytes: 4 } ]"
        try await serve(mirror: .answers(), process: process, route: "max_request_bytes: 2") { proxy async throws in
            let client = try await proxy.connect()
            func ask(_ path: String, _ body: String) async throws {
                #expect(try await client.ask("POST \(path) HTTP/1.1\r\nhost: h\r\n\(body)").status == 200)
            }
            try await ask("/", "content-length: 4\r\n\r\nabcd")
            try await ask("/", "content-length: 5\r\n\r\nabcde")
            try await ask("/", "transfer-encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n")
            try await ask("/own", "content-length: 2\r\n\r\nab")
            try await ask("/own", "content-length: 3\r\n\r\nabc")
            let other = try await proxy.book("all[1].m", of: 3)
            #expect(other.outcomes == ["ok": 1, "body_too_large": 1, "cut_body_too_large": 1])
            #expect(try await proxy.book("own.m", of: 2).outcomes == ["ok": 1, "body_too_large": 1])
        }
    }

    @Test func `an answer beyond the size of a route is not read to its end`() async throws {
        try await serve(mirror: .answers(), process: "", route: "max_response_bytes: 1") { proxy async throws in
            #expect(try await proxy.connect().ask("GET /own HTTP/1.1\r\nhost: h\r\n\r\n").status == 200)
            #expect(try await proxy.book("own.m", of: 1).outcomes == ["cut_answer_too_large": 1])
            #expect(try await proxy.ask().status == 200)
            #expect(try await proxy.book("all[1].m", of: 1).outcomes == ["ok": 1])
        }
    }

    @Test func `an operator switches a mirror off and on again`() async throws {
        try await serve(mirror: .answers(), process: "", route: "") { proxy async throws in
            #expect(try await proxy.ask().status == 200)
            #expect(try await proxy.admin("/mirrors/disable?mirror=m", method: "POST").status == 200)
            #expect(try await proxy.ask().status == 200)
            #expect(try await proxy.book("all[1].m", of: 2).outcomes == ["ok": 1, "disabled": 1])
            #expect(try await proxy.admin("/mirrors").body.contains("off"))
            #expect(try await proxy.admin("/mirrors/enable?mirror=m", method: "POST").status == 200)
            #expect(try await proxy.admin("/mirrors/disable", method: "POST").status == 200)
            #expect(try await proxy.ask().status == 200)
            #expect(try await proxy.admin("/mirrors/enable", method: "POST").status == 200)
            #expect(try await proxy.ask().status == 200)
            #expect(try await proxy.book("all[1].m", of: 4).outcomes == ["ok": 2, "disabled": 2])
        }
    }
}
