// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How connections end: gently after the last answer, visibly broken in the middle of one, and told to everyone once.

import NIOCore
import Testing
import UnderstudyCore
import UnderstudyHTTP

struct ServerClosingTests {
    private let get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    private let post = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhello"

    @Test func `a connection outlives its answers`() {
        let rig = ServerRig.answering()
        rig.receive(get)
        rig.receive(get)
        #expect(rig.sent == .answer("1") + .answer("2"))
        #expect(!rig.isEnding)
        #expect(rig.transport.unflushedBytes == 0)
    }

    @Test func `a client that asked for the close gets it right after the answer`() {
        let rig = ServerRig.answering()
        rig.receive("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        #expect(rig.sent == .answer("1", closing: true))
        #expect(rig.transport.linger == .zero)
    }

    @Test func `a close that the client did not ask for lingers, and what comes then is thrown away`() {
        let rig = ServerRig(RecordingService { handler, moment in if moment == .end { handler.answer(closing: true) } })
        rig.receive(get)
        #expect(rig.sent == .answer("ok", closing: true))
        #expect(rig.transport.linger == rig.limits.lingerTime)
        #expect(rig.transport.isReading)
        rig.receive(get)
        #expect(rig.events == ["GET /"])
        #expect(rig.transport.bytesAfterClose == 0)
        rig.connection.transportClosed(.closedByPeer)
        #expect(rig.service.closed == 1)
        #expect(rig.events == ["GET /"])
    }

    @Test func `an answer before the end of the request closes even if the handler forgot to say so`() {
        let rig = ServerRig()
        rig.receive(post)
        rig.service.handler(0).answer()
        #expect(rig.transport.linger == rig.limits.lingerTime)
    }

    // MARK: Breaking off

    @Test func `an answer by length that breaks off stays short`() {
        let rig = ServerRig()
        rig.receive(get)
        let handler = rig.service.handler(0)
        handler.begin(.length(10))
        handler.stream?.sendBody(ByteBuffer(string: "half"))
        handler.stream?.abort()
        #expect(rig.sent == "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")
        #expect(rig.isEnding)
        #expect(rig.transport.unflushedBytes == 0)
    }

    @Test(arguments: [BodyFraming.chunked, .untilClose])
    func `an answer by chunks that breaks off has no last chunk`(framing: BodyFraming) {
        let rig = ServerRig()
        rig.receive(get)
        let handler = rig.service.handler(0)
        handler.begin(framing)
        handler.stream?.sendBody(ByteBuffer(string: "half"))
        handler.stream?.abort()
        #expect(rig.sent == "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n")
        #expect(rig.isEnding)
    }

    @Test func `nothing is served behind an answer that broke off`() {
        let rig = ServerRig()
        rig.receive(get + get)
        rig.service.handler(0).begin(.chunked)
        rig.service.handler(0).stream?.abort()
        rig.receive(get)
        #expect(rig.service.handlerCount == 1)
    }

    // MARK: Answers without a body

    @Test(arguments: [BodyFraming.length(2), .chunked, .none])
    func `an answer to HEAD has no body whatever the handler sends`(framing: BodyFraming) {
        let rig = ServerRig()
        rig.receive("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n")
        let handler = rig.service.handler(0)
        handler.begin(framing)
        handler.stream?.sendBody(ByteBuffer(string: "ok"))
        handler.stream?.endResponse()
        #expect(rig.sent.hasSuffix("\r\n\r\n"))
        #expect(!rig.sent.contains("ok"))
        #expect(!rig.isEnding)
    }

    @Test func `an empty piece is no last chunk`() {
        let rig = ServerRig()
        rig.receive(get)
        let handler = rig.service.handler(0)
        handler.begin(.chunked)
        handler.stream?.sendBody(ByteBuffer())
        handler.stream?.sendBody(ByteBuffer(string: "a"))
        handler.stream?.sendBody(ByteBuffer())
        handler.stream?.endResponse()
        #expect(rig.sent == "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n")
    }

    // MARK: The client leaves

    @Test(arguments: [TransportEnd.closedByPeer, .reset])
    func `a client that leaves within its request is reported once`(end: TransportEnd) {
        for request in [get, post] {
            let rig = ServerRig()
            rig.receive(request)
            rig.connection.transportClosed(end)
            #expect(rig.events.last == "left")
            #expect(rig.events.count { $0 == "left" } == 1)
            #expect(rig.service.closed == 1)
        }
    }

    @Test func `a client that leaves between requests leaves nobody to tell`() {
        let rig = ServerRig.answering()
        rig.receive(get)
        rig.receive("GET / HT")
        rig.connection.transportClosed(.closedByPeer)
        #expect(rig.events == ["GET /"])
        #expect(rig.service.closed == 1)
        #expect(rig.loop.deadlines.count == 0)
    }

    @Test func `a killed connection is closed, and the handler and the service hear of it once`() {
        let rig = ServerRig()
        rig.receive(get)
        rig.connection.kill()
        rig.connection.kill()
        #expect(rig.transport.isClosed)
        #expect(rig.events == ["GET /", "left"])
        #expect(rig.service.closed == 1)
        #expect(rig.loop.deadlines.count == 0)
    }

    @Test func `a handler that answers too late harms nobody`() {
        let rig = ServerRig()
        rig.receive(get)
        rig.connection.transportClosed(.reset)
        let handler = rig.service.handler(0)
        handler.stream?.sendHead(ResponseHead(), closing: false)
        handler.stream?.setReading(false)
        handler.stream?.abort()
        #expect(rig.transport.isReading)
        #expect(rig.service.closed == 1)
        #expect(!rig.isEnding)
    }

    // MARK: Draining

    @Test func `draining closes what is idle`() {
        let rig = ServerRig.answering()
        rig.receive(get)
        rig.service.isDraining = true
        rig.connection.drain(waitingForLast: false)
        #expect(rig.transport.isClosed)
        #expect(rig.service.closed == 1)
    }

    @Test func `draining lets a request in flight end and tells the client`() {
        let rig = ServerRig()
        rig.receive(get)
        rig.service.isDraining = true
        rig.connection.drain(waitingForLast: false)
        #expect(!rig.isEnding)
        rig.service.handler(0).answer()
        #expect(rig.sent == .answer("ok", closing: true))
        #expect(rig.isEnding)
    }

    @Test func `draining lets a request that has just begun to arrive be answered`() {
        let rig = ServerRig.answering()
        rig.receive("GET / HTTP/1.1\r\nHo")
        rig.service.isDraining = true
        rig.connection.drain(waitingForLast: false)
        #expect(!rig.isEnding)
        rig.receive("st: h\r\n\r\n")
        #expect(rig.sent == .answer("1", closing: true))
        #expect(rig.isEnding)
    }

    @Test func `a connection whose answer had begun before the drain may carry one more request, or be silent`() {
        for isSilent in [true, false] {
            let rig = ServerRig()
            rig.receive(get)
            rig.service.handler(0).begin(.length(2))
            rig.connection.drain(waitingForLast: true)
            rig.service.handler(0).stream?.sendBody(ByteBuffer(string: "ok"))
            rig.service.handler(0).stream?.endResponse()
            #expect(!rig.isEnding)
            if isSilent {
                rig.pass(rig.limits.drainTime)
            } else {
                rig.receive(get)
                rig.service.handler(1).answer()
                #expect(rig.sent == .answer("ok") + .answer("ok", closing: true))
            }
            #expect(rig.isEnding)
        }
    }

    @Test func `draining ends a connection whose answer had begun before`() {
        let rig = ServerRig()
        rig.receive(get)
        rig.service.handler(0).begin(.length(2))
        rig.service.isDraining = true
        rig.connection.drain(waitingForLast: false)
        rig.service.handler(0).stream?.sendBody(ByteBuffer(string: "ok"))
        rig.service.handler(0).stream?.endResponse()
        #expect(rig.sent == .answer("ok"))
        #expect(rig.isEnding)
    }
}
