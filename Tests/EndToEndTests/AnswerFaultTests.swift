// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Primaries that end in the middle of an answer, after every byte of it: the client never takes half of it for the whole.

internal import TestSupport
internal import Testing

@Suite(.timeLimit(.minutes(5)))
struct AnswerFaultTests {
    enum Coding: String, CaseIterable, Sendable {
        case length = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"
        case chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
        case close = "HTTP/1.1 200 OK\r\nx-a: 1\r\n\r\nhello"

        var headLength: Int {
            let head = rawValue.firstRange(of: "\r\n\r\n")?.upperBound ?? rawValue.endIndex
            return rawValue.utf8.distance(from: rawValue.startIndex, to: head)
        }
    }

    enum End: CaseIterable, Sendable { case close, reset }

    /// Answers a request for `/n` with the first `n` bytes, and ends.
    private static func primary(_ coding: Coding, _ end: End) -> UpstreamBehaviour {
        var behaviour = UpstreamBehaviour()
        behaviour.onEnd = { request, connection in
            let count = Int(request.target.dropFirst()) ?? 0
            connection.push(String(decoding: coding.rawValue.utf8.prefix(count), as: UTF8.self))
            switch end {
            case .close: connection.close()
            case .reset: connection.reset()
            }
        }
        return behaviour
    }

    @Test(arguments: Coding.allCases, End.allCases)
    func `an answer that breaks off looks broken, wherever that is`(coding: Coding, end: End) async throws {
        let counts = 0...coding.rawValue.utf8.count
        try await Stage.run(primary: Self.primary(coding, end)) { stage in
            for count in counts {
                let client = try await stage.connect()
                client.push("GET /\(count) HTTP/1.1\r\nhost: h\r\n\r\n")
                let seen = try await client.seen.wait("an answer or an end") {
                    !$0.completeMessages.isEmpty || $0.end != nil
                }
                check(seen, coding, end, count)
                client.close()
            }
            // What has ended carries nothing more.
            let connections = stage.primary.record.current.connections
            #expect(connections.allSatisfy { $0.messages.count == 1 })
            #expect(connections.count == counts.count)
        }
    }

    private func check(_ seen: RawConnection.Seen, _ coding: Coding, _ end: End, _ count: Int) {
        let place: Comment = "after \(count) bytes: \(seen)"
        #expect(seen.fault == nil, place)
        let isWhole = coding == .close ? count >= coding.headLength : count == coding.rawValue.utf8.count
        guard let answer = seen.completeMessages.first else {
            // It began and broke off, so it was no answer of the proxy's own.
            #expect(count >= coding.headLength && (end == .reset || !isWhole), place)
            return
        }
        if answer.status == 200 {
            #expect(isWhole && (end == .close || coding != .close), place)
            let body = coding == .close ? String("hello".prefix(max(0, count - coding.headLength))) : "hello"
            #expect(answer.body == body, place)
        } else {
            // A reset may take along what had been sent before it.
            #expect(answer.status == 502 || answer.status == 503, place)
            #expect(count < coding.headLength || end == .reset, place)
        }
    }
}
