// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Drains, times, and how connections with clients end.

import NIOCore
import TestSupport
import Testing
import UnderstudyCore
import UnderstudyHTTP

struct HTTP2EndingTests {
    @Test func `a drain first says that the end is near, and then which stream is the last`() {
        let rig = HTTP2ServerRig()
        rig.receive(.get(1))
        rig.connection.drain(waitingForLast: true)
        #expect(rig.sent == ["GOAWAY max none", "PING"])
        // It was on its way.
        rig.receive(.get(3))
        rig.receive(WireFrame(kind: 6, flags: WireFrame.ack, id: 0, payload: Array("understv".utf8)))
        #expect(rig.sent == ["GOAWAY 3 none"])
        rig.receive(.get(5))
        #expect(rig.events.count == 2)
        rig.service.handler(0).answer(200, "")
        #expect(!rig.isEnding)
        rig.service.handler(1).answer(200, "")
        #expect(rig.sent == ["HEADERS 1 200 end", "HEADERS 3 200 end"])
        #expect(rig.transport.linger == .seconds(1))
        #expect(rig.service.closed == 0)
        rig.transport.end(.closedByPeer)
        #expect(rig.service.closed == 1)
    }

    @Test func `what comes after the last stream is forgiven, and no later GOAWAY promises more`() {
        let rig = HTTP2ServerRig()
        rig.receive(.get(1))
        rig.connection.drain(waitingForLast: true)
        rig.pass(.seconds(3))
        rig.receive(.post(3), .data(3, "x"), .window(3, 1), .data(3, "", end: true))
        #expect(rig.sent == ["GOAWAY max none", "PING", "GOAWAY 1 none"])
        rig.service.handler(0).begin(.chunked)
        rig.service.handler(0).stream?.flush()
        _ = rig.sent
        rig.receive(.data(0, "x"))
        #expect(rig.sent == ["GOAWAY 1 protocol"])
    }

    @Test func `the answer to an earlier question does not show that a GOAWAY was read`() {
        var limits = ServerLimits()
        limits.http2.keepAlive = HTTP2Settings.KeepAlive()
        limits.http2.keepAlive?.interval = .seconds(30)
        let rig = HTTP2ServerRig(limits: limits)
        rig.receive(.get(1))
        rig.pass(.seconds(40))
        rig.connection.drain(waitingForLast: true)
        #expect(rig.sent == ["PING", "GOAWAY max none", "PING"])
        rig.receive(WireFrame(kind: 6, flags: WireFrame.ack, id: 0, payload: Array("understu".utf8)))
        #expect(rig.sent == [])
        rig.receive(WireFrame(kind: 6, flags: WireFrame.ack, id: 0, payload: Array("understv".utf8)))
        #expect(rig.sent == ["GOAWAY 1 none"])
    }

    @Test func `a fault is counted as one, though the client closes first`() {
        let rig = HTTP2ServerRig()
        rig.receive(.data(1, "x"))
        rig.transport.end(.closedByPeer)
        #expect(rig.service.counters.protocolErrors.current == 1)
    }

    @Test func `a client that does not answer learns of the last stream, too`() {
        let rig = HTTP2ServerRig()
        rig.receive(.get(1))
        rig.connection.drain(waitingForLast: true)
        rig.pass(.seconds(3))
        #expect(rig.sent == ["GOAWAY max none", "PING", "GOAWAY 1 none"])
    }

    @Test func `a drain that waits for nobody ends an idle connection`() {
        let rig = HTTP2ServerRig()
        rig.connection.drain(waitingForLast: false)
        #expect(rig.sent == ["GOAWAY 0 none"])
        #expect(rig.isEnding)
    }

    @Test func `an answer while the service drains asks the client to go`() {
        let rig = HTTP2ServerRig()
        rig.receive(.get(1), .get(3))
        rig.service.isDraining = true
        rig.service.handler(0).answer(200, "")
        rig.service.handler(1).answer(200, "")
        #expect(rig.sent == ["GOAWAY max none", "PING", "HEADERS 1 200 end", "HEADERS 3 200 end"])
        #expect(rig.service.counters.drainCloses.current == 1)
    }

    @Test func `a connection that has carried as many requests as it may asks its client to go`() {
        var limits = ServerLimits()
        limits.requestsPerConnection = 2
        let rig = HTTP2ServerRig(limits: limits)
        rig.receive(.get(1), .get(3), .get(5))
        #expect(rig.sent == ["GOAWAY max none", "PING"])
        #expect(rig.events.count == 3)
        #expect(rig.service.counters.maxRequestsReached.current == 1)
        rig.pass(.seconds(3))
        #expect(rig.sent == ["GOAWAY 5 none"])
    }

    @Test func `an idle connection ends after its time`() {
        let rig = HTTP2ServerRig.answering()
        rig.receive(.get(1))
        _ = rig.sent
        rig.pass(.minutes(61))
        #expect(rig.sent == ["GOAWAY max none", "PING"])
        rig.pass(.seconds(3))
        #expect(rig.sent == ["GOAWAY 1 none"])
        #expect(rig.isEnding)
        #expect(rig.service.counters.idleTimeouts.current == 1)
    }

    @Test func `a connection with a stream is not idle`() {
        var limits = ServerLimits()
        limits.bodyTime = nil
        let rig = HTTP2ServerRig(limits: limits)
        rig.receive(.get(1))
        rig.pass(.hours(2))
        #expect(rig.sent == [])
    }

    @Test func `a connection ends at its greatest age`() {
        var limits = ServerLimits()
        limits.connectionTime = .seconds(30)
        let rig = HTTP2ServerRig(limits: limits)
        rig.receive(.get(1))
        rig.pass(.seconds(31))
        #expect(rig.sent == ["GOAWAY max none", "PING"])
        #expect(rig.service.counters.maxDurationsReached.current == 1)
    }

    @Test(arguments: [
        WireFrame.headers(1, Block.get(), endHeaders: false).bytes, Array(WireFrame.get(1).bytes.dropLast()), [0],
    ])
    func `a head that is not finished in time ends the connection`(bytes: [UInt8]) {
        let rig = HTTP2ServerRig()
        rig.receive(bytes)
        rig.pass(.seconds(11))
        #expect(rig.sent == ["GOAWAY 0 calm"])
        #expect(rig.service.counters.headTimeouts.current == 1)
    }

    @Test func `a client that does not say the preface is not waited for long`() {
        let rig = HTTP2ServerRig(greets: false)
        rig.receive(Array(HTTP2ServerRig.preface.dropLast()))
        rig.pass(.seconds(11))
        #expect(rig.isEnding)
    }

    @Test func `settings have to be acknowledged`() {
        let rig = HTTP2ServerRig(greets: false)
        rig.receive(HTTP2ServerRig.preface + WireFrame.settings().bytes)
        rig.pass(.seconds(61))
        #expect(rig.sent.last == "GOAWAY 0 settings")
    }

    @Test func `silence within a body has an answer`() {
        let rig = HTTP2ServerRig(
            RecordingService { handler, moment in if moment == .fault { handler.answer(408, "") } }
        )
        rig.receive(.post(1), .data(1, "x"))
        rig.pass(.minutes(6))
        #expect(rig.events.last == "broke 408")
        #expect(rig.sent == ["HEADERS 1 408 end", "RST 1 none"])
        #expect(rig.service.counters.streamIdleTimeouts.current == 1)
    }

    @Test func `a request as a whole may have a time, too`() {
        var limits = ServerLimits()
        limits.requestTime = .seconds(5)
        let rig = HTTP2ServerRig(limits: limits)
        rig.receive(.post(1), .get(3))
        rig.pass(.seconds(6))
        #expect(rig.events == ["POST /", "GET /", "broke 408"])
    }

    @Test func `a connection is asked whether it lives, and ends if it does not say so`() {
        var limits = ServerLimits()
        limits.http2.keepAlive = HTTP2Settings.KeepAlive()
        limits.http2.keepAlive?.interval = .seconds(30)
        let rig = HTTP2ServerRig(limits: limits)
        rig.pass(.seconds(40))
        #expect(rig.sent == ["PING"])
        rig.receive(WireFrame(kind: 6, flags: WireFrame.ack, id: 0, payload: Array("understu".utf8)))
        rig.pass(.seconds(40))
        #expect(rig.sent == ["PING"])
        rig.pass(.seconds(25))
        #expect(rig.transport.isClosed)
        #expect(rig.counters.keepAliveTimeouts.current == 1)
    }

    @Test func `a client that never takes the last bytes is given up`() {
        let rig = HTTP2ServerRig()
        rig.receive(.data(1, "x"))
        #expect(rig.isEnding)
        #expect(!rig.transport.isClosed)
        rig.pass(.minutes(6))
        #expect(rig.transport.isClosed)
        #expect(rig.service.closed == 1)
    }

    @Test func `a kill ends everything at once`() {
        let rig = HTTP2ServerRig()
        rig.receive(.get(1))
        rig.connection.kill()
        #expect(rig.events == ["GET /", "left"])
        #expect(rig.transport.isClosed)
        #expect(rig.service.closed == 1)
    }
}
