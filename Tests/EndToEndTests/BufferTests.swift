// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Requests that are sent only once their bodies are here, and refused if those are too large.

internal import TestSupport
internal import Testing

@Suite(.timeLimit(.minutes(5)))
struct BufferTests {
    private static let type = "\"@type\": type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer"
    private static let health = "type.googleapis.com/envoy.extensions.filters.http.health_check.v3.HealthCheck"

    static func filter(_ bytes: Int) -> String { "{ name: b, typed_config: { \(type), max_request_bytes: \(bytes) } }" }

    private static func own(_ override: String) -> String {
        "typed_per_filter_config: { b: { \(type)PerRoute, \(override) } }"
    }

    /// The routes `/off`, `/big` and the rest, each with a mirror, behind a filter that takes ten bytes.
    private func serve(
        primary: UpstreamBehaviour = .answers(),
        filters: [String] = [filter(10)],
        manager: [String] = [],
        settings: [String] = [],
        _ body: (OperatedProxy, ScriptedUpstream, ScriptedUpstream) async throws -> Void
    ) async throws {
        let upstreams = [try await ScriptedUpstream.start(primary), try await ScriptedUpstream.start(.answers())]
        let routes = [
            ("/off", [Self.own("disabled: true")]), ("/big", [Self.own("buffer: { max_request_bytes: 3000000 }")]),
            ("/", ["name: rest"]),
        ].map { prefix, fields in
            var route = ProxyConfiguration.Route(prefix, to: "primary", mirrors: ["m"], settings: settings)
            route.fields = fields
            return route
        }
        var configuration = ProxyConfiguration(
            routes: routes,
            clusters: [.init("primary", ports: [upstreams[0].port]), .init("m", ports: [upstreams[1].port])],
            hasAdmin: true
        )
        configuration.filters = filters
        configuration.manager = manager
        try await OperatedProxy.run(configuration) { try await body($0, upstreams[0], upstreams[1]) }
        for upstream in upstreams { await upstream.stop() }
    }

    @Test func `nothing is sent before the body is here, and then its length is known`() async throws {
        try await serve { proxy, primary, mirror async throws in
            let client = try await proxy.connect()
            try await client.send("POST /a HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n")
            // Answered later than it was sent: whatever came of the first had come by now.
            #expect(try await proxy.ask("/other").status == 200)
            #expect(primary.record.current.requests.map(\.target) == ["/other"])
            try await client.send("3\r\ndef\r\n0\r\nx-late: 1\r\n\r\n")
            #expect(try await client.answer().status == 200)
            for upstream in [primary, mirror] {
                let request = try #require(try await upstream.complete(2).first { $0.target == "/a" })
                #expect(request.value("content-length") == "6" && request.value("transfer-encoding") == nil)
                #expect(request.body == "abcdef" && request.value("x-late") == nil)
            }
            #expect(try await proxy.book("rest.m", of: 2).outcomes == ["ok": 2])
        }
    }

    @Test func `an empty chunked body gets the length that it has`() async throws {
        try await serve { proxy, primary, _ async throws in
            let client = try await proxy.connect()
            let head = "PUT / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n"
            try await client.send(head)
            #expect(try await client.ask("0\r\n\r\n").status == 200)
            #expect(try await primary.complete(1)[0].values("content-length") == ["0"])
        }
    }

    @Test(arguments: [
        "content-length: 11\r\n\r\n0123456789X", "transfer-encoding: chunked\r\n\r\na\r\n0123456789\r\n1\r\nX",
    ])
    func `one byte too many is refused, and nobody hears of the request`(body: String) async throws {
        try await serve { proxy, primary, mirror async throws in
            let client = try await proxy.connect()
            let answer = try await client.ask("POST /a HTTP/1.1\r\nhost: h\r\n\(body)")
            #expect(answer.startLine == "HTTP/1.1 413 Payload Too Large")
            #expect(answer.body == "Payload Too Large" && answer.value("connection") == "close")
            try await client.end()
            #expect(try await proxy.book("rest.m", of: 1).outcomes == ["primary_not_started": 1])
            #expect(primary.record.current.requests.isEmpty && mirror.record.current.requests.isEmpty)
            #expect(try await proxy.statistic("http.test.downstream_rq_too_large") == 1)
        }
    }

    @Test func `a body of exactly the size passes, and so does the next request behind it`() async throws {
        try await serve { proxy, primary, _ async throws in
            let client = try await proxy.connect()
            try await client.send(
                "POST /1 HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\n0123456789GET /2 HTTP/1.1\r\nhost: h\r\n\r\n"
            )
            #expect(try await client.answer(0).status == 200)
            #expect(try await client.answer(1).status == 200)
            #expect(try await primary.complete(2).map(\.target) == ["/1", "/2"])
        }
    }

    @Test func `routes may have another size, or send bodies as they come`() async throws {
        try await serve { proxy, primary, mirror async throws in
            let big = try await proxy.connect()
            try await big.send("POST /big HTTP/1.1\r\nhost: h\r\ncontent-length: 2000000\r\n\r\n")
            try await big.send(BodyPattern.prefix(2_000_000))
            #expect(try await big.answer().status == 200)
            for upstream in [primary, mirror] {
                let request = try await upstream.complete(1)[0]
                #expect(request.bodyCount == 2_000_000 && request.isIntact)
            }
            let off = try await proxy.connect()
            try await off.send("POST /off HTTP/1.1\r\nhost: h\r\ncontent-length: 20\r\n\r\n01234")
            try await primary.body(5)
            try await mirror.body(5)
            #expect(try await off.ask("012345678901234").status == 200)
        }
    }

    @Test func `a client that leaves while its request waits was never there`() async throws {
        try await serve { proxy, primary, mirror async throws in
            let client = try await proxy.connect()
            try await client.send("POST /a HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\nabc")
            try await proxy.statistic("http.test.downstream_rq_active") { $0 == 1 }
            client.close()
            #expect(try await proxy.book("rest.m", of: 1).outcomes == ["primary_not_started": 1])
            #expect(primary.record.current.requests.isEmpty && mirror.record.current.requests.isEmpty)
        }
    }

    @Test(arguments: ["", "connection: upgrade\r\nupgrade: websocket\r\n"])
    func `a request that waits in silence is cut`(lines: String) async throws {
        let manager = ["stream_idle_timeout: 0.2s", "upgrade_configs: [{ upgrade_type: websocket }]"]
        try await serve(manager: manager) { proxy, primary, mirror async throws in
            let client = try await proxy.connect()
            let method = lines.isEmpty ? "POST / HTTP/1.1\r\ncontent-length: 5\r\n" : "GET / HTTP/1.1\r\n"
            let answer = try await client.ask("\(method)host: h\r\n\(lines)\r\nabc")
            #expect(answer.status == 408 && answer.body == "stream timeout")
            try await client.end()
            #expect(try await proxy.book("rest.m", of: 1).outcomes == ["primary_not_started": 1])
            #expect(primary.record.current.requests.isEmpty && mirror.record.current.requests.isEmpty)
        }
    }

    @Test func `a malformed body is refused while it waits`() async throws {
        try await serve { proxy, primary, mirror async throws in
            let client = try await proxy.connect()
            let answer = try await client.ask(
                "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabcX"
            )
            #expect(answer.status == 400)
            #expect(try await proxy.book("rest.m", of: 1).outcomes == ["primary_not_started": 1])
            #expect(primary.record.current.requests.isEmpty && mirror.record.current.requests.isEmpty)
        }
    }

    @Test func `an expectation is met before the body waits`() async throws {
        try await serve { proxy, primary, _ async throws in
            let client = try await proxy.connect()
            let head = "POST / HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n"
            #expect(try await client.ask(head).status == 100)
            try await client.send("abc")
            #expect(try await client.answer(1).status == 200)
            #expect(try await primary.complete(1)[0].values("expect") == [])
        }
    }

    @Test func `a body that has waited may be sent again`() async throws {
        let tries = Watched(0)
        let primary = UpstreamBehaviour.answers { _ in
            tries.update { $0 += 1 }
            return "HTTP/1.1 \(tries.current == 1 ? "503 Unavailable" : "200 OK")\r\ncontent-length: 0\r\n\r\n"
        }
        let settings = ["retry_policy: { retry_on: 5xx }"]
        try await serve(primary: primary, settings: settings) { proxy, primary, mirror async throws in
            let client = try await proxy.connect()
            let request = "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
            #expect(try await client.ask(request).status == 200)
            #expect(try await primary.complete(2).map(\.body) == ["abc", "abc"])
            #expect(try await mirror.complete(1).map(\.body) == ["abc"])
        }
    }

    @Test(arguments: [true, false])
    func `a health check waits if the buffer filter is asked first`(isFirst: Bool) async throws {
        let match = #"headers: [{ name: ":path", string_match: { exact: /hc } }]"#
        let health = "{ name: h, typed_config: { \"@type\": \(Self.health), pass_through_mode: false, \(match) } }"
        let filters = isFirst ? [Self.filter(10), health] : [health, Self.filter(10)]
        try await serve(filters: filters) { proxy, primary, _ async throws in
            func ask(_ body: String) async throws -> Int {
                let request = "POST /hc HTTP/1.1\r\nhost: h\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
                return try await proxy.connect().ask(request).status
            }
            #expect(try await ask("0123456789") == 200)
            #expect(try await ask("0123456789X") == (isFirst ? 413 : 200))
            #expect(primary.record.current.requests.isEmpty)
        }
    }
}
