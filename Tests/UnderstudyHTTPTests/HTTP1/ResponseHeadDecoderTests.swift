// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Answers of upstreams: what is understood of them, and what is a protocol error.

import Testing
import UnderstudyCore
import UnderstudyHTTP

struct ResponseHeadDecoderTests {
    private func expect(
        _ text: String,
        answering method: UnderstudyCore.Method = .get,
        _ expected: DecodedResponse,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let decoded = DecodedResponse.decode(text + "\r\n\r\n", answering: method)
        #expect(decoded == .head(expected, length: text.utf8.count + 4), sourceLocation: sourceLocation)
    }

    private func fault(_ text: String, answering method: UnderstudyCore.Method = .get) -> MessageFault? {
        guard case .refused(let fault) = DecodedResponse.decode(text + "\r\n\r\n", answering: method) else {
            return nil
        }
        return fault
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK", 200), ("HTTP/1.1 200 ", 200), ("HTTP/1.1 200", 200), ("HTTP/1.1 999 Whatever é", 999),
        ("HTTP/1.1 404 Not  Found\t", 404), ("HTTP/1.1 100 Continue", 100),
    ])
    func `a status line with or without a phrase`(line: String, status: Int) {
        guard case .head(let decoded, _) = DecodedResponse.decode("\(line)\r\n\r\n") else {
            Issue.record("refused")
            return
        }
        #expect(decoded.status == status)
    }

    @Test(arguments: [
        "HTTP/1.1 099 Low", "HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1 2x0 OK", "HTTP/1.1 -20 OK",
        "HTTP/1.1 +20 OK",
        "HTTP/1.1  200 OK", "HTTP/1.1\t200 OK", "HTTP/1.1 200\tOK", "HTTP/1.1 200OK", "HTTP/1.1200 OK", "HTTP/1.1 ",
        "HTTP/1.1", "HTTP/1.2 200 OK", "HTTP/2.0 200 OK", "HTTP/2 200 OK", "HTTP/0.9 200 OK", "http/1.1 200 OK",
        "HTTPS/1.1 200 OK", " HTTP/1.1 200 OK", "ICY 200 OK", "200 OK", "", "HTTP/1.1 200 O\u{0}K",
        "HTTP/1.1 200 O\u{7F}K",
        "HTTP/1.1 200 O\rK", "SSH-2.0-OpenSSH_9.0",
    ])
    func `a status line that is none is refused`(line: String) {
        #expect(fault("\(line)\r\nContent-Length: 0") == .badSyntax)
    }

    @Test func `lines keep order and values, names become lower-case`() {
        expect(
            "HTTP/1.1 200 Fine\r\nSet-Cookie: A=1\r\nContent-Length: 3\r\nSET-COOKIE:  b=2 ",
            DecodedResponse(200, ["set-cookie: A=1", "content-length: 3", "set-cookie: b=2"], .length(3))
        )
    }

    // MARK: Where the body ends

    @Test(
        arguments: [
            ("Content-Length: 3", .length(3)), ("Content-Length: 0", .none), ("Transfer-Encoding: Chunked", .chunked),
            ("X-A: 1", .untilClose),
        ] as [(String, BodyFraming)]
    )
    func `by length, chunks or close`(line: String, framing: BodyFraming) {
        guard case .head(let decoded, _) = DecodedResponse.decode("HTTP/1.1 200 OK\r\n\(line)\r\n\r\n") else {
            Issue.record("refused")
            return
        }
        #expect(decoded.framing == framing)
        #expect(decoded.keepsAlive == (framing != .untilClose))
    }

    @Test(arguments: [100, 103, 199, 204, 304], ["Content-Length: 0", "X-A: 1"])
    func `some statuses have no body`(status: Int, line: String) {
        guard case .head(let decoded, _) = DecodedResponse.decode("HTTP/1.1 \(status) X\r\n\(line)\r\n\r\n") else {
            Issue.record("refused")
            return
        }
        #expect(decoded.framing == .none)
        #expect(decoded.keepsAlive)
    }

    @Test(arguments: ["content-length: 3", "transfer-encoding: chunked"])
    func `304 tells what it does not send`(line: String) {
        expect("HTTP/1.1 304 X\r\n\(line)", DecodedResponse(304, [line], .none))
    }

    @Test(arguments: [100, 103, 199, 204], ["Content-Length: 3", "Transfer-Encoding: chunked"])
    func `a status without a body that announces one is refused`(status: Int, line: String) {
        #expect(fault("HTTP/1.1 \(status) X\r\n\(line)") == .conflictingFraming)
        #expect(fault("HTTP/1.1 \(status) X\r\n\(line)", answering: .head) == .conflictingFraming)
    }

    @Test(arguments: ["content-length: 3", "transfer-encoding: chunked", "x-a: 1"])
    func `an answer to HEAD has no body, whatever it says`(line: String) {
        expect("HTTP/1.1 200 OK\r\n\(line)", answering: .head, DecodedResponse(200, [line], .none))
    }

    @Test(arguments: [UnderstudyCore.Method.get, .head])
    func `framing that contradicts itself is refused, body or not`(method: UnderstudyCore.Method) {
        let start = "HTTP/1.1 200 OK\r\n"
        #expect(
            fault(start + "Content-Length: 3\r\nTransfer-Encoding: chunked", answering: method) == .conflictingFraming
        )
        #expect(fault(start + "Content-Length: 3\r\nContent-Length: 4", answering: method) == .badLength)
        #expect(fault(start + "Content-Length: 3, 4", answering: method) == .badLength)
        #expect(fault(start + "Content-Length: -1", answering: method) == .badLength)
        #expect(fault(start + "Content-Length: 99999999999999999999", answering: method) == .badLength)
        #expect(fault(start + "Transfer-Encoding: gzip, chunked", answering: method) == .unsupportedTransferCoding)
        #expect(fault(start + "Transfer-Encoding: gzip", answering: method) == .unsupportedTransferCoding)
        let twice = start + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"
        #expect(fault(twice, answering: method) == .badTransferCoding)
        #expect(fault(start + "Transfer-Encoding: xchunked", answering: method) == .badTransferCoding)
    }

    @Test func `a length goes on without zeros in front of it`() {
        expect("HTTP/1.1 200 OK\r\nContent-Length: 005", DecodedResponse(200, ["content-length: 5"], .length(5)))
    }

    @Test func `HTTP 1 point 0 has no transfer codings`() {
        #expect(fault("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked") == .unsupportedTransferCoding)
    }

    @Test(arguments: [
        "X-A : 1", " X-A: 1", ": 1", "X A: 1", "X-A", "X-A: a\u{0}b", "X-A: 1\r\n folded", "X-A: 1\nX-B: 2",
        "X-A: 1\r2",
    ])
    func `a header line that is none is refused`(line: String) {
        #expect(fault("HTTP/1.1 200 OK\r\n\(line)") == .badSyntax)
    }

    // MARK: Whether the connection stays

    @Test(arguments: [
        ("1.1", "", true), ("1.1", "Connection: close\r\n", false), ("1.1", "Connection: keep-alive\r\n", true),
        ("1.1", "Connection: x, Close\r\n", false), ("1.0", "", false), ("1.0", "Connection: keep-alive\r\n", true),
        ("1.0", "Connection: keep-alive, close\r\n", false), ("1.1", "Proxy-Connection: close\r\n", true),
    ])
    func `version and connection decide`(version: String, lines: String, keepsAlive: Bool) {
        let text = "HTTP/\(version) 200 OK\r\n\(lines)Content-Length: 0\r\n\r\n"
        guard case .head(let decoded, _) = DecodedResponse.decode(text) else {
            Issue.record("refused")
            return
        }
        #expect(decoded.keepsAlive == keepsAlive)
    }
}
