// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Every wait for a client has an end, and only progress prolongs it.

import NIOCore
import Testing
import UnderstudyCore
import UnderstudyHTTP

struct ServerTimeoutTests {
    private let get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    private let post = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n"

    private let headTime = TimeAmount.seconds(10)
    private let idleTime = TimeAmount.seconds(1_000)
    private let bodyTime = TimeAmount.seconds(100)

    private var limits: ServerLimits {
        var limits = ServerLimits()
        limits.headTime = headTime
        limits.idleTime = idleTime
        limits.bodyTime = bodyTime
        return limits
    }

    /// A moment that lies behind all that happened and before all that will.
    private func moment() -> NIODeadline {
        let before = NIODeadline.now()
        while NIODeadline.now() <= before {}
        return before
    }

    @Test func `a connection that stays silent is closed after the idle time, not before`() {
        let rig = ServerRig(limits: limits)
        rig.pass(.seconds(999))
        #expect(!rig.transport.isClosed)
        rig.pass(.seconds(1_000))
        #expect(rig.transport.isClosed)
        #expect(rig.sent == "")
        #expect(rig.service.closed == 1)
    }

    @Test func `empty lines do not begin the idle time anew, however they are cut`() {
        let rig = ServerRig(limits: limits)
        let connected = moment()
        for piece in ["\r", "\n", "\r\n", "\r", "\n", "\r"] { rig.receive(piece) }
        rig.loop.deadlines.advance(to: connected + headTime)
        #expect(rig.sent == "")
        rig.loop.deadlines.advance(to: connected + idleTime)
        #expect(rig.transport.isClosed)
        #expect(rig.service.counters.idleTimeouts.current == 1)
    }

    @Test func `half an empty line keeps nothing from its time`() {
        let head = ServerRig(limits: limits)
        for piece in ["\r", "\nGET / HT"] { head.receive(piece) }
        head.pass(headTime)
        #expect(head.sent.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
        let other = ServerRig(limits: limits)
        for piece in ["\r", "GET / HTTP/1.1\r\nHost: h\r\n\r\n"] { other.receive(piece) }
        #expect(other.sent.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        let drained = ServerRig(limits: limits)
        drained.receive("\r")
        drained.connection.drain(waitingForLast: false)
        #expect(drained.transport.isClosed)
        let served = ServerRig.answering(limits: limits)
        for byte in "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n".utf8 { served.receive([byte]) }
        #expect(served.sent.hasPrefix("HTTP/1.1 200 OK\r\n"))
    }

    @Test func `the idle time begins anew with every answer`() {
        let rig = ServerRig.answering(limits: limits)
        let connected = moment()
        rig.receive(get)
        rig.loop.deadlines.advance(to: connected + idleTime)
        #expect(!rig.transport.isClosed)
        rig.pass(idleTime)
        #expect(!rig.transport.isClosed)
        rig.pass(limits.drainTime + limits.lingerTime)
        #expect(rig.transport.isClosed)
    }

    @Test func `a request that meets the end of the idle time is served, and is the last`() {
        let rig = ServerRig.answering(limits: limits)
        rig.receive(get)
        rig.pass(idleTime)
        rig.receive(get)
        #expect(rig.sent.contains("connection: close"))
        #expect(rig.isEnding)
    }

    @Test(arguments: ["G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\n"])
    func `half a head is answered when its time is over`(text: String) {
        let rig = ServerRig(limits: limits)
        rig.receive(text)
        rig.pass(.seconds(9))
        #expect(rig.sent == "")
        rig.pass(headTime)
        #expect(rig.sent.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
        #expect(rig.sent.hasSuffix("\r\n\r\nrequest header timeout"))
        #expect(rig.transport.linger == rig.limits.lingerTime)
    }

    @Test func `a head that trickles in line by line has no more time than any other`() {
        let rig = ServerRig(limits: limits)
        rig.receive("GET / HTTP/1.1\r\n")
        let begun = moment()
        rig.receive("Host: h\r\n")
        rig.receive("X-A: 1\r\n")
        rig.loop.deadlines.advance(to: begun + headTime)
        #expect(rig.sent.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
    }

    @Test func `a head that trickles in byte by byte has no more time than any other`() {
        let rig = ServerRig(limits: limits)
        rig.receive("GET / HTTP/1.1\r\n")
        let begun = moment()
        for byte in "X-Slow: loris".utf8 { rig.receive([byte]) }
        rig.loop.deadlines.advance(to: begun + headTime)
        #expect(rig.sent.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
    }

    @Test func `a pipelined half head has the time of a head, not of an idle connection`() {
        let rig = ServerRig.answering(limits: limits)
        rig.receive(get + "GET / HT")
        rig.pass(headTime)
        #expect(rig.sent.contains("HTTP/1.1 408 Request Timeout\r\n"))
    }

    @Test func `a body that stops is reported to the handler`() {
        let rig = ServerRig(limits: limits)
        rig.receive(post + "hello")
        rig.pass(.seconds(99))
        #expect(rig.events == ["POST /", "body hello"])
        rig.pass(bodyTime)
        #expect(rig.events == ["POST /", "body hello", "broke 408"])
    }

    @Test func `every piece of a body renews its time`() {
        let rig = ServerRig(limits: limits)
        rig.receive(post)
        let begun = moment()
        rig.receive("h")
        rig.loop.deadlines.advance(to: begun + bodyTime)
        #expect(rig.events == ["POST /", "body h"])
    }

    @Test func `bytes of a body that carry no data do not renew its time`() {
        let rig = ServerRig(limits: limits)
        rig.receive("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;")
        let begun = moment()
        for _ in 0..<10 { rig.receive("extension") }
        rig.loop.deadlines.advance(to: begun + bodyTime)
        #expect(rig.events == ["POST /", "broke 408"])
    }

    @Test func `while the answer is awaited the client is under no deadline`() {
        for request in [get, post + "0123456789"] {
            let rig = ServerRig(limits: limits)
            rig.receive(request)
            #expect(rig.loop.deadlines.count == 0)
            rig.pass(.hours(24))
            #expect(rig.sent == "")
            #expect(!rig.isEnding)
        }
    }

    @Test func `a client that takes nothing of its last answer is given up`() {
        let rig = ServerRig(limits: limits)
        rig.receive(get)
        rig.transport.queuedBytes = 5_000
        rig.service.handler(0).answer(closing: true)
        rig.pass(bodyTime)
        #expect(rig.transport.isClosed)
        #expect(rig.service.closed == 1)
    }

    @Test func `a client that takes nothing of an answer that broke off is given up soon`() {
        let rig = ServerRig(limits: limits)
        rig.receive(get)
        rig.service.handler(0).begin(.length(10_000))
        rig.transport.queuedBytes = 5_000
        rig.service.handler(0).stream?.abort()
        rig.transport.queuedBytes = 4_000
        rig.pass(limits.lingerTime)
        #expect(!rig.transport.isClosed)
        rig.pass(limits.lingerTime)
        #expect(rig.transport.isClosed)
        #expect(rig.service.counters.delayedCloseTimeouts.current == 1)
    }

    @Test func `a client that takes its last answer slowly gets it`() {
        let rig = ServerRig(limits: limits)
        rig.receive(get)
        rig.transport.queuedBytes = 5_000
        rig.service.handler(0).answer(closing: true)
        for queued in stride(from: 4_000, through: 1_000, by: -1_000) {
            rig.transport.queuedBytes = queued
            rig.pass(bodyTime)
            #expect(!rig.transport.isClosed, "\(queued) bytes left")
        }
        rig.pass(bodyTime)
        #expect(rig.transport.isClosed)
    }
}
