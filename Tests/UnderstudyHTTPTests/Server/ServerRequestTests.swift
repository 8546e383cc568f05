// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What handlers hear of requests, however their bytes are cut, and what the connection refuses without asking them.

import Testing
import UnderstudyHTTP

struct ServerRequestTests {
    private static let messages: [(String, [String])] = [
        ("GET /a HTTP/1.1\r\nHost: h\r\n\r\n", ["GET /a"]),
        ("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", ["POST /a", "body hello", "end"]),
        (
            "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n6\r\n world\r\n0\r\nT: 1\r\n\r\n",
            ["POST /a", "body hello world", "end"]
        ),
        ("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ["POST /a", "end"]),
        ("PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", ["PUT /a"]),
        ("\r\n\r\nGET http://o/b HTTP/1.1\r\nHost: h\r\n\r\n", ["GET /b"]),
        (
            "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX",
            ["POST /a", "body hello", "broke 400"]
        ),
    ]

    @Test(arguments: messages.indices)
    func `a request is told from its head to its end`(index: Int) {
        let (text, events) = Self.messages[index]
        let rig = ServerRig()
        rig.receive(text)
        #expect(rig.events == events)
        #expect(rig.service.opened == 1)
        #expect(rig.sent == "")
    }

    @Test(arguments: messages.indices)
    func `cut anywhere it is the same request`(index: Int) {
        let (text, events) = Self.messages[index]
        let bytes = Array(text.utf8)
        for split in 1..<bytes.count {
            let rig = ServerRig()
            rig.receive(Array(bytes[..<split]))
            rig.receive(Array(bytes[split...]))
            #expect(rig.events == events, "cut at \(split)")
        }
    }

    @Test(arguments: messages.indices)
    func `byte by byte it is the same request`(index: Int) {
        let (text, events) = Self.messages[index]
        let rig = ServerRig()
        for byte in text.utf8 { rig.receive([byte]) }
        #expect(rig.events == events)
    }

    @Test func `every delivery ends with a turn`() {
        let rig = ServerRig()
        rig.receive("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n")
        #expect(rig.service.turns == 1)
        rig.receive("he")
        #expect(rig.service.turns == 2)
        rig.receive("llo")
        #expect(rig.service.turns == 3)
    }

    @Test func `a request in one read has one turn`() {
        let rig = ServerRig()
        rig.receive("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
        #expect(rig.service.turns == 1)
    }

    @Test func `a client that waits to be told to go on is told at once`() {
        let rig = ServerRig(
            RecordingService { handler, moment in if moment == .head { handler.stream?.sendContinue() } }
        )
        rig.receive("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        #expect(rig.sent == "HTTP/1.1 100 Continue\r\n\r\n")
        #expect(rig.transport.unflushedBytes == 0)
    }

    // MARK: Refused heads

    @Test(arguments: [
        ("GET / HTTP/1.1\r\n\r\n", "400 Bad Request", ""),
        ("GET /# HTTP/1.1\r\nHost: h\r\n\r\n", "400 Bad Request", ""),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400 Bad Request", "Bad Request"),
        (
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400 Bad Request",
            "Bad Request"
        ),
        ("GET / HTTP/1.0\r\n\r\n", "426 Upgrade Required", "Upgrade Required"),
        ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", "501 Not Implemented", "Not Implemented"),
        ("\n", "400 Bad Request", "Bad Request"),
        ("\u{16}\u{3}\u{1}\r\n", "400 Bad Request", "Bad Request"),
    ])
    func `a refused head is answered and the connection ends`(text: String, status: String, body: String) {
        let rig = ServerRig()
        rig.receive(text)
        #expect(rig.service.handlerCount == 0)
        #expect(rig.sent.hasPrefix("HTTP/1.1 \(status)\r\n"))
        #expect(rig.sent.contains("\r\nserver: understudy\r\n"))
        #expect(rig.sent.contains("\r\ndate: "))
        #expect(rig.sent.contains("\r\nconnection: close\r\n"))
        #expect(rig.sent.contains("\r\ncontent-length: \(body.utf8.count)\r\n"))
        #expect(rig.sent.hasSuffix("\r\n\r\n\(body)"))
        #expect(rig.transport.unflushedBytes == 0)
        // The client may still be sending, so the answer gets time to be read.
        #expect(rig.transport.linger == rig.limits.lingerTime)
    }

    @Test(arguments: [
        "HEAD * HTTP/1.1\r\nHost: h\r\n\r\n", "HEAD / HTTP/1.1\r\nHost: a b\r\n\r\n", "HEAD / HTTP/1.1\n",
    ])
    func `a refused HEAD is answered without a body`(text: String) {
        let rig = ServerRig()
        rig.receive(text)
        #expect(rig.sent.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        #expect(rig.sent.contains("\r\ncontent-length: 11\r\n"))
        #expect(rig.sent.hasSuffix("\r\nconnection: close\r\n\r\n"))
    }

    @Test func `after a refusal nothing more is read as a request`() {
        let rig = ServerRig()
        rig.receive("BAD\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n")
        let sent = rig.sent
        rig.receive("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(rig.sent == sent)
        #expect(rig.service.handlerCount == 0)
    }

    @Test func `a head beyond the limit is refused while it still arrives`() {
        let rig = ServerRig()
        rig.receive("GET / HTTP/1.1\r\nHost: h\r\nX-Long: ")
        for _ in 0..<61 where !rig.isEnding { rig.receive(String(repeating: "x", count: 1024)) }
        #expect(rig.sent.hasPrefix("HTTP/1.1 431 Request Header Fields Too Large\r\n"))
        #expect(rig.transport.linger != nil)
    }

    @Test func `the next request after a good one may be refused, too`() {
        let rig = ServerRig.answering()
        rig.receive("HEAD / HTTP/1.1\r\nHost: h\r\n\r\nBAD\r\n\r\n")
        #expect(rig.sent.hasPrefix("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nHTTP/1.1 400 Bad Request\r\n"))
        #expect(rig.sent.hasSuffix("\r\n\r\nBad Request"))
    }
}
