// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Heads that are encoded come out of a decoder as they were, and what is repeated costs a byte.

import NIOCore
import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct HPACKEncoderTests {
    /// Both ends of one direction.
    private struct Pair {
        var encoder = HPACKEncoder()
        var decoder = HPACKDecoder(tableBytes: 4096)

        /// - Returns: What arrives, and how many bytes it took.
        mutating func send(_ write: (inout HPACKEncoder, inout ByteBuffer) -> Void) throws -> (
            texts: [String], count: Int
        ) {
            // Something stands before it, as a frame's header does.
            var buffer = ByteBuffer(repeating: 7, count: 9)
            write(&encoder, &buffer)
            buffer.moveReaderIndex(forwardBy: 9)
            var section = FieldSection()
            var limits = MessageLimits()
            limits.headBytes = 1 << 24
            try decoder.decode(buffer.readableBytesUInt8Span, limits: limits, into: &section)
            section.restoreCrumbs()
            #expect(section.fault == nil)
            return (section.texts, buffer.readableBytes)
        }

        mutating func send(_ head: RequestHead) throws -> (texts: [String], count: Int) {
            try send { $0.encodeRequest(head, scheme: .http, into: &$1) }
        }

        mutating func send(_ head: ResponseHead) throws -> (texts: [String], count: Int) {
            try send { $0.encodeResponse(head, into: &$1) }
        }
    }

    private func answer(_ status: Int, _ lines: [String]) -> ResponseHead {
        var head = ResponseHead()
        head.status = status
        head.headers = HeaderBlock(lines)
        return head
    }

    @Test func `a request arrives as it was`() throws {
        var pair = Pair()
        let head = RequestHead(
            "PUT /a?b",
            ["host: h:80", "accept: */*", "x-a: 1", "x-a: 2", "te: trailers", "x-empty: "]
        )
        let texts = [":method: PUT", ":scheme: http", ":authority: h:80", ":path: /a?b"]
        for _ in 0..<4 {
            let sent = try pair.send(head)
            #expect(sent.texts == texts + ["accept: */*", "x-a: 1", "x-a: 2", "te: trailers", "x-empty: "])
        }
    }

    @Test func `what HTTP 2 forbids is left out`() throws {
        var pair = Pair()
        let lines = [
            "host: h", "connection: close", "keep-alive: 5", "proxy-connection: x", "transfer-encoding: chunked",
            "upgrade: a", "http2-settings: b", "te: gzip", "content-length: 5",
        ]
        #expect(try pair.send(RequestHead("GET /", lines)).texts.last == "content-length: 5")
        #expect(try pair.send(RequestHead("GET /", lines)).texts.count == 5)
        #expect(try pair.send(answer(200, Array(lines.dropFirst()))).texts == [":status: 200", "content-length: 5"])
    }

    @Test func `a request that is repeated costs a byte for each field but the path`() throws {
        var pair = Pair()
        let lines = ["host: example.com", "user-agent: curl/8", "accept: */*", "x-envoy-expected-rq-timeout-ms: 15000"]
        let first = try pair.send(RequestHead("GET /", lines)).count
        let second = try pair.send(RequestHead("GET /", lines)).count
        #expect(second <= first)
        #expect(try pair.send(RequestHead("GET /", lines)).count == 7)
        #expect(try pair.send(RequestHead("GET /path", lines)).count == 7 + 1 + 5)
    }

    @Test(arguments: [
        "x-request-id: 1", "date: now", "content-length: 5", "x-envoy-upstream-service-time: 5", "cookie: short",
        "authorization: Bearer aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "set-cookie: a=b", "proxy-authorization: x",
        "cookie: a=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ])
    func `what changes or is secret never comes into the table`(line: String) throws {
        var pair = Pair()
        let first = try pair.send(answer(200, [line]))
        for _ in 0..<4 {
            let sent = try pair.send(answer(200, [line]))
            #expect(sent == first)
        }
        var buffer = ByteBuffer()
        pair.encoder.encodeResponse(answer(200, [line]), into: &buffer)
        let isSecret = line.contains("auth") || line.contains("cookie")
        #expect(buffer.bytes[1] & 0xF0 == (isSecret ? 0x10 : 0x00))
    }

    @Test func `lines that never come again leave the table to those that do`() throws {
        var pair = Pair()
        for turn in 0..<1000 {
            _ = try pair.send(answer(200, ["x-same: value", "x-turn: \(turn)", "x-a: \(turn * 7)"]))
        }
        let sent = try pair.send(answer(200, ["x-same: value"]))
        #expect(sent.count == 2)
    }

    @Test func `statuses`() throws {
        var pair = Pair()
        for status in [100, 103, 200, 204, 206, 304, 400, 404, 500, 201, 503, 999] {
            let sent = try pair.send(answer(status, ["x-a: 1"]))
            #expect(sent.texts == [":status: \(status)", "x-a: 1"])
        }
        let switched = try pair.send { encoder, buffer in
            encoder.encodeResponse(self.answer(101, ["upgrade: w"]), status: 200, into: &buffer)
        }
        #expect(switched.texts == [":status: 200"])
    }

    @Test func `tunnels and extended CONNECT`() throws {
        var pair = Pair()
        let connect = RequestHead("CONNECT h:443", ["host: h:443"])
        #expect(try pair.send(connect).texts == [":method: CONNECT", ":authority: h:443"])
        let upgrade = RequestHead("GET /chat", ["host: h", "connection: upgrade", "upgrade: websocket", "x-a: 1"])
        let sent = try pair.send { $0.encodeRequest(upgrade, scheme: .https, isExtendedConnect: true, into: &$1) }
        let texts = [":method: CONNECT", ":scheme: https", ":authority: h", ":path: /chat", ":protocol: websocket"]
        #expect(sent.texts == texts + ["x-a: 1"])
    }

    @Test func `a request without a Host, and trailers`() throws {
        var pair = Pair()
        let sent = try pair.send(RequestHead("GET /", ["x-a: 1"]))
        #expect(sent.texts == [":method: GET", ":scheme: http", ":path: /", "x-a: 1"])
        let lines = ["grpc-status: 0", "grpc-message: ", "content-length: 3"]
        let trailers = try pair.send { $0.encodeTrailers(HeaderBlock(lines), into: &$1) }
        #expect(trailers.texts == lines)
    }

    // MARK: Table sizes

    // RFC 7541 section 4.2.
    @Test func `a table that the peer makes smaller is announced before anything else`() throws {
        var pair = Pair()
        for _ in 0..<3 { _ = try pair.send(answer(200, ["x-a: 1"])) }
        pair.encoder.setTableBytes(0)
        pair.decoder = HPACKDecoder(tableBytes: 0)
        pair.decoder.settingsAcknowledged()
        let first = try pair.send(answer(200, ["x-a: 1"]))
        #expect(first.texts == [":status: 200", "x-a: 1"])
        let second = try pair.send(answer(200, ["x-a: 1"]))
        #expect(second.count == first.count - 1)
    }

    @Test func `the smallest size in between is told, too`() throws {
        var encoder = HPACKEncoder()
        encoder.setTableBytes(100)
        encoder.setTableBytes(4096)
        var buffer = ByteBuffer()
        encoder.encodeResponse(answer(200, []), into: &buffer)
        #expect(buffer.bytes.hex == "3f453fe11f88")
        buffer.clear()
        encoder.setTableBytes(1 << 30)
        encoder.encodeResponse(answer(200, []), into: &buffer)
        #expect(buffer.bytes.hex == "88")
    }

    @Test func `a small table`() throws {
        var pair = Pair()
        pair.encoder.setTableBytes(200)
        for turn in 0..<100 {
            let lines = [
                "x-a: 1", "x-b: \(turn % 3)", "x-c: \(turn % 5)", "x-d: " + String(repeating: "d", count: 300),
            ]
            #expect(try pair.send(answer(200, lines)).texts == [":status: 200"] + lines)
        }
    }

    // MARK: Walks

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `whatever is sent arrives`(seed: UInt64) throws {
        var dice = SeededGenerator(seed: seed)
        var pair = Pair()
        let names = ["x-a", "accept", "cookie", "etag", "x-long-name-of-a-header", "user-agent", "via", "age", "link"]
        for _ in 0..<400 {
            if dice.chance(percent: 2) { pair.encoder.setTableBytes(dice.pick([0, 64, 200, 1000, 4096])) }
            let lines = (0..<dice.number(below: 8)).map { _ in
                let length = dice.chance(percent: 5) ? dice.number(below: 3000) : dice.number(below: 12)
                let value = String(repeating: dice.pick(["a", "b", "é"]), count: length)
                return "\(dice.pick(names)): \(value)"
            }
            let cookies = lines.filter { $0.hasPrefix("cookie") }
            let sent = try pair.send(answer(200, lines))
            #expect(sent.texts == [":status: 200"] + lines.filter { !$0.hasPrefix("cookie") } + cookies, "seed \(seed)")
        }
    }

    @Test func `every length of a line`() throws {
        var pair = Pair()
        for length in 0..<300 {
            let line = "x-\(length): " + String(repeating: "v", count: length)
            for _ in 0..<3 { #expect(try pair.send(answer(200, [line])).texts == [":status: 200", line]) }
        }
    }
}
