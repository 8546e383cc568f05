// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// When clients and primaries give up, and what that means for everybody else.

internal import TestSupport
internal import Testing

@Suite(.timeLimit(.minutes(5)))
struct ClientFailureTests {
    enum Leaving: String, CaseIterable, Sendable {
        case closing, resetting

        func leave(_ client: RawConnection) {
            switch self {
            case .closing: client.close()
            case .resetting: client.reset()
            }
        }
    }

    @Test(arguments: Leaving.allCases, Coding.allCases)
    func `a client that leaves in mid-body takes primary and mirror along`(leaving: Leaving, coding: Coding)
        async throws
    {
        try await Stage.run(primary: .answers(), mirrors: [.answers()]) { stage in
            let client = try await stage.connect()
            try await client.send("POST / HTTP/1.1\r\nhost: h\r\n\(coding.header(10))\r\n\r\n" + coding.piece("12345"))
            for upstream in [stage.primary, stage.mirror] { try await upstream.body(5) }
            leaving.leave(client)
            for upstream in [stage.primary, stage.mirror] {
                let seen = try await upstream.end()
                #expect(seen.completeMessages.isEmpty)
                #expect(seen.messages.count == 1)
            }
        }
    }

    @Test(arguments: Leaving.allCases)
    func `a client that leaves after its request takes the primary along, and the mirror runs on`(
        leaving: Leaving
    ) async throws {
        try await Stage.run(primary: .silent, mirrors: [.silent], arguments: ["--concurrency", "1"]) { stage in
            let client = try await stage.connect()
            try await client.send("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\n12345")
            for upstream in [stage.primary, stage.mirror] { try await upstream.complete(1) }
            leaving.leave(client)
            try await stage.primary.end()

            // The mirror's answer is read, or its connection would not carry the next copy.
            let mirror = try await stage.mirror.connection()
            try await mirror.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            var asked = 0
            while stage.mirror.record.current.connections[0].messages.count < 2 {
                asked += 1
                let next = try await stage.connect()
                try await next.send("GET /\(asked) HTTP/1.1\r\nhost: h\r\n\r\n")
                try await stage.mirror.complete(asked + 1)
                try #require(asked < 10, "the mirror's connection is never used again")
            }
            #expect(stage.mirror.record.current.connections[0].end == nil)
        }
    }

    @Test(arguments: Coding.allCases)
    func `a client that stops reading in mid-answer and leaves costs the primary's connection`(
        coding: Coding
    ) async throws {
        let big = UpstreamBehaviour.answersPattern(BodyPattern.count, chunked: coding == .chunked)
        try await Stage.run(primary: big, mirrors: [.answers()]) { stage in
            let client = try await stage.connect()
            client.setReading(false)
            try await client.send("GET / HTTP/1.1\r\nhost: h\r\n\r\n")
            try await stage.mirror.complete(1)
            _ = try await stage.primary.connection().unsentBytesAtStandstill()
            client.reset()
            try await stage.primary.end()
            let next = try await stage.connect()
            #expect(try await next.ask("GET / HTTP/1.1\r\nhost: h\r\n\r\n", within: Patience.bulk).isIntact)
        }
    }

    @Test(arguments: [
        "zz\r\n", "5\r\nabcdeX", "-1\r\n", "5 \r\nabcde\r\n\u{0}", "fffffffffffffffff\r\n", "\r\n", "0x5\r\nabcde\r\n",
    ])
    func `a malformed chunk in mid-body completes no message`(bad: String) async throws {
        try await Stage.run(primary: .answers(), mirrors: [.answers()]) { stage in
            let client = try await stage.connect()
            try await client.send("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n4\r\nsome\r\n")
            for upstream in [stage.primary, stage.mirror] { try await upstream.body(4) }
            try await client.send(bad)
            let answer = try await client.answer()
            #expect(answer.status == 400)
            #expect(answer.value("connection") == "close")
            try await client.end()
            for upstream in [stage.primary, stage.mirror] {
                let seen = try await upstream.end()
                #expect(seen.completeMessages.isEmpty)
            }
            #expect(try await stage.connect().ask("GET / HTTP/1.1\r\nhost: h\r\n\r\n").status == 200)
        }
    }
}

@Suite(.timeLimit(.minutes(5)))
struct PrimaryFailureTests {
    @Test(arguments: Coding.allCases)
    func `a primary that answers early ends the exchange, and the mirror's half copy too`(coding: Coding) async throws {
        let early = UpstreamBehaviour.speaksEarly("HTTP/1.1 413 Payload Too Large\r\ncontent-length: 3\r\n\r\nno!")
        try await Stage.run(primary: early, mirrors: [.answers()]) { stage in
            let client = try await stage.connect()
            try await client.send("POST / HTTP/1.1\r\nhost: h\r\n\(coding.header(9))\r\n\r\n" + coding.piece("123"))
            let answer = try await client.answer()
            #expect(answer.status == 413)
            #expect(answer.body == "no!")
            #expect(answer.value("connection") == "close")
            #expect(answer.value("x-envoy-upstream-service-time") == nil)
            try await client.end()
            for upstream in [stage.primary, stage.mirror] {
                #expect(try await upstream.end().completeMessages.isEmpty)
            }
        }
    }

    @Test func `a client in the middle of 20 MB still gets to read an early answer`() async throws {
        let early = UpstreamBehaviour.speaksEarly("HTTP/1.1 413 Payload Too Large\r\ncontent-length: 3\r\n\r\nno!")
        try await Stage.run(primary: early, mirrors: [.answers()]) { stage in
            let client = try await stage.connect()
            try await client.send("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: \(BodyPattern.count)\r\n\r\n")
            client.push(BodyPattern.all)
            #expect(try await client.answer().status == 413)
            for upstream in [stage.primary, stage.mirror] {
                #expect(try await upstream.end().completeMessages.isEmpty)
            }
        }
    }

    @Test(arguments: Coding.allCases)
    func `a primary that breaks off in mid-answer looks broken to the client, too`(coding: Coding) async throws {
        try await Stage.run(primary: .silent, mirrors: [.answers()]) { stage in
            let client = try await stage.connect()
            try await client.send("GET / HTTP/1.1\r\nhost: h\r\n\r\n")
            try await stage.primary.complete(1)
            let primary = try await stage.primary.connection()
            try await primary.send("HTTP/1.1 200 OK\r\n\(coding.header(10))\r\n\r\n" + coding.piece("12345"))
            try await client.seen.wait("five bytes") { $0.messages.first?.bodyCount == 5 }
            primary.close()
            let seen = try await client.end()
            #expect(seen.messages.first?.body == "12345")
            #expect(seen.completeMessages.isEmpty)
        }
    }

    @Test func `an answer that the primary's close ends is whole to the client`() async throws {
        try await Stage.run(primary: .silent, mirrors: [.answers()]) { stage in
            let client = try await stage.connect()
            try await client.send("GET / HTTP/1.1\r\nhost: h\r\n\r\n")
            try await stage.primary.complete(1)
            let primary = try await stage.primary.connection()
            try await primary.send("HTTP/1.1 200 OK\r\n\r\nuntil the end")
            primary.close()
            let answer = try await client.answer()
            #expect(answer.body == "until the end")
            #expect(answer.value("transfer-encoding") == "chunked")
        }
    }

    @Test func `a primary that resets in mid-upload is a 503 with a close, and the mirror's copy is cut`() async throws
    {
        try await Stage.run(primary: .resets(afterBody: 3), mirrors: [.answers()]) { stage in
            let client = try await stage.connect()
            try await client.send("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\n123")
            let answer = try await client.answer()
            #expect(answer.status == 503)
            #expect(answer.value("connection") == "close")
            try await client.end()
            #expect(try await stage.mirror.end().completeMessages.isEmpty)
        }
    }

    @Test func `a primary that refuses is a 503, which no success of the mirror helps, and the mirror runs`()
        async throws
    {
        try await Stage.run(primary: .absent, mirrors: [.answers()]) { stage in
            let client = try await stage.connect()
            for number in 1...3 {
                let answer = try await client.ask("GET /\(number) HTTP/1.1\r\nhost: h\r\n\r\n")
                #expect(answer.status == 503)
                #expect(answer.body.hasSuffix("reset reason: remote connection failure"))
                try await stage.mirror.complete(number)
            }
        }
    }

    @Test func `a primary that is too slow is a 504, and the mirror's copy runs on`() async throws {
        try await Stage.run(primary: .silent, mirrors: [.answers()], timeout: "0.3s") { stage in
            let client = try await stage.connect()
            let answer = try await client.ask("GET / HTTP/1.1\r\nhost: h\r\n\r\n")
            #expect(answer.status == 504)
            #expect(answer.body == "upstream request timeout")
            #expect(answer.value("connection") == nil)
            #expect(try await stage.primary.end().completeMessages.count == 1)
            try await stage.mirror.complete(1)
            #expect(stage.mirror.record.current.connections.first?.end == nil)
        }
    }

    @Test func `a primary that is too slow in mid-answer is cut, and looks it`() async throws {
        let slow = UpstreamBehaviour.answers { _ in "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n123" }
        try await Stage.run(primary: slow, mirrors: [.answers()], timeout: "0.3s") { stage in
            let client = try await stage.connect()
            try await client.send("GET / HTTP/1.1\r\nhost: h\r\n\r\n")
            let seen = try await client.end()
            #expect(seen.messages.first?.body == "123")
            #expect(seen.completeMessages.isEmpty)
            try await stage.primary.end()
        }
    }
}

@Suite(.timeLimit(.minutes(5)))
struct MirrorTimeoutTests {
    @Test func `a mirror has the route's timeout, and then its connection is closed`() async throws {
        try await Stage.run(primary: .answers(), mirrors: [.silent], timeout: "0.5s") { stage in
            let client = try await stage.connect()
            let start = ContinuousClock.now
            #expect(try await client.ask("GET / HTTP/1.1\r\nhost: h\r\n\r\n").status == 200)
            try await stage.mirror.complete(1)
            try await stage.mirror.end()
            #expect(ContinuousClock.now - start >= .milliseconds(480))
            #expect(try await client.ask("GET / HTTP/1.1\r\nhost: h\r\n\r\n").status == 200)
            #expect(try await stage.mirror.complete(2).count == 2)
        }
    }

    @Test func `the timeout counts from the end of the request`() async throws {
        try await Stage.run(primary: .answers(), mirrors: [.silent], timeout: "0.5s") { stage in
            let client = try await stage.connect()
            let start = ContinuousClock.now
            try await client.send("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\n")
            // Each piece comes well after the one before; together they take longer than the timeout.
            for count in 1...10 {
                try await client.send("x")
                try await stage.mirror.body(count)
                try await Task.sleep(for: .milliseconds(80))
            }
            #expect(ContinuousClock.now - start > .milliseconds(500))
            #expect(try await client.answer().status == 200)
            #expect(try await stage.mirror.end().completeMessages.count == 1)
        }
    }

    @Test func `a mirror without a timeout may take as long as it likes`() async throws {
        try await Stage.run(primary: .answers(), mirrors: [.silent], timeout: "0s") { stage in
            let client = try await stage.connect()
            let answer = try await client.ask("GET / HTTP/1.1\r\nhost: h\r\n\r\n")
            #expect(answer.status == 200)
            let copy = try await stage.mirror.complete(1)[0]
            #expect(copy.value("x-envoy-expected-rq-timeout-ms") == nil)
            #expect(stage.mirror.record.current.connections.first?.end == nil)
        }
    }
}
