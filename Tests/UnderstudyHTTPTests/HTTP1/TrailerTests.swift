// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Trailers end here unless both sides pass them on, and never say what only a head may say.

import NIOCore
import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct TrailerTests {
    private let post = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"

    private func server(passing: Bool, _ reaction: @escaping (RecordingHandler) -> Void = { _ in }) -> ServerRig {
        var limits = ServerLimits()
        limits.http1.passesTrailers = passing
        limits.messages.headerLines = 4
        return ServerRig(
            limits: limits,
            RecordingService { handler, moment in if moment == .end { reaction(handler) } }
        )
    }

    @Test(arguments: [
        (true, "X-Sum: 1\r\nX-Sum: 2\r\n", "end [\"x-sum: 1\", \"x-sum: 2\"]"),
        (true, "X-Empty:\r\n", "end [\"x-empty: \"]"), (true, "", "end"), (false, "X-Sum: 1\r\n", "end"),
    ])
    func `a client's trailers arrive where they are passed on`(passing: Bool, trailers: String, end: String) {
        let rig = server(passing: passing)
        rig.receive(post + "2\r\nab\r\n0\r\n\(trailers)\r\n")
        #expect(rig.events == ["POST /", "body ab", end])
    }

    @Test func `trailers that arrive byte by byte are the same`() {
        let rig = server(passing: true)
        rig.receive(post)
        for byte in "2\r\nab\r\n0\r\nX-A: 1\r\nX-B: 2\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n".utf8 {
            rig.receive([byte])
        }
        #expect(rig.events == ["POST /", "body ab", "end [\"x-a: 1\", \"x-b: 2\"]"])
        rig.service.handler(0).answer()
        #expect(rig.events.last == "GET /next")
    }

    @Test(arguments: [
        "Host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer",
        "Upgrade", "Expect", "X-Forwarded-For", "X-Forwarded-Proto", "X-Envoy-Internal", "X-Envoy-Max-Retries",
    ])
    func `what frames or routes a message is no trailer`(name: String) {
        let rig = server(passing: true)
        rig.receive(post + "0\r\n\(name): 1\r\nX-A: 1\r\n\r\n")
        #expect(rig.events == ["POST /", "end [\"x-a: 1\"]"])
    }

    @Test(arguments: [
        ("x a: 1\r\n", 400), (" x: 1\r\n", 400), (":path: /\r\n", 400), ("x: \u{1}\r\n", 400), ("x: 1\n", 400),
        ("a: 1\r\nb: 1\r\nc: 1\r\nd: 1\r\ne: 1\r\n", 431), ("x: " + String(repeating: "a", count: 20_000), 431),
    ])
    func `hostile trailers never complete the request`(trailers: String, status: Int) {
        let rig = server(passing: true)
        rig.receive(post + "2\r\nab\r\n0\r\n\(trailers)\r\n")
        #expect(rig.events == ["POST /", "body ab", "broke \(status)"])
    }

    // MARK: Sent

    @Test(arguments: [
        (true, BodyFraming.chunked, "2\r\nok\r\n0\r\nx-t: v\r\n\r\n"), (false, .chunked, "2\r\nok\r\n0\r\n\r\n"),
        (true, .length(2), "ok"),
    ])
    func `an answer's trailers are sent behind its chunks where they are passed on`(
        passing: Bool,
        framing: BodyFraming,
        body: String
    ) {
        let rig = server(passing: passing) { handler in
            handler.begin(framing)
            handler.stream?.sendBody(ByteBuffer(string: "ok"))
            handler.stream?.sendTrailers(HeaderBlock(["x-t: v"]))
            handler.stream?.endResponse()
        }
        rig.receive("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(rig.sent.hasSuffix("\r\n\r\n" + body))
        #expect(!rig.isEnding)
    }

    @Test(arguments: [
        (true, BodyFraming.chunked, "2\r\nab\r\n0\r\nx-t: v\r\n\r\n"), (false, .chunked, "2\r\nab\r\n0\r\n\r\n"),
        (true, .length(2), "ab"),
    ])
    func `a request's trailers are sent behind its chunks where they are passed on`(
        passing: Bool,
        framing: BodyFraming,
        body: String
    ) throws {
        let rig = try ClientRig { $0.http1.passesTrailers = passing }
        rig.begin("POST /", ["host: h"], framing)
        rig.connection.sendBody(ByteBuffer(string: "ab"))
        rig.connection.endRequest(trailers: HeaderBlock(["x-t: v"]))
        rig.connection.flush()
        #expect(rig.transport.sent.hasSuffix("\r\n\r\n" + body))
    }

    @Test(arguments: [(true, "end, reusable [\"x-t: v\"]"), (false, "end, reusable")])
    func `an upstream's trailers arrive where they are passed on`(passing: Bool, end: String) throws {
        let rig = try ClientRig { $0.http1.passesTrailers = passing }
        rig.begin()
        rig.receive("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: v\r\nHost: e\r\n\r\n")
        #expect(rig.events == ["200", "body ok", end])
    }

    @Test(arguments: ["x t: 1\r\n", "a: 1\r\nb: 1\r\n"])
    func `an upstream's hostile trailers break its answer off`(trailers: String) throws {
        let rig = try ClientRig {
            $0.http1.passesTrailers = true
            $0.messages.headerLines = 1
        }
        rig.begin()
        rig.receive("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\(trailers)\r\n")
        #expect(rig.events == ["200", "body ok", "failed: protocolError"])
        #expect(rig.transport.isClosed)
    }

    @Test func `trailers are reported however they are cut`() {
        let text = Array("2\r\nab\r\n0\r\nx: 1\r\n\r\n".utf8)
        for cut in 0...text.count {
            let body = DechunkedBody([Array(text[..<cut]), Array(text[cut...])], reportsTrailers: true)
            #expect(String(decoding: body.data, as: UTF8.self) == "ab", "cut at \(cut)")
            #expect(String(decoding: body.trailers, as: UTF8.self) == "x: 1\r\n\r\n", "cut at \(cut)")
            #expect(body.end == .whole(text.count), "cut at \(cut)")
        }
    }
}
