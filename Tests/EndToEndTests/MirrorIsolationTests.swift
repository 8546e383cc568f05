// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Whatever a mirror does, the client, the primary and the other mirrors do not notice.

internal import TestSupport
internal import Testing

/// Ways for a mirror to misbehave.
enum BadMirror: String, CaseIterable, Sendable {
    case neverReads, neverAnswers
    case resetsAtOnce, resetsInMidBody, closesAtOnce, closesInMidBody
    case answers50MB, answersGarbage, answersAnEndlessHead, answersWithBadChunks
    case answersEarly, answersEarlyAndCloses, switchesProtocols, floodsInterimAnswers
    case refusesConnections

    var behaviour: UpstreamBehaviour {
        switch self {
        case .neverReads: return .neverReads
        case .neverAnswers: return .silent
        case .refusesConnections: return .absent
        case .resetsAtOnce: return .resets(afterBody: 1)
        case .resetsInMidBody: return .resets(afterBody: 1 << 20)
        case .closesAtOnce: return Self.closing(afterBody: 1)
        case .closesInMidBody: return Self.closing(afterBody: 1 << 20)
        case .answers50MB: return Self.answering50MB
        case .answersGarbage: return .speaksEarly("\u{16}\u{03}\u{01} this is no HTTP\r\n\r\n")
        case .answersAnEndlessHead:
            return .speaksEarly("HTTP/1.1 200 OK\r\nx: " + String(repeating: "y", count: 1 << 20))
        case .answersWithBadChunks:
            return .speaksEarly("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n")
        case .answersEarly: return .speaksEarly("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        case .answersEarlyAndCloses: return Self.answeringEarlyAndClosing
        case .switchesProtocols: return .speaksEarly("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\nx")
        case .floodsInterimAnswers:
            return .speaksEarly(String(repeating: "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n", count: 20_000))
        }
    }

    private static func closing(afterBody count: Int) -> UpstreamBehaviour {
        var behaviour = UpstreamBehaviour()
        behaviour.onBody = { message, connection in
            if message.bodyCount >= count { connection.close() }
        }
        return behaviour
    }

    private static let answering50MB = {
        var behaviour = UpstreamBehaviour()
        behaviour.onHead = { _, connection in
            connection.push("HTTP/1.1 200 OK\r\ncontent-length: \(BodyPattern.count * 5 / 2)\r\n\r\n")
            connection.push(BodyPattern.all)
            connection.push(BodyPattern.all)
            connection.push(BodyPattern.prefix(BodyPattern.count / 2))
        }
        return behaviour
    }()

    private static let answeringEarlyAndClosing = {
        var behaviour = UpstreamBehaviour()
        behaviour.onHead = { _, connection in
            connection.push("HTTP/1.1 413 Payload Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
            connection.close()
        }
        return behaviour
    }()
}

@Suite(.timeLimit(.minutes(10)))
struct MirrorIsolationTests {
    @Test(arguments: BadMirror.allCases, Coding.allCases)
    func `a bad mirror costs itself and nobody else`(bad: BadMirror, coding: Coding) async throws {
        try await Stage.run(primary: .answers(), mirrors: [bad.behaviour, .answers()]) { stage in
            let client = try await stage.connect()

            try await client.upload(coding, to: "/up", followers: [stage.mirrors[1]])
            let answer = try await client.answer(within: Patience.bulk)
            #expect(answer.status == 200)
            #expect(answer.value("connection") == nil)
            #expect(try await client.ask("GET /next HTTP/1.1\r\nhost: h\r\n\r\n").body == "ok")

            for good in [stage.primary, stage.mirrors[1]] {
                let requests = try await good.complete(2, within: Patience.bulk)
                let upload = try #require(requests.first { $0.target == "/up" })
                #expect(upload.bodyCount == BodyPattern.count)
                #expect(upload.isIntact, "seed \(BodyPattern.seed)")
                #expect(requests.contains { $0.target == "/next" })
                #expect(good.record.current.faults == [])
            }
        }
    }

    @Test func `a mirror that stalls is cut, and the client never waits`() async throws {
        try await Stage.run(primary: .answers(), mirrors: [.neverReads]) { stage in
            let client = try await stage.connect()
            try await client.upload(.length, to: "/up")
            #expect(try await client.answer(within: Patience.bulk).status == 200)

            let stalled = try await stage.mirror.connection()
            stalled.setReading(true)
            let seen = try await stalled.end(within: Patience.bulk)
            #expect(seen.messages.count == 1)
            #expect(seen.completeMessages.isEmpty)
            #expect(seen.messages.first?.isIntact == true, "seed \(BodyPattern.seed)")
        }
    }

    @Test func `a mirror that is only a little slow gets everything`() async throws {
        try await Stage.run(primary: .answers(), mirrors: [.neverReads]) { stage in
            let client = try await stage.connect()
            try await client.upload(.chunked, to: "/up", count: 3 << 20)
            #expect(try await client.answer(within: Patience.bulk).status == 200)

            try await stage.mirror.connection().setReading(true)
            let copy = try await stage.mirror.complete(1, within: Patience.bulk)[0]
            #expect(copy.bodyCount == 3 << 20)
            #expect(copy.isIntact, "seed \(BodyPattern.seed)")
        }
    }

    @Test func `hundreds of requests are answered while no mirror ever answers`() async throws {
        try await Stage.run(primary: .answers(), mirrors: [.silent]) { stage in
            let client = try await stage.connect()
            for number in 0..<300 {
                let answer = try await client.ask("GET /\(number) HTTP/1.1\r\nhost: h\r\n\r\n")
                #expect(answer.status == 200)
            }
            let copies = try await stage.mirror.complete(300)
            #expect(Set(copies.map(\.target)) == Set((0..<300).map { "/\($0)" }))
        }
    }

    @Test func `when the mirrors' connections run out, copies are dropped and requests are not`() async throws {
        try await Stage.run(primary: .answers(), mirrors: [.silent], timeout: "300s") { stage in
            let client = try await stage.connect()
            for number in 0..<1_100 {
                let answer = try await client.ask("GET /\(number) HTTP/1.1\r\nhost: h\r\n\r\n")
                #expect(answer.status == 200)
            }
            // Envoy's default for a cluster's connections.
            try await stage.mirror.complete(1_024)
            #expect(stage.mirror.record.current.requests.count == 1_024)
        }
    }
}
