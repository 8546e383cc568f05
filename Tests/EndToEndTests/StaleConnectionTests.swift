// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A kept-alive connection may go away just as it is wanted; clients see as little of that as is safe.

internal import TestSupport
internal import Testing

@Suite(.timeLimit(.minutes(5)))
struct StaleConnectionTests {
    /// What an upstream does instead of answering the second request on a connection.
    enum Ending: Sendable {
        case closes
        case resets
        case says(String)

        func act(_ connection: RawConnection) {
            switch self {
            case .closes: connection.close()
            case .resets: connection.reset()
            case .says(let text):
                connection.push(text)
                connection.close()
            }
        }
    }

    /// Answers the first request of each connection and ends the connection at the second.
    private static func ends(_ ending: Ending) -> UpstreamBehaviour {
        var behaviour = UpstreamBehaviour()
        behaviour.onEnd = { _, connection in
            if connection.seen.current.completeMessages.count == 1 {
                connection.push("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            } else {
                ending.act(connection)
            }
        }
        return behaviour
    }

    @Test(arguments: ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
    func `an idempotent request without a body goes out once more`(method: String) async throws {
        try await Stage.run(primary: Self.ends(.closes), mirrors: [.answers()]) { stage in
            let client = try await stage.connect()
            _ = try await client.ask("GET /first HTTP/1.1\r\nhost: h\r\n\r\n")
            try await client.send("\(method) /second HTTP/1.1\r\nhost: h\r\n\r\n")
            // A HEAD's answer has no body, so only the head is waited for.
            let seen = try await client.seen.wait("the second answer") { $0.messages.count == 2 || $0.end != nil }
            #expect(seen.messages.last?.status == 200)
            #expect(seen.messages.count == 2)

            let record = stage.primary.record.current
            #expect(record.connections.map { $0.messages.map(\.target) } == [["/first", "/second"], ["/second"]])
            #expect(record.requests[1].headers == record.requests[2].headers)
            // A retry is not mirrored again.
            #expect(try await stage.mirror.complete(2).map(\.target).sorted() == ["/first", "/second"])
        }
    }

    @Test(arguments: [
        "POST /second HTTP/1.1\r\nhost: h\r\n\r\n",
        "POST /second HTTP/1.1\r\nhost: h\r\ncontent-length: 4\r\n\r\nbody",
        "PUT /second HTTP/1.1\r\nhost: h\r\ncontent-length: 4\r\n\r\nbody",
        "PATCH /second HTTP/1.1\r\nhost: h\r\n\r\n",
    ])
    func `what might have an effect twice is sent once`(request: String) async throws {
        try await Stage.run(primary: Self.ends(.closes), mirrors: [.answers()]) { stage in
            let client = try await stage.connect()
            _ = try await client.ask("GET /first HTTP/1.1\r\nhost: h\r\n\r\n")
            let answer = try await client.ask(request)
            #expect(answer.status == 503)
            #expect(answer.body.hasSuffix("reset reason: connection termination"))
            #expect(try await client.ask("GET /third HTTP/1.1\r\nhost: h\r\n\r\n").status == 200)
            #expect(stage.primary.record.current.requests.map(\.target) == ["/first", "/second", "/third"])
        }
    }

    @Test(arguments: [
        (Ending.resets, 503),
        (Ending.says("HTTP/1.1 2"), 502),
        (Ending.says("HTTP/1.1 200 OK\r\ncontent-le"), 502),
        (Ending.says("HTTP/1.1 103 Early Hints\r\n\r\n"), 503),
        (Ending.says("nonsense\r\n\r\n"), 502),
    ])
    func `whatever is more than an orderly close is not retried`(ending: Ending, status: Int) async throws {
        try await Stage.run(primary: Self.ends(ending), mirrors: [.answers()]) { stage in
            let client = try await stage.connect()
            _ = try await client.ask("GET /first HTTP/1.1\r\nhost: h\r\n\r\n")
            let answer = try await client.ask("GET /second HTTP/1.1\r\nhost: h\r\n\r\n")
            #expect(answer.status == status)
            #expect(stage.primary.record.current.requests.map(\.target) == ["/first", "/second"])
        }
    }

    @Test func `a fresh connection that closes is not tried again`() async throws {
        var closes = UpstreamBehaviour()
        closes.onEnd = { _, connection in connection.close() }
        try await Stage.run(primary: closes, mirrors: [.answers()]) { stage in
            let client = try await stage.connect()
            #expect(try await client.ask("GET / HTTP/1.1\r\nhost: h\r\n\r\n").status == 503)
            #expect(stage.primary.record.current.requests.count == 1)
        }
    }

    /// Answers, and ends its side of the connection without a word.
    private static let endsAfterAnswer = {
        var behaviour = UpstreamBehaviour()
        behaviour.onEnd = { _, connection in
            connection.push("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            // Not a close: that becomes a reset if the next request has arrived already, and a reset is an answer.
            connection.finishSending()
        }
        return behaviour
    }()

    @Test func `requests that race against the upstream's end are all answered`() async throws {
        try await Stage.run(primary: Self.endsAfterAnswer, mirrors: [Self.endsAfterAnswer]) { stage in
            let client = try await stage.connect()
            for number in 0..<200 {
                let answer = try await client.ask("GET /\(number) HTTP/1.1\r\nhost: h\r\n\r\n")
                #expect(answer.status == 200, "request \(number)")
            }
        }
    }

    @Test(.enabled(if: ProcessFigures.areThere))
    func `requests that are written to a socket that is closed already are all answered`() async throws {
        try await Stage.run(primary: .answers(), arguments: ["--concurrency", "1"]) { stage in
            let client = try await stage.connect()
            for number in 0..<20 {
                _ = try await client.ask("GET /first\(number) HTTP/1.1\r\nhost: h\r\n\r\n")
                // While the proxy stands still, the request comes first and the close second.
                try await stage.proxy.whileStopped {
                    try await client.send("GET /second\(number) HTTP/1.1\r\nhost: h\r\n\r\n")
                    let last = stage.primary.record.current.connections.count - 1
                    try await stage.primary.connection(last).closed()
                }
                #expect(try await client.answer(number * 2 + 1).status == 200, "round \(number)")
            }
        }
    }

    @Test func `requests with effects race against the upstream's end and arrive at most once`() async throws {
        try await Stage.run(primary: Self.endsAfterAnswer) { stage in
            let client = try await stage.connect()
            var answered = 0
            for number in 0..<200 {
                let request = "POST /\(number) HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\n\r\nx"
                let answer = try await client.ask(request)
                #expect([200, 503].contains(answer.status))
                if answer.status == 200 { answered += 1 }
            }
            let targets = stage.primary.record.current.completeRequests.map(\.target)
            #expect(Set(targets).count == targets.count)
            #expect(targets.count >= answered)
            #expect(answered > 0)
        }
    }

    @Test(arguments: ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno", "x"])
    func `an answer that nobody asked for retires the connection`(surplus: String) async throws {
        let twice = UpstreamBehaviour.answers { _ in "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok" + surplus }
        try await Stage.run(primary: twice, mirrors: [twice]) { stage in
            let client = try await stage.connect()
            for _ in 0..<5 {
                #expect(try await client.ask("GET / HTTP/1.1\r\nhost: h\r\n\r\n").body == "ok")
            }
            for upstream in [stage.primary, stage.mirror] {
                try await upstream.complete(5)
                #expect(upstream.record.current.connections.allSatisfy { $0.messages.count == 1 })
            }
        }
    }
}
