// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Requests on streams, and their answers.

import NIOCore
import TestSupport
import Testing
import UnderstudyCore
import UnderstudyHTTP

struct HTTP2ServerRequestTests {
    @Test func `the server says its settings at once, and opens its window`() {
        let rig = HTTP2ServerRig(greets: false)
        #expect(rig.sent == ["SETTINGS", "WINDOW 0 983041"])
        rig.receive(HTTP2ServerRig.preface + WireFrame.settings().bytes)
        #expect(rig.sent == ["SETTINGS ack"])
    }

    @Test func `the preface may arrive byte by byte`() {
        let rig = HTTP2ServerRig(greets: false)
        for byte in HTTP2ServerRig.preface + WireFrame.settings().bytes + WireFrame.get(1).bytes { rig.receive([byte]) }
        #expect(rig.events == ["GET /"])
    }

    @Test func `requests are answered on their streams, in any order`() {
        let rig = HTTP2ServerRig()
        rig.receive(.get(1, "/a"), .get(3, "/b"))
        #expect(rig.events == ["GET /a", "GET /b"])
        rig.service.handler(1).answer(200, "b")
        rig.service.handler(0).answer(200, "a")
        #expect(
            rig.sent == [
                "HEADERS 3 200, content-length: 1", "DATA 3 b end", "HEADERS 1 200, content-length: 1", "DATA 1 a end",
            ]
        )
    }

    @Test func `what streams answer in one turn leaves in one write`() {
        let rig = HTTP2ServerRig.answering()
        rig.transport.forgetWrites()
        rig.receive(.get(1), .get(3), .get(5))
        #expect(rig.transport.writes.count == 1)
        #expect(rig.transport.unflushedBytes == 0)
        #expect(rig.sent.count == 6)
    }

    @Test func `an answer without a body ends with its head`() {
        let rig = HTTP2ServerRig()
        rig.receive(.get(1))
        rig.service.handler(0).answer(204, "")
        #expect(rig.sent == ["HEADERS 1 204 end"])
    }

    @Test func `an end that comes later is a frame of its own`() {
        let rig = HTTP2ServerRig()
        rig.receive(.get(1))
        rig.service.handler(0).begin(.chunked)
        rig.service.handler(0).stream?.sendBody(ByteBuffer(string: "x"))
        rig.service.handler(0).stream?.flush()
        #expect(rig.sent == ["HEADERS 1 200", "DATA 1 x"])
        rig.service.handler(0).stream?.endResponse()
        #expect(rig.sent == ["DATA 1  end"])
    }

    @Test func `an answer to HEAD has a length and no body`() {
        let rig = HTTP2ServerRig.answering()
        rig.receive(.headers(1, Block.request("HEAD")))
        #expect(rig.sent == ["HEADERS 1 200, content-length: 1 end"])
    }

    @Test func `a body arrives piece by piece, with its end`() {
        let rig = HTTP2ServerRig.answering()
        rig.receive(.post(1), .data(1, "one "), .data(1, "two", end: true))
        #expect(rig.events == ["POST /", "body one two", "end"])
        #expect(rig.sent == ["HEADERS 1 200, content-length: 1", "DATA 1 1 end"])
    }

    @Test func `trailers come behind a body, and go there`() {
        let rig = HTTP2ServerRig()
        rig.receive(.post(1), .data(1, "x"), .headers(1, Block.fields([("t", "1")])))
        #expect(rig.events == ["POST /", "body x", "end [\"t: 1\"]"])
        let handler = rig.service.handler(0)
        handler.begin(.chunked)
        handler.stream?.sendBody(ByteBuffer(string: "y"))
        handler.stream?.sendTrailers(HeaderBlock(["grpc-status: 0"]))
        handler.stream?.endResponse()
        #expect(rig.sent == ["HEADERS 1 200", "DATA 1 y", "HEADERS 1 grpc-status: 0 end"])
    }

    @Test func `an answer that overtakes its request has the rest of it dropped`() {
        let rig = HTTP2ServerRig()
        rig.receive(.post(1), .data(1, "x"))
        rig.service.handler(0).answer(200, "early")
        #expect(rig.sent == ["HEADERS 1 200, content-length: 5", "DATA 1 early end", "RST 1 none"])
        rig.receive(.data(1, "late"), .data(1, "later", end: true), .get(3))
        #expect(rig.events == ["POST /", "body x", "GET /"])
        #expect(!rig.isEnding)
    }

    @Test func `interim answers come before the head`() {
        let rig = HTTP2ServerRig()
        rig.receive(.post(1))
        rig.service.handler(0).stream?.sendContinue()
        rig.service.handler(0).answer(200, "x")
        #expect(rig.sent.prefix(2) == ["HEADERS 1 100", "HEADERS 1 200, content-length: 1"])
    }

    @Test func `an answer that breaks off resets its stream and nothing else`() {
        let rig = HTTP2ServerRig()
        rig.receive(.get(1), .get(3))
        rig.service.handler(0).begin(.length(10))
        rig.service.handler(0).stream?.abort()
        rig.service.handler(1).answer(200, "")
        #expect(rig.sent == ["HEADERS 1 200, content-length: 10", "RST 1 internal", "HEADERS 3 200 end"])
        #expect(rig.events == ["GET /", "GET /"])
    }

    @Test func `a client that resets its stream has left`() {
        let rig = HTTP2ServerRig()
        rig.receive(.post(1), .reset(1))
        // What its handler still says is not heard.
        rig.service.handler(0).answer(200, "x")
        rig.receive(.get(3))
        #expect(rig.events == ["POST /", "left", "GET /"])
        #expect(rig.sent == [])
        #expect(rig.counters.receivedResets.current == 1)
    }

    @Test func `every handler hears that the connection is gone`() {
        let rig = HTTP2ServerRig()
        rig.receive(.get(1), .post(3))
        rig.transport.end(.reset)
        #expect(rig.events == ["GET /", "POST /", "left", "left"])
        #expect(rig.service.closed == 1)
        #expect(rig.service.counters.destroyedRemotelyWithRequest.current == 1)
        #expect(rig.counters.activeStreams.current == 0)
    }

    @Test(arguments: ["3", "1"])
    func `a body of another length than its head says is malformed`(length: String) {
        let rig = HTTP2ServerRig()
        rig.receive(.post(1, "/", [("content-length", length)]), .data(1, "xx", end: true))
        // Nothing of the frame with the fault is passed on.
        #expect(rig.events == ["POST /", "left"])
        #expect(rig.sent == ["RST 1 protocol"])
        #expect(rig.counters.messagingErrors.current == 1)
    }

    @Test func `an extended CONNECT becomes a tunnel`() {
        var limits = ServerLimits()
        limits.http2.options.allowsConnect = true
        let rig = HTTP2ServerRig(
            limits: limits,
            RecordingService { handler, moment in if moment == .head { handler.stream?.becomeTunnel() } }
        )
        let block = Block.request("CONNECT") + Block.fields([(":protocol", "websocket")])
        rig.receive(.headers(1, block, end: false), .data(1, "in"))
        #expect(rig.events == ["GET /", "body in"])
        rig.service.handler(0).begin(.untilClose, status: 101)
        rig.service.handler(0).stream?.sendBody(ByteBuffer(string: "out"))
        rig.service.handler(0).stream?.flush()
        #expect(rig.sent == ["HEADERS 1 200", "DATA 1 out"])
        rig.service.handler(0).stream?.endResponse()
        #expect(rig.sent == ["DATA 1  end", "RST 1 none"])
        #expect(rig.service.counters.activeUpgrades.current == 0)
    }

    @Test func `a client may end its half of a tunnel`() {
        let rig = HTTP2ServerRig(
            RecordingService { handler, moment in if moment == .head { handler.stream?.becomeTunnel() } }
        )
        rig.receive(.post(1), .data(1, "in", end: true))
        #expect(rig.events == ["POST /", "body in", "end"])
        rig.service.handler(0).begin(.untilClose, status: 101)
        rig.service.handler(0).stream?.sendBody(ByteBuffer(string: "out"))
        rig.service.handler(0).stream?.endResponse()
        #expect(rig.sent == ["HEADERS 1 200", "DATA 1 out end"])
        #expect(rig.service.counters.activeUpgrades.current == 0)
    }

    @Test func `a client may have nothing to say in a tunnel`() {
        let rig = HTTP2ServerRig(
            RecordingService { handler, moment in if moment == .head { handler.stream?.becomeTunnel() } }
        )
        rig.receive(.get(1))
        #expect(rig.events == ["GET /", "end"])
    }

    @Test func `a head of many frames is one head`() {
        let rig = HTTP2ServerRig()
        let block = Block.get("/" + String(repeating: "a", count: 100))
        rig.receive(.headers(1, Array(block[..<10]), endHeaders: false), .continuation(1, Array(block[10...])))
        #expect(rig.events.count == 1)
    }

    @Test func `a head of an answer may need many frames`() {
        let rig = HTTP2ServerRig()
        rig.receive(.get(1))
        let value = String(repeating: "v", count: 40_000)
        rig.service.handler(0).stream?.sendHead(
            ResponseHead(status: 200, framing: .none, ["x: \(value)"]),
            closing: false
        )
        rig.service.handler(0).stream?.endResponse()
        let kinds = rig.sent.map { $0.split(separator: " ").prefix(3).joined(separator: " ") }
        #expect(kinds == ["HEADERS 1 undecodable", "kind 9 1", "kind 9 1"])
    }
}
