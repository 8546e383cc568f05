// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Primaries that talk nonsense: the client is told, and gets none of it.

internal import TestSupport
internal import Testing

@Suite(.timeLimit(.minutes(5)))
struct HostileUpstreamTests {
    @Test(arguments: [
        "nonsense\r\n\r\n",
        "\u{16}\u{3}\u{3}\u{0}\u{7A}\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 OK\r\n\r\n",
        "HTTP/1.1 99 Low\r\n\r\n",
        "HTTP/1.1 20x OK\r\n\r\n",
        "HTTP/1.1 200 OK\n\n",
        "HTTP/1.1 200 OK\r\nx y: z\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx: a\u{0}b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx: 1\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\nab",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nab",
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx: " + String(repeating: "y", count: 70 * 1024) + "\r\n\r\n",
    ])
    func `nonsense from the primary is a 502, and its connection is closed`(nonsense: String) async throws {
        try await Stage.run(primary: .answers { _ in nonsense }, mirrors: [.answers()]) { stage in
            let client = try await stage.connect()
            for number in 0..<2 {
                let answer = try await client.ask("GET / HTTP/1.1\r\nhost: h\r\n\r\n")
                #expect(answer.status == 502)
                #expect(answer.body.hasSuffix("reset reason: protocol error"))
                #expect(try await stage.primary.end(number).messages.count == 1)
            }
            try await stage.mirror.complete(2)
        }
    }

    @Test(arguments: ["zz\r\n", "3\r\nabcXX", "3;\u{0}\r\nabc\r\n"])
    func `a bad chunk in mid-answer breaks the answer off`(chunk: String) async throws {
        let bad = UpstreamBehaviour.answers { _ in
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n" + chunk
        }
        try await Stage.run(primary: bad, mirrors: [.answers()]) { stage in
            let client = try await stage.connect()
            try await client.send("GET / HTTP/1.1\r\nhost: h\r\n\r\n")
            let seen = try await client.end()
            #expect(seen.completeMessages.isEmpty)
            #expect(seen.fault == nil)
            try await stage.primary.end()
        }
    }

    @Test func `interim answers stay between proxy and primary`() async throws {
        let interim = UpstreamBehaviour.answers { _ in
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
                + "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
        }
        try await Stage.run(primary: interim, mirrors: [interim]) { stage in
            let client = try await stage.connect()
            for _ in 0..<3 {
                #expect(try await client.ask("GET / HTTP/1.1\r\nhost: h\r\n\r\n").body == "ok")
            }
            #expect(client.seen.current.messages.map(\.status) == [200, 200, 200])
            #expect(stage.primary.record.current.connections.count == 1)
        }
    }

    @Test func `chunk extensions and trailers end at the proxy`() async throws {
        let decorated = UpstreamBehaviour.answers { _ in
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0;z\r\nx-trailer: 1\r\n\r\n"
        }
        try await Stage.run(primary: decorated, mirrors: [decorated]) { stage in
            let client = try await stage.connect()
            let request =
                "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n"
                + "2;a=b\r\nhi\r\n0\r\nx-trailer: 2\r\n\r\n"
            for _ in 0..<2 { #expect(try await client.ask(request).body == "ok") }
            for upstream in [stage.primary, stage.mirror] {
                // The reader of this test takes any extension for a fault.
                #expect(try await upstream.complete(2).map(\.body) == ["hi", "hi"])
                #expect(upstream.record.current.faults == [])
            }
            #expect(client.seen.current.fault == nil)
        }
    }
}
