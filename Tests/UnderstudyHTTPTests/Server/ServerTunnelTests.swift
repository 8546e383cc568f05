// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Upgrades and CONNECT on the client's side: raw bytes once the handler says so, and never a second request.

import NIOCore
import TestSupport
import Testing
import UnderstudyCore
import UnderstudyHTTP

struct ServerTunnelTests {
    private let upgrade = "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    private let connect = "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"

    private func rig(_ limits: ServerLimits = ServerLimits()) -> ServerRig {
        ServerRig(
            limits: limits,
            RecordingService { handler, moment in if moment == .head { handler.stream?.becomeTunnel() } }
        )
    }

    private func accept(_ rig: ServerRig, status: Int = 101) {
        let lines = status == 101 ? ["connection: Upgrade", "upgrade: websocket"] : []
        rig.service.handler(0).stream?.sendHead(
            ResponseHead(status: status, framing: .untilClose, lines),
            closing: false
        )
        rig.service.handler(0).stream?.flush()
    }

    @Test func `after an upgrade bytes pass as they are, in both directions`() {
        let rig = rig()
        rig.receive(upgrade + "\r\n")
        accept(rig)
        #expect(
            rig.sent == "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n"
        )
        rig.receive("GET / HTTP/1.1\r\n\r\n")
        rig.transport.forgetWrites()
        rig.service.handler(0).stream?.sendBody(ByteBuffer(string: "\u{1}\u{2}"))
        rig.service.handler(0).stream?.flush()
        #expect(rig.sent == "\u{1}\u{2}")
        #expect(rig.events == ["GET /ws", "body GET / HTTP/1.1\r\n\r\n"])
        #expect(rig.service.handlerCount == 1)
    }

    @Test(arguments: [
        ("Content-Length: 5\r\n", "hello"), ("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"),
        ("", "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"),
    ])
    func `what is pipelined behind an upgrade is inside the tunnel, however it is framed`(line: String, rest: String) {
        let rig = rig()
        rig.receive(upgrade + line + "\r\n" + rest)
        #expect(rig.events.first == "GET /ws")
        #expect(rig.events.last == "body \(rest)")
        #expect(rig.service.handlerCount == 1)
    }

    @Test(arguments: [(200, ""), (201, "connection: close\r\n"), (204, "connection: close\r\n")])
    func `a CONNECT is open with any 2xx`(status: Int, line: String) {
        let rig = rig()
        rig.receive(connect + "early")
        accept(rig, status: status)
        rig.service.handler(0).stream?.sendBody(ByteBuffer(string: "raw"))
        rig.service.handler(0).stream?.flush()
        #expect(rig.sent == "HTTP/1.1 \(status) \(ResponseHead.reason(status))\r\n\(line)\r\nraw")
        #expect(rig.events.last == "body early")
    }

    @Test(arguments: [101, 302, 404])
    func `any other answer is an ordinary one, and ends the connection`(status: Int) {
        let rig = rig()
        rig.receive(connect)
        rig.service.handler(0).answer(status, "no")
        #expect(
            rig.sent == "HTTP/1.1 \(status) \(ResponseHead.reason(status))\r\ncontent-length: 2\r\n"
                + "connection: close\r\n\r\nno"
        )
        #expect(rig.transport.linger == rig.limits.lingerTime)
        rig.receive("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(rig.service.handlerCount == 1)
    }

    @Test func `a refused upgrade ends the connection`() {
        let rig = rig()
        rig.receive(upgrade + "\r\n")
        rig.service.handler(0).answer(403, "no")
        #expect(rig.sent.hasSuffix("connection: close\r\n\r\nno"))
        #expect(rig.transport.linger == rig.limits.lingerTime)
    }

    @Test func `the upstream's end closes what it has said before`() {
        let rig = rig()
        rig.receive(connect)
        accept(rig, status: 200)
        rig.service.handler(0).stream?.endResponse()
        #expect(rig.transport.linger == rig.limits.lingerTime)
        #expect(rig.sent == "HTTP/1.1 200 OK\r\n\r\n")
    }

    @Test func `the client's end is told once`() {
        let rig = rig()
        rig.receive(connect)
        accept(rig, status: 200)
        rig.connection.transportClosed(.closedByPeer)
        #expect(rig.events.last == "left")
        #expect(rig.service.closed == 1)
    }

    @Test func `a tunnel is under no deadline of the connection's`() {
        var limits = ServerLimits()
        limits.requestTime = .seconds(1)
        let rig = rig(limits)
        rig.receive(upgrade + "Content-Length: 5\r\n\r\n")
        #expect(rig.loop.deadlines.count == 0)
        rig.pass(.hours(24))
        #expect(rig.sent == "")
    }

    @Test func `reading stops while the handler wishes it`() {
        let rig = rig()
        rig.receive(connect)
        accept(rig, status: 200)
        rig.service.handler(0).stream?.setReading(false)
        #expect(!rig.transport.isReading)
        rig.service.handler(0).stream?.setReading(true)
        #expect(rig.transport.isReading)
    }

    @Test(arguments: [
        ("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nContent-Length: 5\r\n\r\nhello", 400),
        ("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
        ("CONNECT a:1 HTTP/1.1\r\n\r\n", 400),
        ("CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("CONNECT a: HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("CONNECT :1 HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("CONNECT /x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("CONNECT http://x:1/ HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("CONNECT 1 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ])
    func `a CONNECT that is none is refused`(request: String, status: Int) {
        let rig = rig()
        rig.receive(request)
        #expect(rig.sent.hasPrefix("HTTP/1.1 \(status) "))
        #expect(rig.events.isEmpty)
    }

    @Test func `the target of a CONNECT is its Host, and a length of zero says nothing`() {
        let rig = rig()
        rig.receive("CONNECT a:1 HTTP/1.1\r\nHost: z\r\nContent-Length: 0\r\nX-A: 1\r\n\r\n")
        #expect(rig.service.handler(0).host == "a:1")
        #expect(rig.service.handler(0).lines == ["host: a:1", "x-a: 1"])
    }
}
