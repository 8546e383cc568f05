// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Clients on HTTP/1.0: refused unless asked for, and then spoken to in their own version.

import NIOCore
import TestSupport
import Testing
import UnderstudyCore
import UnderstudyHTTP

struct ServerHTTP10Tests {
    private func rig(
        defaultHost: String = "",
        _ framing: BodyFraming = .length(2),
        breaksOff: Bool = false
    ) -> ServerRig {
        var limits = ServerLimits()
        limits.http1.acceptsHTTP10 = true
        limits.http1.defaultHost = Array(defaultHost.utf8)
        return ServerRig(
            limits: limits,
            RecordingService { handler, moment in
                guard moment == .end else { return }
                handler.begin(framing)
                handler.stream?.sendBody(ByteBuffer(string: "ok"))
                if breaksOff { handler.stream?.abort() } else { handler.stream?.endResponse() }
            }
        )
    }

    @Test func `they are refused by default`() {
        let rig = ServerRig.answering()
        rig.receive("GET / HTTP/1.0\r\nHost: h\r\n\r\n")
        #expect(rig.sent.hasPrefix("HTTP/1.1 426 Upgrade Required\r\n"))
    }

    @Test(arguments: [
        ("", false), ("Connection: close\r\n", false), ("Connection: keep-alive\r\n", true),
        ("Connection: Keep-Alive\r\n", true), ("Connection: foo, keep-alive\r\n", true),
        ("Connection: close, keep-alive\r\n", true), ("Proxy-Connection: keep-alive\r\n", false),
    ])
    func `the connection stays only if they ask for it`(line: String, stays: Bool) {
        let rig = rig()
        rig.receive("GET / HTTP/1.0\r\nHost: h\r\n\(line)\r\n")
        let connection = stays ? "keep-alive" : "close"
        #expect(rig.sent == "HTTP/1.0 200 OK\r\ncontent-length: 2\r\nconnection: \(connection)\r\n\r\nok")
        #expect(rig.isEnding != stays)
    }

    @Test(arguments: [BodyFraming.chunked, .untilClose])
    func `without a length the close ends the answer`(framing: BodyFraming) {
        let rig = rig(framing)
        rig.receive("GET / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n")
        #expect(rig.sent == "HTTP/1.0 200 OK\r\nconnection: close\r\n\r\nok")
        #expect(rig.isEnding)
    }

    @Test(arguments: [(BodyFraming.chunked, true), (.untilClose, true), (.length(5), false)])
    func `an answer that breaks off must not look whole`(framing: BodyFraming, isReset: Bool) {
        let rig = rig(framing, breaksOff: true)
        rig.receive("GET / HTTP/1.0\r\nHost: h\r\n\r\n")
        #expect(rig.transport.isReset == isReset)
        #expect(rig.service.closed == (isReset ? 1 : 0))
    }

    @Test func `an answer that is not taken to its end must not look whole`() {
        let rig = rig(.chunked)
        rig.transport.queuedBytes = 5_000
        rig.receive("GET / HTTP/1.0\r\nHost: h\r\n\r\n")
        rig.pass(.minutes(5))
        #expect(rig.transport.isReset)
        let taken = self.rig(.chunked)
        taken.receive("GET / HTTP/1.0\r\nHost: h\r\n\r\n")
        taken.pass(.minutes(5))
        #expect(taken.transport.isClosed && !taken.transport.isReset)
    }

    @Test(arguments: [(BodyFraming.chunked, "close"), (.length(2), "keep-alive")])
    func `an answer without a length closes even if there is no body`(framing: BodyFraming, connection: String) {
        let rig = rig(framing)
        rig.receive("HEAD / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n")
        #expect(rig.sent.hasPrefix("HTTP/1.0 200 OK\r\n"))
        #expect(rig.sent.hasSuffix("\r\nconnection: \(connection)\r\n\r\n"))
    }

    @Test func `the default Host is filled in, and only where it is missing`() {
        for (lines, host) in [("", "dflt"), ("Host: h\r\n", "h"), ("Host:\r\n", ""), ("X-A: 1\r\n", "dflt")] {
            let rig = rig(defaultHost: "dflt")
            rig.receive("GET / HTTP/1.0\r\n\(lines)\r\n")
            #expect(rig.service.handler(0).host == host)
            #expect(rig.sent.hasPrefix("HTTP/1.0 200 OK\r\n"))
        }
    }

    @Test func `a missing Host is refused without a default, in their version`() {
        let rig = rig()
        rig.receive("GET / HTTP/1.0\r\n\r\n")
        #expect(rig.sent.hasPrefix("HTTP/1.0 400 Bad Request\r\n"))
        #expect(rig.sent.hasSuffix("connection: close\r\ncontent-length: 0\r\n\r\n"))
    }

    @Test func `HTTP 1 point 1 gets no default Host`() {
        let rig = rig(defaultHost: "dflt")
        rig.receive("GET / HTTP/1.1\r\n\r\n")
        #expect(rig.sent.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
    }

    @Test func `an absolute target names the host as well`() {
        let rig = rig()
        rig.receive("GET http://abc/x HTTP/1.0\r\n\r\n")
        #expect(rig.events.first == "GET /x")
        #expect(rig.service.handler(0).host == "abc")
    }

    @Test(arguments: [
        "GET / HTTP/1.0\r\nHost: h\r\nbad header\r\n\r\n", "POST / HTTP/1.0\r\nHost: h\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "GET /\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
    ])
    func `what is malformed is refused as ever`(request: String) {
        let rig = rig(defaultHost: "dflt")
        rig.receive(request)
        #expect(rig.sent.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        #expect(rig.events.isEmpty)
    }

    @Test(arguments: [
        ("1.2", "400 Bad Request"), ("2.0", "426 Upgrade Required"), ("0.9", "400 Bad Request"),
        ("9.9", "400 Bad Request"),
    ])
    func `other versions stay refused`(version: String, status: String) {
        let rig = rig(defaultHost: "dflt")
        rig.receive("GET / HTTP/\(version)\r\nHost: h\r\n\r\n")
        #expect(rig.sent.hasPrefix("HTTP/1.1 \(status)\r\n"))
    }

    @Test func `they are sent no interim answers`() {
        var limits = ServerLimits()
        limits.http1.acceptsHTTP10 = true
        let rig = ServerRig(
            limits: limits,
            RecordingService { handler, moment in
                guard moment == .head else { return }
                handler.stream?.sendContinue()
                handler.stream?.sendInterim(ResponseHead(status: 103, ["link: x"]))
                handler.stream?.flush()
            }
        )
        rig.receive("POST / HTTP/1.0\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        #expect(rig.service.handlerCount == 1)
        #expect(rig.sent.isEmpty)
    }

    @Test func `versions may change on one connection`() {
        let rig = rig(.chunked)
        rig.receive("GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.0\r\nHost: h\r\n\r\n")
        #expect(
            rig.sent == "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
                + "HTTP/1.0 200 OK\r\nconnection: close\r\n\r\nok"
        )
    }
}
