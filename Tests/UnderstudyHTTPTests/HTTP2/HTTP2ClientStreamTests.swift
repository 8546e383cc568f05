// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One request at a time on an HTTP/2 connection to an upstream: what is sent, and what an answer becomes.

import NIOCore
import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct HTTP2ClientStreamTests {
    private func connected(
        settings: [(UInt16, UInt32)]? = [],
        _ configure: (inout ConnectionPool.Settings) -> Void = { _ in }
    ) throws -> HTTP2PoolRig {
        let rig = try HTTP2PoolRig(UpstreamLimits(), configure)
        let first = try rig.ask("/first")
        rig.connect(settings: settings)
        rig.answer(0, 1)
        #expect(first.events == ["200", "end, reusable"])
        _ = rig.sent()
        return rig
    }

    @Test func `a request is one frame, and its answer another`() throws {
        let rig = try connected()
        let asked = try rig.ask("/a?b", ["host: x.example", "te: trailers", "x-forwarded-proto: https"])
        #expect(
            rig.sent() == ["HEADERS 3 GET, https, x.example, /a?b, te: trailers, x-forwarded-proto: https end"]
        )
        rig.receive(0, .status(3, "200", [("a", "b"), ("content-length", "2")], end: false), .data(3, "ok", end: true))
        #expect(asked.events == ["200", "body ok", "end, reusable"])
        #expect(rig.gauges == [1, 0, 0, 1, 0, 0, 1, 0, 0])
    }

    @Test func `an upstream may open the window of every stream, with no body to send`() throws {
        let rig = try connected()
        for number in 1...50 {
            let asked = try rig.ask()
            let id = UInt32(2 * number + 1)
            rig.receive(0, .window(id, 100_000))
            rig.answer(0, id)
            #expect(asked.events == ["200", "end, reusable"], "\(number)")
        }
        #expect(rig.transports.count == 1)
    }

    @Test func `a request that no client has made says itself by which scheme`() throws {
        let rig = try connected()
        let asked = try rig.ask("/check", saysHTTPS: true)
        #expect(rig.sent() == ["HEADERS 3 GET, https, h, /check end"])
        asked.stream.close()
    }

    @Test func `a body and its trailers are sent, and those of the answer heard`() throws {
        let rig = try connected()
        let asked = try rig.ask(method: "POST", framing: .chunked)
        asked.stream.sendBody(ByteBuffer(string: "abc"))
        var trailers = HeaderBlock()
        trailers.add("t", "1")
        asked.stream.endRequest(trailers: trailers)
        asked.stream.flush()
        #expect(rig.sent() == ["HEADERS 3 POST, http, h, /", "DATA 3 abc", "HEADERS 3 t: 1 end"])
        rig.receive(
            0,
            .status(3, "200", end: false),
            .data(3, "x"),
            .headers(3, Block.fields([("grpc-status", "0")]))
        )
        #expect(asked.events == ["200", "body x", "end, reusable [\"grpc-status: 0\"]"])
    }

    @Test func `what is asked before there is a connection leaves with it`() throws {
        let rig = try HTTP2PoolRig()
        let asked = try rig.ask("/a", method: "POST", framing: .length(3))
        asked.stream.sendBody(ByteBuffer(string: "abc"))
        #expect(asked.stream.heldBytes == 3 + 18)
        #expect(!asked.stream.hasSentRequest)
        asked.stream.endRequest()
        rig.connect()
        #expect(rig.sent() == ["HEADERS 1 POST, http, h, /a", "DATA 1 abc end"])
        #expect(asked.stream.hasSentRequest)
        #expect(asked.stream.heldBytes == 0)
        #expect(asked.handler.events == ["drained"])
    }

    @Test func `interim answers come before the real one`() throws {
        let rig = try connected()
        let asked = try rig.ask()
        asked.handler.notesInterim = true
        rig.receive(0, .status(3, "103", [("link", "a")], end: false), .status(3, "204"))
        #expect(asked.events == ["interim 103 [\"link: a\"]", "204", "end, reusable"])
    }

    @Test(
        arguments: [
            ("HEAD", "200", [("content-length", "5")]), ("GET", "304", [("content-length", "5")]), ("GET", "204", []),
        ] as [(String, String, [(String, String)])]
    )
    func `an answer that has no body`(method: String, status: String, fields: [(String, String)]) throws {
        let rig = try connected()
        let asked = try rig.ask(method: method)
        rig.receive(0, .status(3, status, fields, end: false), .data(3, "", end: true))
        #expect(asked.events == [status, "end, reusable"])
        let other = try rig.ask(method: method)
        rig.receive(0, .status(5, status, fields, end: false), .data(5, "x", end: true))
        #expect(other.events == [status, "failed: protocolError"])
    }

    @Test(arguments: ["ab", "abcd"])
    func `a body of another length than was said is not passed on`(body: String) throws {
        let rig = try connected()
        let asked = try rig.ask()
        rig.receive(0, .status(3, "200", [("content-length", "3")], end: false), .data(3, body, end: true))
        #expect(asked.events == ["200", "failed: protocolError"])
        #expect(rig.http2.messagingErrors.current == 1)
        #expect(rig.counters.protocolErrors.current == 1)
        // The connection serves others.
        let other = try rig.ask()
        rig.answer(0, 5)
        #expect(other.events == ["200", "end, reusable"])
    }

    @Test(arguments: [
        Block.fields([("a", "b")]), Block.fields([(":status", "200"), ("A", "b")]),
        Block.fields([(":status", "200"), ("connection", "close")]), Block.fields([(":status", "101")]),
        Block.fields([(":status", "20")]), Block.fields([(":status", "200"), (":path", "/")]),
    ])
    func `an answer that must not be passed on ends its stream only`(block: [UInt8]) throws {
        let rig = try connected()
        let asked = try rig.ask()
        rig.receive(0, .headers(3, block))
        #expect(asked.events == ["failed: protocolError"])
        #expect(!rig.transports[0].isClosed)
        #expect(rig.gauges == [1, 0, 0, 1, 0, 0, 1, 0, 0])
    }

    @Test func `or its connection, if that is asked for`() throws {
        let rig = try connected { $0.http2.options.invalidMessageEndsStreamOnly = false }
        let asked = try rig.ask()
        let other = try rig.ask()
        rig.receive(0, .headers(3, Block.fields([("a", "b")])))
        #expect(asked.events == ["failed: protocolError"])
        #expect(other.events == ["failed: protocolError"])
        #expect(rig.transports[0].isClosed)
    }

    @Test(
        arguments: [
            (.cancel, .streamReset), (.internalError, .streamReset), (.noError, .streamReset),
            (.enhanceYourCalm, .streamReset), (.refusedStream, .streamRefused), (.protocolError, .protocolError),
        ] as [(HTTP2ErrorCode, UpstreamFailure)]
    )
    func `a reset by the upstream`(code: HTTP2ErrorCode, failure: UpstreamFailure) throws {
        let rig = try connected()
        let asked = try rig.ask()
        _ = rig.sent()
        rig.receive(0, .reset(3, code))
        #expect(asked.events == ["failed: \(failure)"])
        #expect(rig.sent() == [])
        #expect(rig.gauges == [1, 0, 0, 1, 0, 0, 1, 0, 0])
    }

    @Test func `an upstream that has answered may say that it needs no more of the request`() throws {
        let rig = try connected()
        let asked = try rig.ask(method: "POST", framing: .chunked)
        asked.handler.reaction = { _ in }
        rig.receive(0, .status(3, "413"), .reset(3, .noError))
        #expect(asked.events == ["413", "end, reusable"])
        asked.stream.close()
        #expect(rig.gauges == [1, 0, 0, 1, 0, 0, 1, 0, 0])
    }

    @Test func `whoever gives a request up has its stream reset, and no other`() throws {
        let rig = try connected()
        let asked = try rig.ask()
        let other = try rig.ask()
        _ = rig.sent()
        asked.stream.close()
        #expect(rig.sent() == ["RST 3 cancel"])
        rig.receive(0, .status(3, "200"), .status(5, "200"))
        #expect(asked.events == [])
        #expect(other.events == ["200", "end, reusable"])
    }

    @Test(arguments: [(TransportEnd.closedByPeer, "closed"), (.writeFailed, "closed"), (.reset, "reset")])
    func `the end of the connection before an answer`(end: TransportEnd, failure: String) throws {
        let rig = try connected()
        let asked = [try rig.ask(), try rig.ask()]
        #expect(asked.allSatisfy { $0.stream.isReused })
        rig.end(0, end)
        #expect(asked.map(\.events) == [["failed: \(failure)"], ["failed: \(failure)"]])
        #expect(rig.counters.destroyedRemotelyWithRequest.current == 1)
        #expect(rig.gauges == [0, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test func `the end of the connection within an answer`() throws {
        let rig = try connected()
        let asked = try rig.ask()
        rig.receive(0, .status(3, "200", end: false))
        rig.end()
        #expect(asked.events == ["200", "failed: reset"])
    }

    @Test(arguments: [
        WireFrame(kind: 5, flags: WireFrame.endHeaders, id: 3, payload: WireFrame.word(2) + Block.get()),
        .data(4, "x"), .window(0, 0), WireFrame(kind: 4, id: 3),
    ])
    func `what no upstream may send ends the connection`(frame: WireFrame) throws {
        let rig = try connected()
        let asked = try rig.ask()
        rig.receive(0, frame)
        #expect(asked.events == ["failed: protocolError"])
        #expect(rig.transports[0].isClosed)
        #expect(rig.counters.protocolErrors.current == 1)
        #expect(rig.gauges == [0, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test(arguments: [
        WireFrame(kind: 4, flags: 1, id: 0),
        WireFrame(kind: 6, flags: 1, id: 0, payload: [UInt8](repeating: 7, count: 8)),
        .reset(1, .noError), WireFrame(kind: 7, id: 0, payload: WireFrame.word(1 << 30) + WireFrame.word(0)),
        WireFrame(kind: 0xFA, id: 0),
    ])
    func `an upstream that only babbles is left`(frame: WireFrame) throws {
        let rig = try connected()
        let asked = try rig.ask()
        for _ in 0..<1000 { rig.receive(0, frame) }
        #expect(!rig.transports[0].isClosed)
        for _ in 0..<100 where !rig.transports[0].isClosed { rig.receive(0, frame) }
        #expect(rig.transports[0].isClosed)
        #expect(asked.events == ["failed: protocolError"])
    }

    // MARK: Flow control

    @Test func `a body waits for the upstream's window, and whoever sends it is told`() throws {
        let rig = try connected(settings: [(4, 10)])
        let asked = try rig.ask(method: "POST", framing: .chunked)
        asked.stream.sendBody(ByteBuffer(repeating: 0x61, count: 300_000))
        asked.stream.flush()
        #expect(rig.sent() == ["HEADERS 3 POST, http, h, /", "DATA 3 aaaaaaaaaa"])
        #expect(asked.stream.heldBytes == 299_990)
        #expect(asked.stream.isBackedUp)
        #expect(!asked.stream.isWritable)
        rig.receive(0, .window(3, 1 << 20), .window(0, 1 << 20))
        #expect(asked.stream.heldBytes == 0)
        #expect(asked.handler.events == ["drained"])
    }

    @Test func `an upstream that has answered may take the rest of the request, for a while`() throws {
        for isTaken in [true, false] {
            let rig = try connected(settings: [(4, 10)])
            let asked = try rig.ask(method: "POST", framing: .chunked)
            asked.stream.sendBody(ByteBuffer(repeating: 0x61, count: 30))
            asked.stream.endRequest()
            asked.stream.flush()
            rig.receive(0, .status(3, "202"))
            #expect(asked.events == ["202", "end, reusable"])
            // It counts as a request until then.
            #expect(rig.counters.activeRequests.current == 1)
            _ = rig.sent()
            if isTaken {
                rig.receive(0, .window(3, 100))
                #expect(rig.sent() == ["DATA 3 aaaaaaaaaaaaaaaaaaaa end"])
            } else {
                rig.pass(HTTP2ClientStream.leavingTime)
                #expect(rig.sent() == ["RST 3 cancel"])
            }
            #expect(rig.counters.activeRequests.current == 0)
            rig.pass(HTTP2ClientStream.leavingTime)
            #expect(rig.sent() == [])
            _ = try rig.ask()
            #expect(rig.sent() == ["HEADERS 5 GET, http, h, / end"])
        }
    }

    @Test(arguments: [WireFrame.reset(3, .noError), .reset(3, .internalError), nil])
    func `what ends the rest of a request is no news for whoever has the answer`(frame: WireFrame?) throws {
        let rig = try connected(settings: [(4, 10)])
        let asked = try rig.ask(method: "POST", framing: .chunked)
        asked.stream.sendBody(ByteBuffer(repeating: 0x61, count: 30))
        asked.stream.flush()
        rig.receive(0, .status(3, "202"))
        if let frame { rig.receive(0, frame) } else { rig.end() }
        #expect(asked.events == ["202", "end, reusable"])
        #expect(rig.counters.activeRequests.current == 0)
    }

    @Test func `a copy hears when nothing of it waits any more`() throws {
        let copies = UpstreamLimits(isRestrained: true, slot: 1)
        let rig = try HTTP2PoolRig()
        let asked = try rig.ask(of: copies, method: "POST", framing: .chunked)
        rig.connect(settings: [(4, 10)])
        asked.stream.sendBody(ByteBuffer(repeating: 0x61, count: 30))
        asked.stream.flush()
        rig.run()
        #expect(asked.stream.heldBytes == 20)
        rig.receive(0, .window(1, 10))
        #expect(asked.handler.events == ["drained"])
        rig.receive(0, .window(1, 10))
        #expect(asked.handler.events == ["drained", "drained"])
        #expect(asked.stream.heldBytes == 0)
    }

    @Test func `a stalled stream holds no other up`() throws {
        let rig = try connected(settings: [(4, 10)])
        let stalled = try rig.ask(method: "POST", framing: .chunked)
        stalled.stream.sendBody(ByteBuffer(repeating: 0x61, count: 1 << 20))
        let other = try rig.ask(method: "POST", framing: .length(3))
        other.stream.sendBody(ByteBuffer(string: "abc"))
        other.stream.endRequest()
        other.stream.flush()
        #expect(rig.sent().suffix(2) == ["HEADERS 5 POST, http, h, /", "DATA 5 abc end"])
        rig.answer(0, 5)
        #expect(other.events == ["200", "end, reusable"])
        #expect(stalled.events == [])
        stalled.stream.close()
        #expect(rig.sent() == ["RST 3 cancel"])
        #expect(rig.http2.pendingBytes.current == 0)
    }

    @Test func `an answer that nobody reads stops at the stream's window`() throws {
        let rig = try connected { $0.http2.options.streamWindow = 65_535 }
        let asked = try rig.ask()
        asked.stream.setReading(false)
        rig.receive(0, .status(3, "200", end: false), .data(3, count: 16_384), .data(3, count: 16_384))
        #expect(!rig.sent().contains { $0.hasPrefix("WINDOW 3") })
        asked.stream.setReading(true)
        #expect(rig.sent().contains { $0.hasPrefix("WINDOW 3") })
    }
}
