// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Heads as they leave: lines untouched and in order, framing last, and never two framings.

import NIOCore
import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct HeadEncoderTests {
    private func wire(_ start: String, _ lines: [String], _ framing: BodyFraming = .none) -> String {
        var head = RequestHead(start, lines)
        head.framing = framing
        return wire(head)
    }

    private func wire(_ head: RequestHead) -> String {
        var buffer = ByteBuffer()
        HeadEncoder.write(head, to: &buffer)
        return String(buffer: buffer)
    }

    private func wire(_ head: ResponseHead, closes: Bool = false, answersHead: Bool = false) -> String {
        var buffer = ByteBuffer()
        let end = HeadEncoder.AnswerEnd(connection: closes ? .closes : .unsaid, answersHead: answersHead)
        HeadEncoder.write(head, end, to: &buffer)
        return String(buffer: buffer)
    }

    // MARK: Requests

    @Test func `a request is its start line, its lines and an empty one`() {
        #expect(wire("GET /a?b", ["host: h", "x-a: 1"]) == "GET /a?b HTTP/1.1\r\nhost: h\r\nx-a: 1\r\n\r\n")
    }

    @Test func `chunks are announced last`() {
        #expect(
            wire("POST /", ["host: h", "x-a: 1"], .chunked)
                == "POST / HTTP/1.1\r\nhost: h\r\nx-a: 1\r\ntransfer-encoding: chunked\r\n\r\n"
        )
    }

    @Test func `a length stands where the client put it`() {
        #expect(
            wire("POST /", ["host: h", "content-length: 3", "x-a: 1"], .length(3))
                == "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\nx-a: 1\r\n\r\n"
        )
    }

    @Test(arguments: [
        ("GET", false), ("HEAD", false), ("DELETE", false), ("TRACE", false), ("POST", true), ("PUT", true),
        ("PATCH", true), ("OPTIONS", true), ("PURGE", true),
    ])
    func `a missing body is announced by the methods that usually have one`(method: String, announces: Bool) {
        let end = announces ? "content-length: 0\r\n\r\n" : "\r\n"
        #expect(wire("\(method) /", ["host: h"]) == "\(method) / HTTP/1.1\r\nhost: h\r\n\(end)")
    }

    @Test func `a length of zero is not said twice`() {
        #expect(
            wire("POST /", ["host: h", "content-length: 0"])
                == "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n"
        )
    }

    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func `lines leave in their order however they lie in the arena`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            var head = RequestHead("GET /", ["host: h"] + (0..<8).map { "x-\($0): \($0)" })
            for step in 0..<dice.number(below: 6) {
                let index = dice.number(below: head.headers.lines.count)
                switch dice.number(below: 4) {
                case 0: head.headers.removeLine(at: index)
                case 1: head.headers.setValue(at: index, to: Array("changed \(step)".utf8))
                case 2: head.headers.moveLineToFront(index)
                default: head.headers.add("x-new", decimal: step, known: .other)
                }
            }
            let lines = head.headers.texts.map { $0 + "\r\n" }.joined()
            #expect(wire(head) == "GET / HTTP/1.1\r\n\(lines)\r\n", "seed \(seed)")
        }
    }

    // MARK: Answers

    @Test(arguments: [
        (200, "HTTP/1.1 200 OK"), (201, "HTTP/1.1 201 Created"), (404, "HTTP/1.1 404 Not Found"),
        (299, "HTTP/1.1 299 Unknown"), (999, "HTTP/1.1 999 Unknown"),
    ])
    func `the status line has the standard reason`(status: Int, line: String) {
        #expect(wire(ResponseHead(status: status, ["content-length: 0"])).hasPrefix(line + "\r\ncontent-length: 0\r\n"))
    }

    /// Status, framing, lines, answers HEAD, and what the connection adds.
    @Test(
        arguments: [
            (200, .length(3), ["content-length: 3"], false, ""),
            (200, .none, ["content-length: 0"], false, ""),
            (200, .none, [], false, "content-length: 0\r\n"),
            (200, .chunked, [], false, "transfer-encoding: chunked\r\n"),
            (200, .untilClose, [], false, "transfer-encoding: chunked\r\n"),
            (404, .none, [], false, "content-length: 0\r\n"),
            (204, .none, [], false, ""),
            (304, .none, [], false, ""),
            (304, .none, ["content-length: 3"], false, ""),
            (200, .none, ["content-length: 3"], true, ""),
            (200, .none, [], true, "transfer-encoding: chunked\r\n"),
            (204, .none, [], true, ""),
            (304, .none, [], true, ""),
        ] as [(Int, BodyFraming, [String], Bool, String)]
    )
    func `framing comes last, and only if the lines do not say it`(
        status: Int,
        framing: BodyFraming,
        lines: [String],
        answersHead: Bool,
        added: String
    ) {
        let head = ResponseHead(status: status, framing: framing, ["x-a: 1"] + lines)
        let start =
            "HTTP/1.1 \(status) \(ResponseHead.reason(status))\r\nx-a: 1\r\n" + lines.map { $0 + "\r\n" }.joined()
        #expect(wire(head, answersHead: answersHead) == "\(start)\(added)\r\n")
        #expect(wire(head, closes: true, answersHead: answersHead) == "\(start)connection: close\r\n\(added)\r\n")
    }

    @Test(arguments: [(0, "0"), (1, "1"), (15, "f"), (16, "10"), (65_535, "ffff"), (1 << 40, "10000000000")])
    func `chunk sizes are hexadecimal`(size: Int, digits: String) {
        var buffer = ByteBuffer()
        HeadEncoder.writeChunkHead(size, to: &buffer)
        #expect(String(buffer: buffer) == digits + "\r\n")
    }
}
