// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A client that may speak HTTP/1.1 or HTTP/2, and shows it with its first bytes.

import NIOCore
import NIOEmbedded
import Testing
import UnderstudyCore
import UnderstudyHTTP

struct ServerPrefaceTests {
    private func rig() -> ServerRig {
        var limits = ServerLimits()
        limits.version = .automatic
        let rig = ServerRig(limits: limits)
        rig.transport.attach(rig.connection)
        return rig
    }

    private func receive(_ rig: ServerRig, _ bytes: [UInt8]) {
        rig.transport.user?.transportReceived(ByteBuffer(bytes: bytes))
    }

    @Test(arguments: [1, 3, 17, 24, 1000])
    func `the preface makes it HTTP/2, however it is cut`(size: Int) {
        let rig = rig()
        var rest = (HTTP2ServerRig.preface + WireFrame.settings().bytes + WireFrame.get(1, "/two").bytes)[...]
        while !rest.isEmpty {
            receive(rig, Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        #expect(rig.events == ["GET /two"])
        #expect(rig.service.counters.http2Connections.current == 1)
        #expect(rig.service.counters.http1Connections.current == 0)
        #expect(rig.service.opened == 1)
        rig.transport.end(.closedByPeer)
        #expect(rig.service.closed == 1)
        #expect(rig.service.counters.activeConnections.current == 0)
    }

    @Test func `whoever has agreed on HTTP/1.1 does not speak HTTP/2 all the same`() {
        let loop = LoopContext(eventLoop: EmbeddedEventLoop())
        let (transport, service) = (RecordingTransport(), RecordingService())
        transport.applicationProtocol = .http1
        var limits = ServerLimits()
        limits.version = .automatic
        ServerProtocolPicker.serve(transport, service: service, loop: loop, limits: limits)
        transport.user?.transportReceived(ByteBuffer(bytes: HTTP2ServerRig.preface))
        #expect(service.counters.http2Connections.current == 0)
        #expect(transport.sent.hasPrefix("HTTP/1.1 "))
        transport.end(.closedByPeer)
    }

    @Test(arguments: [
        "PRI / HTTP/1.1\r\nHost: h\r\n\r\n", "P / HTTP/1.1\r\nHost: h\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    ])
    func `anything else is HTTP/1.1`(text: String) {
        let rig = rig()
        for byte in text.utf8 { receive(rig, [byte]) }
        #expect(rig.service.counters.http2Connections.current == 0)
        #expect(rig.events.count == 1 || rig.sent.hasPrefix("HTTP/1.1 400"))
    }

    @Test(arguments: [
        ("INVALID CONNECTION PREFACE\r\n\r\n", 400), ("PRI * HTTP/2.0\r\n\r\nINVALID\r\n\r\n", 426),
        ("PRI * HTTP/2.0\r\nHost: h\r\n\r\n", 426),
    ])
    func `what begins as a preface and is none is answered`(text: String, status: Int) {
        let rig = rig()
        receive(rig, Array(text.utf8))
        #expect(rig.sent.hasPrefix("HTTP/1.1 \(status) "))
        #expect(rig.isEnding)
    }

    @Test func `whoever stops within the preface has the time of a head`() {
        let rig = rig()
        receive(rig, Array("PRI * HTTP/2".utf8))
        rig.pass(.seconds(11))
        #expect(rig.sent.hasPrefix("HTTP/1.1 408"))
    }

    @Test func `later in a connection it is no preface`() {
        let rig = rig()
        receive(rig, Array("GET / HTTP/1.1\r\nHost: h\r\n\r\n".utf8))
        rig.service.handler(0).answer()
        receive(rig, HTTP2ServerRig.preface)
        #expect(rig.service.counters.http2Connections.current == 0)
        #expect(rig.isEnding)
    }
}
