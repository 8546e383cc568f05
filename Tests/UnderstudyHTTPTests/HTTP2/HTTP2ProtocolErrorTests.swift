// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What RFC 9113 says of frames that should not have been sent.

import NIOCore
import Testing
import UnderstudyCore
import UnderstudyHTTP

struct HTTP2ProtocolErrorTests {
    struct Case: CustomTestStringConvertible {
        let testDescription: String
        let frames: [WireFrame]
        /// What is sent; the connection ends with a GOAWAY.
        let answer: [String]

        init(_ text: String, _ frames: [WireFrame], _ answer: String...) {
            testDescription = text
            self.frames = frames
            self.answer = answer
        }
    }

    static let get = Block.get()
    static let answered = ["HEADERS 1 200, content-length: 1", "DATA 1 1 end"]

    static let cases: [Case] = [
        // Streams (section 5.1).
        Case("idle: DATA", [.data(1, "x")], "GOAWAY 0 protocol"),
        Case("idle: RST_STREAM", [.reset(1)], "GOAWAY 0 protocol"),
        Case("idle: WINDOW_UPDATE", [.window(1, 1)], "GOAWAY 0 protocol"),
        Case("idle: CONTINUATION", [.continuation(1, [])], "GOAWAY 0 protocol"),
        Case("idle: PRIORITY", [.priority(1)]),
        Case("half-closed: PRIORITY", [.get(1), .priority(1)], answered[0], answered[1]),
        Case("closed: DATA", [.get(1), .data(1, "x")], answered[0], answered[1], "GOAWAY 1 closed"),
        Case("closed: HEADERS", [.get(1), .get(1)], answered[0], answered[1], "GOAWAY 1 closed"),
        Case("closed: WINDOW_UPDATE, RST_STREAM", [.get(1), .window(1, 1), .reset(1)], answered[0], answered[1]),
        Case("reset by the peer: DATA", [.post(1), .reset(1), .data(1, "x")], "RST 1 closed"),
        Case("reset by the peer: HEADERS", [.post(1), .reset(1), .get(1)], "RST 1 closed"),
        Case("even number", [.get(2)], "GOAWAY 0 protocol"),
        Case("smaller number that was passed over", [.post(5), .get(3)], "GOAWAY 5 protocol"),
        Case("depends on itself", [.priority(1, on: 1)], "GOAWAY 0 protocol"),
        Case("open stream depends on itself", [.post(1), .priority(1, on: 1)], "RST 1 protocol"),
        Case(
            "HEADERS that depend on themselves",
            [WireFrame(kind: 1, flags: 0x25, id: 1, payload: [0, 0, 0, 1, 9] + get)],
            "RST 1 protocol"
        ),
        // Header blocks (section 6.2, 6.10).
        Case(
            "another stream within a block",
            [.headers(1, get, endHeaders: false), .get(3)],
            "GOAWAY 0 protocol"
        ),
        Case(
            "unknown within a block",
            [.headers(1, get, endHeaders: false), WireFrame(kind: 99, id: 1)],
            "GOAWAY 0 protocol"
        ),
        Case("DATA within a block", [.headers(1, get, endHeaders: false), .data(1, "x")], "GOAWAY 0 protocol"),
        Case(
            "CONTINUATION of another stream",
            [.headers(1, get, endHeaders: false), .continuation(3, [])],
            "GOAWAY 0 protocol"
        ),
        Case("CONTINUATION after END_HEADERS", [.post(1), .continuation(1, [])], "GOAWAY 1 protocol"),
        Case("a second head", [.post(1), .headers(1, get, end: false)], "RST 1 protocol"),
        Case(
            "trailers without an end",
            [.post(1), .headers(1, Block.fields([("t", "1")]), end: false)],
            "RST 1 protocol"
        ),
        Case("trailers with a pseudo-field", [.post(1), .headers(1, get)], "RST 1 protocol"),
        Case("a block that is none", [.headers(1, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])], "GOAWAY 1 compression"),
        // Frames of the connection.
        Case(
            "PUSH_PROMISE",
            [.post(1), WireFrame(kind: 5, flags: 4, id: 1, payload: [0, 0, 0, 2])],
            "GOAWAY 1 protocol"
        ),
        Case("unknown frame", [WireFrame(kind: 99, flags: 0xFF, id: 7, payload: [1, 2, 3])]),
        Case("PING", [.ping(3)], "PING ack"),
        Case("answer to no PING", [.ping(3, ack: true)]),
        Case("unknown setting", [.settings([(0xFF, 7)])], "SETTINGS ack"),
        Case("SETTINGS_ENABLE_PUSH", [.settings([(2, 2)])], "GOAWAY 0 protocol"),
        Case("SETTINGS_INITIAL_WINDOW_SIZE", [.settings([(4, 1 << 31)])], "GOAWAY 0 flow"),
        Case("SETTINGS_MAX_FRAME_SIZE, too small", [.settings([(5, 16383)])], "GOAWAY 0 protocol"),
        Case("SETTINGS_MAX_FRAME_SIZE, too large", [.settings([(5, 1 << 24)])], "GOAWAY 0 protocol"),
        Case("SETTINGS_ENABLE_CONNECT_PROTOCOL", [.settings([(8, 2)])], "GOAWAY 0 protocol"),
        Case(
            "SETTINGS_ENABLE_CONNECT_PROTOCOL, taken back",
            [.settings([(8, 1)]), .settings([(8, 0)])],
            "SETTINGS ack",
            "GOAWAY 0 protocol"
        ),
        // Windows (section 6.9).
        Case("nothing for the connection's window", [.window(0, 0)], "GOAWAY 0 protocol"),
        Case("nothing for a stream's window", [.post(1), .window(1, 0)], "RST 1 protocol"),
        Case("too much for the connection's window", [.window(0, 0x7FFF_FFFF)], "GOAWAY 0 flow"),
        Case("too much for a stream's window", [.post(1), .window(1, 0x7FFF_FFFF)], "RST 1 flow"),
        Case(
            "a setting that makes a window too large",
            [.post(1), .window(1, 0x7FFF_0000), .settings([(4, 0x7FFF_FFFF)])],
            "GOAWAY 1 flow"
        ),
        // Lengths.
        Case("SETTINGS", [WireFrame(kind: 4, id: 0, payload: [0, 1, 0])], "GOAWAY 0 size"),
        Case("SETTINGS ack", [WireFrame(kind: 4, flags: 1, id: 0, payload: [0])], "GOAWAY 0 size"),
        Case("SETTINGS on a stream", [WireFrame(kind: 4, id: 1)], "GOAWAY 0 protocol"),
        Case("PING", [WireFrame(kind: 6, id: 0, payload: [1])], "GOAWAY 0 size"),
        Case(
            "PING on a stream",
            [WireFrame(kind: 6, id: 1, payload: Array(repeating: 0, count: 8))],
            "GOAWAY 0 protocol"
        ),
        Case(
            "GOAWAY on a stream",
            [WireFrame(kind: 7, id: 1, payload: Array(repeating: 0, count: 8))],
            "GOAWAY 0 protocol"
        ),
        Case("RST_STREAM", [.post(1), WireFrame(kind: 3, id: 1, payload: [0, 0, 0])], "GOAWAY 1 size"),
        Case("WINDOW_UPDATE", [WireFrame(kind: 8, id: 0, payload: [0, 0, 1])], "GOAWAY 0 size"),
        Case("a frame that is too large", [.post(1), .data(1, count: 16385)], "GOAWAY 1 size"),
        Case("DATA on no stream", [.data(0, "x")], "GOAWAY 0 protocol"),
        Case("HEADERS on no stream", [.get(0)], "GOAWAY 0 protocol"),
    ]

    @Test(arguments: cases)
    func `each frame that should not have been sent has its answer`(_ item: Case) {
        let rig = HTTP2ServerRig.answering()
        for frame in item.frames { rig.receive(frame) }
        #expect(rig.sent == item.answer)
        #expect(rig.isEnding == (item.answer.last?.hasPrefix("GOAWAY") ?? false))
    }

    @Test(arguments: cases)
    func `all in one read has the same answer`(_ item: Case) {
        let rig = HTTP2ServerRig.answering()
        rig.receive(item.frames.flatMap(\.bytes))
        #expect(rig.sent == item.answer)
    }

    @Test(arguments: cases)
    func `the same byte by byte`(_ item: Case) {
        let rig = HTTP2ServerRig.answering()
        for byte in item.frames.flatMap(\.bytes) { rig.receive([byte]) }
        #expect(rig.sent == item.answer)
    }

    @Test func `another preface ends the connection`() {
        let rig = HTTP2ServerRig(greets: false)
        rig.receive(Array("GET / HTTP/1.1\r\n\r\n".utf8))
        #expect(rig.sent.last == "GOAWAY 0 protocol")
        #expect(rig.isEnding)
    }

    @Test func `the first frame has to be SETTINGS`() {
        let rig = HTTP2ServerRig(greets: false)
        rig.receive(HTTP2ServerRig.preface + WireFrame.ping().bytes)
        #expect(rig.sent.last == "GOAWAY 0 protocol")
    }

    @Test func `a client may say goodbye and still have its answers`() {
        let rig = HTTP2ServerRig()
        rig.receive(.get(1), .goAway(0))
        #expect(!rig.isEnding)
        rig.service.handler(0).answer(200, "x")
        #expect(rig.sent == ["HEADERS 1 200, content-length: 1", "DATA 1 x end"])
        #expect(rig.isEnding)
    }
}
