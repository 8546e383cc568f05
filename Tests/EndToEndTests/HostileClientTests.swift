// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Clients that mean no good, or merely do not know better: what they are told, and that nobody upstream hears of it.

internal import TestSupport
internal import Testing

/// Requests that must be refused, by the rule they break.
enum HostileRequests: String, CaseIterable, Sendable {
    case framing, lengths, syntax, lines, hosts, versions, targets, sizes, notServed

    /// The bytes, and the status they deserve.
    var rows: [(bytes: String, status: Int)] {
        switch self {
        case .framing:
            [
                (Self.post("content-length: 5\r\ntransfer-encoding: chunked"), 400),
                (Self.post("transfer-encoding: chunked\r\ncontent-length: 5"), 400),
                (Self.post("transfer-encoding: chunked\r\ntransfer-encoding: chunked"), 400),
                (Self.post("transfer-encoding: gzip, chunked"), 501),
                (Self.post("transfer-encoding: chunked, gzip"), 400),
                (Self.post("transfer-encoding: identity"), 501),
                (Self.post("transfer-encoding:"), 400),
                (Self.post("transfer-encoding: xchunked"), 400),
                (Self.post("transfer-encoding: chunked;q=1"), 400),
                (Self.post("transfer-encoding: \u{B}chunked"), 400),
            ]
        case .lengths:
            ["-1", "+5", "0x5", "5a", "5,5", "5, 6", "", "1 2", "5.0", "99999999999999999999", "18446744073709551616"]
                .map { (Self.post("content-length: \($0)"), 400) } + [
                    (Self.post("content-length: 5\r\ncontent-length: 6"), 400),
                    (Self.post("content-length: 5\r\ncontent-length: 5"), 400),
                ]
        case .syntax:
            [
                "x\u{0}y: 1", "x: a\u{0}b", "x: a\u{1}b", "x: a\u{7F}b", "x y: 1", "x : 1", ": 1", "(x): 1", "x",
                "x\u{E9}: 1", "x: 1\r\n folded", "x: 1\r\n\tfolded", "x: a\rb",
            ].map { ("GET / HTTP/1.1\r\nhost: h\r\n\($0)\r\n\r\n", 400) }
        case .lines:
            [
                ("GET / HTTP/1.1\nhost: h\n\n", 400), ("GET / HTTP/1.1\r\nhost: h\n\r\n", 400),
                ("GET / HTTP/1.1\r\nhost: h\r\nx: 1\n\n", 400), ("\u{0}GET / HTTP/1.1\r\nhost: h\r\n\r\n", 400),
                (" GET / HTTP/1.1\r\nhost: h\r\n\r\n", 400), ("GET  / HTTP/1.1\r\nhost: h\r\n\r\n", 400),
                ("GET /  HTTP/1.1\r\nhost: h\r\n\r\n", 400), ("GET /a b HTTP/1.1\r\nhost: h\r\n\r\n", 400),
                ("GET\t/\tHTTP/1.1\r\nhost: h\r\n\r\n", 400), ("GET / HTTP/1.1 \r\nhost: h\r\n\r\n", 400),
                ("\r\n\r\n\u{16}\u{3}\u{1}\u{2}\r\n", 400), ("GET / HTTP/1.1\r\n host: h\r\n\r\n", 400),
            ]
        case .hosts:
            [
                "host: a\r\nhost: a", "host: a\r\nhost: b", "host: user@h", "host: h:port", "host: h:80:80",
                "host: [::1", "host: ::1]", "host: a,b", "host: a b", "host: h/path", "x: no host",
            ].map { ("GET / HTTP/1.1\r\n\($0)\r\n\r\n", 400) }
        case .versions:
            [
                ("GET / HTTP/1.0\r\nhost: h\r\n\r\n", 426), ("GET / HTTP/2.0\r\nhost: h\r\n\r\n", 426),
                ("GET / HTTP/0.9\r\nhost: h\r\n\r\n", 400), ("GET / HTTP/1.2\r\nhost: h\r\n\r\n", 400),
                ("GET / http/1.1\r\nhost: h\r\n\r\n", 400), ("GET / HTTP/1\r\nhost: h\r\n\r\n", 400),
                ("GET / HTTP/11.1\r\nhost: h\r\n\r\n", 400), ("GET / HTTP/1.1a\r\nhost: h\r\n\r\n", 400),
                ("GET /\r\n\r\n", 400), ("PRI * HTTP/2.0\r\nhost: h\r\n\r\n", 426),
            ]
        case .targets:
            ["path", "*", "/a#b", "/\u{7F}", "/\u{E9}", "ftp://h/", "http://", "http:///x", "http://u@h/", "//\u{1}"]
                .map { ("GET \($0) HTTP/1.1\r\nhost: h\r\n\r\n", 400) } + [("GIT / HTTP/1.1\r\nhost: h\r\n\r\n", 400)]
        case .sizes:
            [
                ("GET / HTTP/1.1\r\nhost: h\r\nx: \(String(repeating: "y", count: 61 * 1024))\r\n\r\n", 431),
                ("GET /\(String(repeating: "y", count: 61 * 1024)) HTTP/1.1\r\nhost: h\r\n\r\n", 431),
                ("GET / HTTP/1.1\r\n" + (0..<101).map { "x\($0): y\r\n" }.joined() + "host: h\r\n\r\n", 431),
                (String(repeating: "y", count: 70 * 1024), 431),
            ]
        case .notServed:
            [
                ("CONNECT h:80 HTTP/1.1\r\nhost: h:80\r\n\r\n", 404),
                ("GET / HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n", 403),
                ("GET / HTTP/1.1\r\nhost: h\r\nconnection: x-forwarded-for\r\n\r\n", 400),
            ]
        }
    }

    private static func post(_ headers: String) -> String {
        "POST / HTTP/1.1\r\nhost: h\r\n\(headers)\r\n\r\nhello"
    }
}

@Suite(.timeLimit(.minutes(5)))
struct HostileClientTests {
    @Test(arguments: HostileRequests.allCases)
    func `a bad request is refused, its connection closed, and nobody upstream hears of it`(
        kind: HostileRequests
    ) async throws {
        try await Stage.run(primary: .answers(), mirrors: [.answers()]) { stage in
            // All at once: each of these connections stays open for a while, so that its client can read.
            try await Self.forEach(kind.rows) { _, bytes, status in
                let name = bytes.prefix(200).debugDescription
                let client = try await stage.connect()
                client.push(bytes)
                let seen = try await client.end()
                #expect(seen.messages.count == 1, "\(name)")
                #expect(seen.messages.first?.status == status, "\(name)")
                #expect(seen.messages.first?.isComplete == true, "\(name)")
                #expect(seen.messages.first?.value("connection") == "close", "\(name)")
            }
            try await Self.stillServes(stage)
            for upstream in [stage.primary, stage.mirror] {
                #expect(upstream.record.current.requests.map(\.target) == ["/still"])
            }
        }
    }

    @Test(arguments: HostileRequests.allCases)
    func `a bad request behind a good one does not harm the good one`(kind: HostileRequests) async throws {
        try await Stage.run(primary: .answers(), mirrors: [.answers()]) { stage in
            try await Self.forEach(kind.rows) { index, bytes, status in
                let name = bytes.prefix(200).debugDescription
                let client = try await stage.connect()
                client.push("GET /good\(index) HTTP/1.1\r\nhost: h\r\n\r\n" + bytes)
                let seen = try await client.end()
                #expect(seen.messages.map(\.status) == [200, status], "\(name)")
            }
            try await Self.stillServes(stage)
            let expected = Set(kind.rows.indices.map { "/good\($0)" } + ["/still"])
            for upstream in [stage.primary, stage.mirror] {
                let requests = try await upstream.complete(expected.count)
                #expect(requests.count == expected.count)
                #expect(Set(requests.map(\.target)) == expected)
            }
        }
    }

    private static func forEach(
        _ rows: [(bytes: String, status: Int)],
        _ body: @escaping @Sendable (_ index: Int, _ bytes: String, _ status: Int) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for (index, row) in rows.enumerated() {
                tasks.addTask { try await body(index, row.bytes, row.status) }
            }
            try await tasks.waitForAll()
        }
    }

    private static func stillServes(_ stage: Stage) async throws {
        let client = try await stage.connect()
        #expect(try await client.ask("GET /still HTTP/1.1\r\nhost: h\r\n\r\n").status == 200)
        try await stage.mirror.record.wait("the last copy") { $0.completeRequests.contains { $0.target == "/still" } }
    }

    @Test func `a request in single bytes is as good as any`() async throws {
        try await Stage.run(primary: .answers(), mirrors: [.answers()]) { stage in
            let client = try await stage.connect()
            let request = "POST /drops HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
            for byte in request.utf8 { try await client.send(String(UnicodeScalar(byte))) }
            #expect(try await client.answer().status == 200)
            for upstream in [stage.primary, stage.mirror] {
                let seen = try await upstream.complete(1)[0]
                #expect(seen.body == "abc")
                #expect(seen.target == "/drops")
            }
        }
    }

    @Test func `a head has ten seconds in all, however busy its sender looks`() async throws {
        try await Stage.run(primary: .answers(), mirrors: [.answers()]) { stage in
            let client = try await stage.connect()
            let start = ContinuousClock.now
            try await client.send("GET / HTTP/1.1\r\nhost: h\r\n")
            var number = 0
            // The pace of the attack, not a wait for something.
            while client.seen.current.end == nil, ContinuousClock.now - start < .seconds(20) {
                client.push("x\(number): y\r\n")
                number += 1
                try await Task.sleep(for: .milliseconds(500))
            }
            #expect(client.seen.current.messages.first?.status == 408)
            #expect(ContinuousClock.now - start < .seconds(15))
            try await Self.stillServes(stage)
        }
    }

    @Test func `a hundred pipelined requests are answered in order and mirrored once each`() async throws {
        let echo = UpstreamBehaviour.answers { request in
            "HTTP/1.1 200 OK\r\ncontent-length: \(request.target.utf8.count)\r\n\r\n\(request.target)"
        }
        try await Stage.run(primary: echo, mirrors: [echo]) { stage in
            let client = try await stage.connect()
            let targets = (0..<100).map { "/\($0)" }
            client.push(targets.map { "GET \($0) HTTP/1.1\r\nhost: h\r\n\r\n" }.joined())
            _ = try await client.answer(99)
            #expect(client.seen.current.messages.map(\.body) == targets)
            for upstream in [stage.primary, stage.mirror] {
                let requests = try await upstream.complete(100)
                #expect(requests.map(\.target).sorted() == targets.sorted())
            }
        }
    }

    @Test func `pipelined uploads keep their bodies apart`() async throws {
        let echo = UpstreamBehaviour.answers { request in
            "HTTP/1.1 200 OK\r\ncontent-length: \(request.bodyCount)\r\n\r\n\(request.body)"
        }
        try await Stage.run(primary: echo, mirrors: [echo]) { stage in
            let client = try await stage.connect()
            let bodies = (0..<40).map { String(repeating: "\($0),", count: $0 * 37 + 1) }
            client.push(
                bodies.enumerated().map { index, body in
                    let coding = Coding.allCases[index % 2]
                    return "POST / HTTP/1.1\r\nhost: h\r\n\(coding.header(body.utf8.count))\r\n\r\n"
                        + coding.piece(body) + coding.end
                }.joined()
            )
            _ = try await client.answer(bodies.count - 1)
            #expect(client.seen.current.messages.map(\.body) == bodies)
            let copies = try await stage.mirror.complete(bodies.count)
            #expect(copies.map(\.body).sorted() == bodies.sorted())
        }
    }

    @Test func `hundreds of clients at once are all served`() async throws {
        try await Stage.run(primary: .answers(), mirrors: [.answers()]) { stage in
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for number in 0..<300 {
                    tasks.addTask {
                        let client = try await stage.connect()
                        for turn in 0..<2 {
                            let request = "GET /\(number)-\(turn) HTTP/1.1\r\nhost: h\r\n\r\n"
                            #expect(try await client.ask(request, within: Patience.bulk).status == 200)
                        }
                    }
                }
                try await tasks.waitForAll()
            }
            for upstream in [stage.primary, stage.mirror] {
                let requests = try await upstream.complete(600)
                #expect(Set(requests.map(\.target)).count == 600)
            }
        }
    }

    @Test func `a refusal tells nothing of the request before it`() async throws {
        let upstream = try await ScriptedUpstream.start(.answers())
        var configuration = ProxyConfiguration(
            routes: [.init("/", to: "one")],
            clusters: [.init("one", ports: [upstream.port])]
        )
        configuration.manager = [
            "normalize_path: true",
            "local_reply_config: { body_format: { text_format_source: "
                + "{ inline_string: \"%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%\" } } }",
        ]
        try await ProxyProcess.run(["--config-yaml", configuration.yaml]) { proxy in
            let client = try await RawConnection.connect(to: try await proxy.port())
            let first = "GET / HTTP/1.1\r\nhost: h\r\nx-forwarded-for: 192.0.2.77\r\n\r\n"
            #expect(try await client.ask(first).status == 200)
            let refusal = try await client.ask("GET /%00 HTTP/1.1\r\nhost: h\r\n\r\n")
            #expect(refusal.status == 400)
            #expect(refusal.body == "127.0.0.1")
        }
        await upstream.stop()
    }
}
