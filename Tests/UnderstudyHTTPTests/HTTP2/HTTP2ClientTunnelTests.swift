// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Upgrades and CONNECT towards upstreams on HTTP/2 (RFC 8441, RFC 9113 section 8.5).

import NIOCore
import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct HTTP2ClientTunnelTests {
    private static let lines = ["host: h", "connection: upgrade", "upgrade: WebSocket", "sec-websocket-key: k"]
    private static let knowsTunnels: [(UInt16, UInt32)] = [(8, 1)]

    private func asked(_ rig: HTTP2PoolRig) throws -> HTTP2Asked {
        let asked = try rig.ask("/chat", Self.lines, mode: .tunnel)
        asked.handler.reaction = { _ in }
        return asked
    }

    @Test func `an upgrade becomes an extended CONNECT, and its answer a 101`() throws {
        let rig = try HTTP2PoolRig()
        let asked = try asked(rig)
        var answer: [String] = []
        asked.handler.headReaction = { answer = $0.headers.texts }
        asked.stream.sendBody(ByteBuffer(string: "early"))
        rig.connect(settings: Self.knowsTunnels)
        #expect(rig.sent() == ["HEADERS 1 CONNECT, WebSocket, http, h, /chat, sec-websocket-key: k"])
        #expect(asked.stream.heldBytes == 5)
        rig.receive(0, .status(1, "200", [("a", "b")], end: false), .data(1, "hello"))
        #expect(rig.sent() == ["DATA 1 early"])
        #expect(answer == ["a: b", "upgrade: WebSocket", "connection: upgrade"])
        #expect(asked.events == ["101", "body hello"])
        asked.stream.sendBody(ByteBuffer(string: "late"))
        asked.stream.endRequest()
        asked.stream.flush()
        #expect(rig.sent() == ["DATA 1 late end"])
        rig.receive(0, .data(1, "", end: true))
        #expect(asked.events == ["101", "body hello", "end"])
        asked.stream.close()
        #expect(rig.gauges == [1, 0, 0, 1, 0, 0, 1, 0, 0])
    }

    @Test func `nobody is asked before the upstream has said that it knows how`() throws {
        let rig = try HTTP2PoolRig()
        let asked = try asked(rig)
        rig.connect(settings: nil)
        #expect(rig.sent() == [])
        rig.receive(0, .settings(Self.knowsTunnels))
        #expect(rig.sent().count == 1)
        #expect(asked.events == [])
    }

    @Test func `a connection that ends before it has said what it knows ends the upgrade, too`() throws {
        let rig = try HTTP2PoolRig()
        let asked = try asked(rig)
        rig.connect(settings: nil)
        rig.transports[0].end(.closedByPeer)
        #expect(asked.events == ["failed: reset"])
        #expect(asked.stream.heldBytes == 0)
    }

    @Test(arguments: [true, false])
    func `an upstream that does not know how is not asked`(isConnected: Bool) throws {
        let rig = try HTTP2PoolRig()
        if isConnected {
            _ = try rig.ask()
            rig.connect()
            rig.answer(0, 1)
            _ = rig.sent()
        }
        let asked = try asked(rig)
        if !isConnected { rig.connect() }
        #expect(asked.events == ["failed: protocolError"])
        #expect(rig.sent() == [])
        #expect(!rig.transports[0].isClosed)
        #expect(rig.gauges == [1, 0, 0, 1, 0, 0, 1, 0, 0])
    }

    @Test(arguments: ["302", "403"])
    func `an upgrade that is refused has an ordinary answer`(status: String) throws {
        let rig = try HTTP2PoolRig()
        let asked = try asked(rig)
        asked.stream.sendBody(ByteBuffer(string: "early"))
        rig.connect(settings: Self.knowsTunnels)
        _ = rig.sent()
        rig.receive(0, .status(1, status, [("content-length", "2")], end: false), .data(1, "no", end: true))
        #expect(asked.events == [status, "body no", "end"])
        #expect(rig.sent() == ["DATA 1  end"])
        #expect(asked.stream.heldBytes == 0)
    }

    @Test func `CONNECT has neither scheme nor path`() throws {
        let rig = try HTTP2PoolRig()
        let asked = try rig.ask("h:80", method: "CONNECT", ["host: h:80"], mode: .tunnel)
        rig.connect()
        #expect(rig.sent() == ["HEADERS 1 CONNECT, h:80"])
        rig.receive(0, .status(1, "200", end: false))
        asked.stream.sendBody(ByteBuffer(string: "abc"))
        asked.stream.flush()
        #expect(rig.sent() == ["DATA 1 abc"])
        #expect(asked.events == ["200"])
        asked.stream.close()
        #expect(rig.sent() == ["RST 1 cancel"])
    }

    @Test(arguments: [false, true])
    func `the client's half may end`(isEarly: Bool) throws {
        let rig = try HTTP2PoolRig()
        let asked = try asked(rig)
        rig.connect(settings: Self.knowsTunnels)
        _ = rig.sent()
        if isEarly { asked.stream.endRequest() }
        rig.receive(0, .status(1, "200", end: false))
        if !isEarly { asked.stream.endRequest() }
        asked.stream.flush()
        #expect(rig.sent() == ["DATA 1  end"])
        rig.receive(0, .data(1, "more", end: true))
        #expect(asked.events == ["101", "body more", "end"])
    }

    @Test func `reading that has stopped before the head is sent stays so`() throws {
        let rig = try HTTP2PoolRig()
        let asked = try asked(rig)
        rig.connect(settings: nil)
        asked.stream.setReading(false)
        rig.receive(0, .settings(Self.knowsTunnels))
        rig.receive(0, .status(1, "200", end: false))
        _ = rig.sent()
        for _ in 0..<10 { rig.receive(0, .data(1, count: 16_384)) }
        #expect(rig.sent().isEmpty)
        asked.stream.setReading(true)
        #expect(rig.sent() == ["WINDOW 1 163840"])
    }

    @Test func `what the client says early is bounded`() throws {
        let rig = try HTTP2PoolRig { $0.bufferedBytes = 10 }
        let asked = try asked(rig)
        rig.connect(settings: Self.knowsTunnels)
        asked.stream.sendBody(ByteBuffer(string: "0123456789"))
        #expect(asked.stream.isBackedUp)
        rig.receive(0, .status(1, "200", end: false))
        #expect(!asked.stream.isBackedUp)
        #expect(asked.handler.events.contains("drained"))
    }
}
