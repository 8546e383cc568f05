// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Requests that do not wait for answers: served one after another, in order, within bounds.

import Testing
import UnderstudyHTTP

struct ServerPipeliningTests {
    private func request(_ target: String) -> String { "GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n" }

    @Test func `the second request begins when the first is answered`() {
        let rig = ServerRig()
        rig.receive(request("/1") + request("/2"))
        #expect(rig.events == ["GET /1"])
        rig.service.handler(0).answer(200, "one")
        #expect(rig.events == ["GET /1", "GET /2"])
        #expect(rig.sent == .answer("one"))
        rig.service.handler(1).answer(200, "two")
        #expect(rig.sent == .answer("one") + .answer("two"))
        #expect(!rig.isEnding)
    }

    @Test func `a body is followed by the next request without a gap`() {
        let rig = ServerRig.answering()
        rig.receive("POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" + request("/2") + "GET /3 HT")
        #expect(rig.events == ["POST /1", "body abc", "end", "GET /2"])
        rig.receive("TP/1.1\r\nHost: h\r\n\r\n")
        #expect(rig.events.last == "GET /3")
        #expect(rig.sent == .answer("1") + .answer("2") + .answer("3"))
    }

    @Test func `thousands at once are answered in order, without recursion`() {
        var limits = ServerLimits()
        limits.pipelinedBytes = 1 << 30
        let rig = ServerRig.answering(limits: limits)
        rig.receive((1...5_000).map { request("/\($0)") }.joined())
        #expect(rig.events == (1...5_000).map { "GET /\($0)" })
        #expect(rig.sent == (1...5_000).map { String.answer("\($0)") }.joined())
    }

    @Test func `thousands that are answered later are served one by one`() {
        let rig = ServerRig()
        rig.receive((1...1_000).map { request("/\($0)") }.joined())
        for index in 0..<1_000 {
            #expect(rig.service.handlerCount == index + 1)
            rig.service.handler(index).answer(200, "\(index)")
        }
        #expect(rig.events == (1...1_000).map { "GET /\($0)" })
    }

    @Test func `more than the limit stops reading until the answer is out`() {
        var limits = ServerLimits()
        limits.pipelinedBytes = 100
        let rig = ServerRig(limits: limits)
        rig.receive(request("/1"))
        rig.receive(String(repeating: "\r\n", count: 50))
        #expect(rig.transport.isReading)
        rig.receive("\r\n")
        #expect(!rig.transport.isReading)
        rig.service.handler(0).answer()
        #expect(rig.transport.isReading)
        rig.receive(request("/2"))
        #expect(rig.events == ["GET /1", "GET /2"])
    }

    @Test(arguments: [3, 20, 32])
    func `half a request behind another is kept`(split: Int) {
        let rig = ServerRig()
        let second = Array(request("/second").utf8)
        rig.receive(Array(request("/1").utf8) + second[..<split])
        rig.service.handler(0).answer()
        #expect(rig.events == ["GET /1"])
        rig.receive(Array(second[split...]))
        #expect(rig.events == ["GET /1", "GET /second"])
    }

    @Test func `nothing is served behind a request that closes`() {
        let rig = ServerRig.answering()
        rig.receive("GET /1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + request("/2"))
        rig.receive(request("/3"))
        #expect(rig.events == ["GET /1"])
        #expect(rig.sent == .answer("1", closing: true))
    }

    @Test func `nothing is served behind a bad request`() {
        let rig = ServerRig.answering()
        rig.receive(request("/1") + "GET /2 HTTP/1.1\r\nBad Name: 1\r\n\r\n" + request("/3"))
        #expect(rig.events == ["GET /1"])
        #expect(rig.sent.hasPrefix(.answer("1") + "HTTP/1.1 400 Bad Request\r\n"))
    }

    @Test func `nothing is served behind a bad body`() {
        let rig = ServerRig(
            RecordingService { handler, moment in if moment == .fault { handler.answer(400, "bad", closing: true) } }
        )
        rig.receive("POST /1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nX\r\n" + request("/2"))
        rig.receive(request("/3"))
        #expect(rig.events == ["POST /1", "broke 400"])
        #expect(rig.sent == .answer("bad", "400 Bad Request", closing: true))
        #expect(rig.transport.linger == rig.limits.lingerTime)
    }

    @Test func `an answer that overtakes its request ends the connection, and the rest is not read as a request`() {
        let rig = ServerRig(
            RecordingService { handler, moment in if moment == .body { handler.answer(413, "no", closing: true) } }
        )
        rig.receive("POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc")
        rig.receive(request("/2"))
        #expect(rig.events == ["POST /1", "body abc"])
        #expect(rig.sent == .answer("no", "413 Payload Too Large", closing: true))
    }
}
