// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Bodies pass through as they come: nothing is awaited, nothing is altered, little is held.

internal import NIOCore
internal import TestSupport
internal import Testing

enum Coding: String, CaseIterable, Sendable {
    case length
    case chunked

    /// The header line that announces a body of this size.
    func header(_ count: Int) -> String {
        self == .length ? "content-length: \(count)" : "transfer-encoding: chunked"
    }

    /// The first bytes of `BodyPattern` on the wire.
    func pattern(_ count: Int) -> ByteBuffer {
        self == .length ? BodyPattern.prefix(count) : BodyPattern.chunked(count)
    }

    /// One piece of a body on the wire.
    func piece(_ text: String) -> String {
        self == .length ? text : "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n"
    }

    var end: String { self == .length ? "" : "0\r\n\r\n" }
}

@Suite(.timeLimit(.minutes(5)))
struct StreamingTests {
    @Test(arguments: Coding.allCases)
    func `the head reaches primary and mirror before any of the body has come`(coding: Coding) async throws {
        try await Stage.run(primary: .answers(), mirrors: [.answers()]) { stage in
            let client = try await stage.connect()
            try await client.send("POST /early HTTP/1.1\r\nhost: h\r\n\(coding.header(3))\r\n\r\n")
            for upstream in [stage.primary, stage.mirror] {
                let record = try await upstream.record.wait("a head") { $0.requests.count == 1 }
                #expect(record.requests.first?.target == "/early")
                #expect(record.requests.first?.bodyCount == 0)
            }
            try await client.send(coding.piece("abc") + coding.end)
            #expect(try await client.answer().status == 200)
        }
    }

    @Test(arguments: Coding.allCases)
    func `each piece of a body arrives before the next is sent`(coding: Coding) async throws {
        try await Stage.run(primary: .answers(), mirrors: [.answers()]) { stage in
            let client = try await stage.connect()
            try await client.send("PUT / HTTP/1.1\r\nhost: h\r\n\(coding.header(30))\r\n\r\n")
            for number in 1...10 {
                try await client.send(coding.piece("no\(number % 10)"))
                for upstream in [stage.primary, stage.mirror] { try await upstream.body(number * 3) }
            }
            try await client.send(coding.end)
            #expect(try await client.answer().status == 200)
            for upstream in [stage.primary, stage.mirror] {
                #expect(try await upstream.complete(1).first?.body == "no1no2no3no4no5no6no7no8no9no0")
            }
        }
    }

    @Test(arguments: Coding.allCases)
    func `each piece of an answer arrives before the next is sent`(coding: Coding) async throws {
        try await Stage.run(primary: .silent, mirrors: [.answers()]) { stage in
            let client = try await stage.connect()
            try await client.send("GET / HTTP/1.1\r\nhost: h\r\n\r\n")
            try await stage.primary.complete(1)
            let primary = try await stage.primary.connection()
            try await primary.send("HTTP/1.1 200 OK\r\n\(coding.header(30))\r\n\r\n")
            try await client.seen.wait("the head") { $0.messages.count == 1 }
            for number in 1...10 {
                try await primary.send(coding.piece("no\(number % 10)"))
                try await client.seen.wait("a piece") { $0.messages.first?.bodyCount == number * 3 }
            }
            try await primary.send(coding.end)
            #expect(try await client.answer().body == "no1no2no3no4no5no6no7no8no9no0")
        }
    }

    @Test(arguments: Coding.allCases)
    func `20 MB go up unharmed, to the primary and to the mirror`(coding: Coding) async throws {
        try await Stage.run(primary: .answers(), mirrors: [.answers()]) { stage in
            let client = try await stage.connect()
            try await client.upload(coding, to: "/up", followers: [stage.mirror])
            #expect(try await client.answer(within: Patience.bulk).status == 200)
            for upstream in [stage.primary, stage.mirror] {
                let request = try await upstream.complete(1, within: Patience.bulk)[0]
                #expect(request.bodyCount == BodyPattern.count)
                #expect(request.isIntact, "seed \(BodyPattern.seed)")
            }
        }
    }

    @Test(arguments: Coding.allCases)
    func `20 MB come down unharmed, while the mirror's own 20 MB go nowhere`(coding: Coding) async throws {
        let big = UpstreamBehaviour.answersPattern(BodyPattern.count, chunked: coding == .chunked)
        try await Stage.run(primary: big, mirrors: [big]) { stage in
            let client = try await stage.connect()
            let answer = try await client.ask("GET /down HTTP/1.1\r\nhost: h\r\n\r\n", within: Patience.bulk)
            #expect(answer.bodyCount == BodyPattern.count)
            #expect(answer.isIntact, "seed \(BodyPattern.seed)")
            #expect(try await client.ask("GET /down HTTP/1.1\r\nhost: h\r\n\r\n", within: Patience.bulk).isIntact)
            #expect(client.seen.current.messages.count == 2)
        }
    }

    @Test func `an answer comes down while its request still goes up`() async throws {
        let half = BodyPattern.count / 2
        var echo = UpstreamBehaviour()
        echo.onHead = { _, connection in
            connection.push("HTTP/1.1 200 OK\r\ncontent-length: \(BodyPattern.count)\r\n\r\n")
            connection.push(BodyPattern.prefix(half))
        }
        echo.onEnd = { _, connection in
            connection.push(BodyPattern.all.getSlice(at: half, length: half) ?? ByteBuffer())
        }
        try await Stage.run(primary: echo, mirrors: [.answers()]) { stage in
            let client = try await stage.connect()
            async let isSent: Void = client.upload(.length, to: "/", followers: [stage.mirror])
            try await client.seen.wait("half of the answer", within: Patience.bulk) {
                $0.messages.first?.bodyCount ?? 0 >= half
            }
            try await isSent
            let answer = try await client.answer(within: Patience.bulk)
            #expect(answer.bodyCount == BodyPattern.count)
            #expect(answer.isIntact, "seed \(BodyPattern.seed)")
            let request = try await stage.mirror.complete(1, within: Patience.bulk)[0]
            #expect(request.isIntact && request.bodyCount == BodyPattern.count, "seed \(BodyPattern.seed)")
        }
    }
}

extension RawConnection {
    /// Sends a POST with the start of `BodyPattern`; returns when the system has taken it.
    ///
    /// - Parameter followers: Never fall more than a little behind. A mirror on a busy machine might otherwise lag by
    ///   more than a copy may hold, and would be cut with good reason.
    func upload(
        _ coding: Coding,
        to target: String,
        count: Int = BodyPattern.count,
        followers: [ScriptedUpstream] = []
    ) async throws {
        try await send("POST \(target) HTTP/1.1\r\nhost: h\r\n\(coding.header(count))\r\n\r\n")
        var body = coding.pattern(count)
        guard !followers.isEmpty else { return try await send(body, within: Patience.bulk) }
        var sent = 0
        while let piece = body.readSlice(length: min(body.readableBytes, 1 << 20)), piece.readableBytes > 0 {
            try await send(piece, within: Patience.bulk)
            sent += piece.readableBytes
            let enough = sent - (2 << 20)
            for upstream in followers {
                try await upstream.record.wait("\(enough) bytes", within: Patience.bulk) { record in
                    record.requests.contains { $0.target == target && $0.bodyCount >= enough }
                }
            }
        }
    }
}
