// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a cluster's configuration changes on its connections.

import NIOCore
import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct ClientOptionTests {
    private let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    @Test func `bytes of an answer's head`() throws {
        let rig = try ClientRig { $0.messages.headBytes = 64 }
        rig.begin()
        rig.receive("HTTP/1.1 200 OK\r\nX-A: \(String(repeating: "a", count: 64))")
        #expect(rig.events == ["failed: protocolError"])
    }

    @Test func `bytes of an answer's head that comes byte by byte`() throws {
        let rig = try ClientRig { $0.messages.headBytes = 64 }
        rig.begin()
        for byte in "HTTP/1.1 200 \(String(repeating: "a", count: 100))".utf8 { rig.receive([byte]) }
        #expect(rig.events == ["failed: protocolError"])
    }

    @Test func `lines of an answer's head`() throws {
        let rig = try ClientRig { $0.messages.headerLines = 1 }
        rig.begin()
        rig.receive("HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 0\r\n\r\n")
        #expect(rig.events == ["failed: protocolError"])
    }

    @Test func `requests of a connection`() throws {
        let rig = try ClientRig { $0.requestsPerConnection = 2 }
        rig.exchange(ok)
        #expect(rig.isPooled())
        rig.exchange(ok)
        #expect(rig.transport.isClosed)
        #expect(rig.limits.requests.current == 0)
    }

    @Test func `an idle time, and none`() throws {
        let limited = try ClientRig(idleTime: .seconds(2))
        limited.exchange(ok)
        limited.loop.deadlines.advance(to: .now() + .seconds(2))
        #expect(limited.transport.isClosed)
        let unlimited = try ClientRig(idleTime: nil)
        unlimited.exchange(ok)
        #expect(unlimited.loop.deadlines.count == 0)
        #expect(unlimited.isPooled())
    }

    @Test(arguments: [
        ("GET /a?b", ["host: h:80"], "GET http://h:80/a?b"),
        ("GET /a", ["host: h", "x-forwarded-proto: https"], "GET https://h/a"),
        ("GET /a", ["host: h", "x-forwarded-proto: ftp"], "GET http://h/a"), ("OPTIONS *", ["host: h"], "OPTIONS *"),
    ])
    func `an absolute target`(start: String, lines: [String], sent: String) throws {
        let rig = try ClientRig { $0.http1.sendsAbsoluteTarget = true }
        rig.begin(start, lines)
        rig.connection.flush()
        #expect(rig.transport.sent.hasPrefix(sent + " HTTP/1.1\r\nhost: h"))
    }

    @Test func `the target of a CONNECT is never absolute`() throws {
        let rig = try ClientRig { $0.http1.sendsAbsoluteTarget = true }
        rig.begin("CONNECT a:1", ["host: a:1"], mode: .tunnel)
        rig.connection.flush()
        #expect(rig.transport.sent == "CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n")
    }

    @Test func `interim answers are reported in order`() throws {
        let rig = try ClientRig()
        rig.handler.notesInterim = true
        rig.begin()
        rig.receive("HTTP/1.1 100 Continue\r\nX-B: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok)
        #expect(
            rig.events
                == ["interim 100 [\"x-b: 1\"]", "interim 103 [\"link: x\"]", "200", "body ok", "end, reusable"]
        )
    }

    @Test func `interim answers without an end are a protocol error`() throws {
        let interim = "HTTP/1.1 103 Early Hints\r\n\r\n"
        let rig = try ClientRig()
        rig.begin()
        rig.receive(String(repeating: interim, count: 1024) + ok)
        #expect(rig.events == ["200", "body ok", "end, reusable"])
        let other = try ClientRig()
        other.begin()
        other.receive(String(repeating: interim, count: 1024))
        #expect(other.events == [])
        other.receive(interim)
        #expect(other.events == ["failed: protocolError"])
    }

    @Test func `whether anything was sent is known`() throws {
        let rig = try ClientRig(isConnected: false)
        rig.begin()
        rig.connection.flush()
        #expect(!rig.connection.hasSentRequest)
        rig.transport.isConnected = true
        rig.transport.isWritable = true
        rig.connection.transportConnected()
        #expect(rig.connection.hasSentRequest)
    }
}
