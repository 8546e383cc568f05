// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Answers of upstreams: told from head to end however they are cut, and never half an answer for a whole one.

import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct ClientAnswerTests {
    private static let answers: [(String, String, [String])] = [
        ("GET /", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", ["200", "body hello", "end, reusable"]),
        ("GET /", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", ["404", "end, reusable"]),
        (
            "GET /", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x\r\n!\r\n0\r\nT: 1\r\n\r\n",
            ["200", "body hello!", "end, reusable"]
        ),
        ("HEAD /", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", ["200", "end, reusable"]),
        ("HEAD /", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", ["200", "end, reusable"]),
        ("GET /", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", ["204", "end, reusable"]),
        ("GET /", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", ["304", "end, reusable"]),
        ("GET /", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", ["200", "body ok", "end"]),
        ("GET /", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", ["200", "body ok", "end"]),
        (
            "GET /",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            ["200", "body ok", "end, reusable"]
        ),
        ("GET /", "HTTP/1.1 200 OK\r\n\r\nuntil close", ["200", "body until close"]),
        (
            "GET /", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX",
            ["200", "body hello", "failed: protocolError"]
        ),
        ("GET /", "HTTP/1.1 200 OK\r\nBad Name: 1\r\n\r\n", ["failed: protocolError"]),
    ]

    @Test(arguments: answers.indices)
    func `an answer is told from its head to its end`(index: Int) throws {
        let (start, text, events) = Self.answers[index]
        let rig = try ClientRig()
        rig.begin(start)
        rig.receive(text)
        #expect(rig.events == events)
        #expect(rig.handler.turns == (events.last == "failed: protocolError" ? 0 : 1))
    }

    @Test(arguments: answers.indices)
    func `cut anywhere it is the same answer`(index: Int) throws {
        let (start, text, events) = Self.answers[index]
        let bytes = Array(text.utf8)
        for split in 1..<bytes.count {
            let rig = try ClientRig()
            rig.begin(start)
            rig.receive(Array(bytes[..<split]))
            rig.receive(Array(bytes[split...]))
            #expect(rig.events == events, "cut at \(split)")
        }
        let rig = try ClientRig()
        rig.begin(start)
        for byte in bytes { rig.receive([byte]) }
        #expect(rig.events == events, "byte by byte")
    }

    @Test(arguments: [
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/2 200\r\n\r\n", "SSH-2.0-OpenSSH\r\n", "\r\n", "HTTP/1.1 99 Low\r\n\r\n",
        "HTTP/1.1 200 OK\nX-A: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-A: 1\r\n folded\r\n\r\n", "HTTP/1.1 200 OK\r\nX-A: \0\r\n\r\n",
    ])
    func `an answer that is no HTTP is a protocol error, and the connection is gone`(text: String) throws {
        let rig = try ClientRig()
        rig.begin()
        rig.receive(text)
        #expect(rig.events == ["failed: protocolError"])
        #expect(rig.transport.isClosed)
        #expect(rig.limits.requests.current == 0)
    }

    @Test func `a head without an end is a protocol error`() throws {
        let rig = try ClientRig()
        rig.begin()
        rig.receive("HTTP/1.1 200 OK\r\nX-Long: ")
        rig.receive([UInt8](repeating: 0x78, count: 61 * 1024))
        #expect(rig.events == ["failed: protocolError"])
    }

    // MARK: Truncated answers

    /// What came before the connection ended, and what an orderly end of it is then.
    ///
    /// Behind an interim answer it is no sign of a stale connection any more.
    @Test(arguments: [
        ("", "closed"), ("HTTP/1.1 100 Continue\r\n\r\n", "reset"), ("HTTP/1.1 200", "protocolError"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", "protocolError"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "closed"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "closed"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", "closed"),
    ])
    func `half an answer is never taken for a whole one`(text: String, failure: String) throws {
        for (end, event) in [(TransportEnd.closedByPeer, "failed: \(failure)"), (.reset, "failed: reset")] {
            let rig = try ClientRig()
            rig.begin()
            if !text.isEmpty { rig.receive(text) }
            rig.connection.transportClosed(end)
            #expect(rig.events.last == event)
            #expect(rig.events.allSatisfy { !$0.hasPrefix("end") })
            #expect(rig.limits.requests.current == 0)
        }
    }

    @Test func `a body until close ends with the close`() throws {
        let rig = try ClientRig()
        rig.begin()
        rig.receive("HTTP/1.1 200 OK\r\n\r\nhello")
        rig.connection.transportClosed(.closedByPeer)
        #expect(rig.events == ["200", "body hello", "end"])
        #expect(rig.limits.requests.current == 0)
        #expect(!rig.isPooled())
    }

    @Test func `a body until close that is reset is broken`() throws {
        let rig = try ClientRig()
        rig.begin()
        rig.receive("HTTP/1.1 200 OK\r\n\r\nhello")
        rig.connection.transportClosed(.reset)
        #expect(rig.events == ["200", "body hello", "failed: reset"])
    }

    // MARK: Handlers that have enough

    @Test(arguments: [RecordingResponseHandler.Moment.head, .body])
    func `a handler that closes in mid-answer hears nothing more`(moment: RecordingResponseHandler.Moment) throws {
        let rig = try ClientRig()
        rig.handler.reaction = { [unowned rig] now in if now == moment { rig.connection.close() } }
        rig.begin()
        rig.receive("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n")
        rig.receive("more")
        #expect(rig.events == (moment == .head ? ["200"] : ["200", "body hello"]))
        #expect(rig.transport.isClosed)
        #expect(rig.limits.requests.current == 0)
    }

    @Test func `a handler that closes when all is over frees the limit once`() throws {
        let rig = try ClientRig()
        rig.handler.reaction = { [unowned rig] _ in rig.connection.close() }
        rig.begin()
        rig.receive("HTTP/1.1 200 OK\r\n\r\n")
        rig.connection.transportClosed(.closedByPeer)
        rig.connection.close()
        #expect(rig.limits.requests.current == 0)
    }

    @Test func `reading is paused and resumed for a slow client`() throws {
        let rig = try ClientRig()
        rig.begin()
        rig.connection.setReading(false)
        #expect(!rig.transport.isReading)
        rig.connection.setReading(true)
        #expect(rig.transport.isReading)
    }

    @Test func `an answer that overtakes its request is told as it comes`() throws {
        let rig = try ClientRig()
        rig.begin("POST /", ["host: h", "content-length: 100"], .length(100))
        rig.connection.flush()
        rig.receive("HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\n\r\n")
        #expect(rig.events == ["413", "end, reusable"])
    }
}
