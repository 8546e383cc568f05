// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Every limit that a configuration can set, reached.

import NIOCore
import TestSupport
import Testing
import UnderstudyCore
import UnderstudyHTTP

struct ServerConfiguredLimitTests {
    private let get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
    private let post = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n"

    private func rig(_ configure: (inout ServerLimits) -> Void) -> ServerRig {
        var limits = ServerLimits()
        configure(&limits)
        return ServerRig.answering(limits: limits)
    }

    @Test func `bytes of a head`() {
        let rig = rig { $0.messages.headBytes = 64 }
        rig.receive("GET / HTTP/1.1\r\nHost: h\r\nX-A: \(String(repeating: "a", count: 64))")
        #expect(rig.sent.hasPrefix("HTTP/1.1 431 Request Header Fields Too Large\r\n"))
    }

    @Test func `bytes of a head that comes byte by byte`() {
        let rig = rig { $0.messages.headBytes = 64 }
        for byte in "GET /\(String(repeating: "a", count: 100))".utf8 { rig.receive([byte]) }
        #expect(rig.sent.hasPrefix("HTTP/1.1 431 Request Header Fields Too Large\r\n"))
    }

    @Test func `a head of several MiB, if that is allowed`() {
        let rig = rig { $0.messages.headBytes = 8 << 20 }
        rig.receive("GET / HTTP/1.1\r\nHost: h\r\nX-A: \(String(repeating: "a", count: 6 << 20))\r\n\r\n")
        #expect(rig.sent == .answer("1"))
    }

    @Test func `lines of a head`() {
        let rig = rig { $0.messages.headerLines = 2 }
        rig.receive("GET / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\n\r\n")
        rig.receive("GET / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nX-B: 1\r\n\r\n")
        #expect(rig.sent.hasPrefix(.answer("1") + "HTTP/1.1 431 "))
    }

    @Test func `the time of a head, and none`() {
        let limited = rig { $0.headTime = .seconds(2) }
        limited.receive("GET /")
        limited.pass(.seconds(2))
        #expect(limited.sent.hasSuffix("request header timeout"))
        let unlimited = rig {
            $0.headTime = nil
            $0.bodyTime = nil
        }
        unlimited.receive("GET /")
        unlimited.pass(.hours(100))
        #expect(unlimited.sent == "")
        #expect(!unlimited.isEnding)
    }

    @Test func `silence ends a head before its time is over`() {
        let silent = rig {
            $0.headTime = .seconds(10)
            $0.bodyTime = .seconds(2)
        }
        silent.receive("GET /")
        silent.pass(.seconds(2))
        #expect(silent.sent.hasSuffix("stream timeout"))
    }

    @Test func `the time between requests, and none`() {
        let limited = rig {
            $0.idleTime = .seconds(2)
            $0.drainTime = .zero
        }
        limited.receive(get)
        limited.pass(.seconds(2))
        #expect(limited.transport.isClosed)
        let unlimited = rig { $0.idleTime = nil }
        unlimited.receive(get)
        unlimited.pass(.hours(100))
        #expect(!unlimited.isEnding)
    }

    @Test func `the silence within a body, and none`() {
        let limited = rig { $0.bodyTime = .seconds(2) }
        limited.receive(post + "ab")
        limited.pass(.seconds(2))
        #expect(limited.events.last == "broke 408")
        let unlimited = rig { $0.bodyTime = nil }
        unlimited.receive(post + "ab")
        unlimited.pass(.hours(100))
        #expect(unlimited.events.last == "body ab")
    }

    @Test func `without a time for bodies a client that takes nothing is still given up`() {
        let rig = rig { $0.bodyTime = nil }
        rig.receive("bad\r\n\r\n")
        rig.pass(.minutes(5))
        #expect(rig.transport.isClosed)
    }

    @Test(arguments: [(["GET /"], true), (["POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab"], false)])
    func `the time of a request, from its first byte to its last`(pieces: [String], isInHead: Bool) {
        let rig = rig {
            $0.requestTime = .seconds(2)
            $0.headTime = nil
            $0.bodyTime = nil
        }
        for piece in pieces { rig.receive(piece) }
        rig.pass(.seconds(1))
        #expect(rig.sent == "")
        rig.pass(.seconds(2))
        if isInHead {
            #expect(rig.sent.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
            #expect(rig.sent.hasSuffix("\r\n\r\nrequest timeout"))
        } else {
            #expect(rig.events.last == "broke 408")
        }
    }

    @Test func `the time of a request ends with its last byte`() {
        var limits = ServerLimits()
        limits.requestTime = .seconds(2)
        let rig = ServerRig(limits: limits)
        rig.receive(String(post.prefix(10)))
        rig.receive(String(post.dropFirst(10)) + "hello")
        #expect(rig.loop.deadlines.count == 0)
        rig.pass(.hours(1))
        #expect(rig.events == ["POST /", "body hello", "end"])
    }

    @Test func `a connection that has carried nothing ends when its time is over`() {
        let rig = rig { $0.connectionTime = .seconds(2) }
        rig.pass(.seconds(2))
        #expect(rig.transport.isClosed)
        #expect(rig.loop.deadlines.count == 0)
    }

    @Test func `a connection whose time is over serves what still comes, with a close`() {
        let rig = rig { $0.connectionTime = .seconds(2) }
        rig.receive(get)
        rig.pass(.seconds(2))
        #expect(!rig.isEnding)
        rig.receive(get)
        #expect(rig.sent == .answer("1") + .answer("2", closing: true))
        #expect(rig.isEnding)
    }

    @Test func `a connection whose time is over ends after the drain time`() {
        let rig = rig {
            $0.connectionTime = .seconds(2)
            $0.drainTime = .seconds(3)
        }
        rig.receive(get)
        rig.pass(.seconds(2))
        rig.pass(.seconds(3))
        #expect(rig.transport.isClosed)
    }

    @Test func `an answer that is under way when the time is over is the last one`() {
        var limits = ServerLimits()
        limits.connectionTime = .seconds(2)
        let rig = ServerRig(limits: limits)
        rig.receive(get)
        rig.pass(.seconds(2))
        rig.service.handler(0).answer()
        #expect(rig.sent == .answer("ok", closing: true))
        #expect(rig.transport.linger == rig.limits.lingerTime)
    }

    @Test func `requests of a connection`() {
        let rig = rig { $0.requestsPerConnection = 2 }
        rig.receive(get + get + get)
        #expect(rig.sent == .answer("1") + .answer("2", closing: true))
        #expect(rig.events == ["GET /", "GET /"])
        // The third would be unread otherwise, and that resets the answers away.
        #expect(rig.transport.linger == rig.limits.lingerTime)
    }

    @Test func `no delay of the close`() {
        let rig = rig { $0.lingerTime = .zero }
        rig.receive("bad\r\n\r\n")
        #expect(rig.transport.linger == .zero)
    }

    @Test func `underscores in header names`() {
        let request = "GET / HTTP/1.1\r\nHost: h\r\nX_A: 1\r\nX-B: a_b\r\n\r\n"
        let allowing = rig { $0.underscores = .allow }
        allowing.receive(request)
        #expect(allowing.service.handler(0).lines == ["host: h", "x_a: 1", "x-b: a_b"])
        let dropping = rig { $0.underscores = .drop }
        dropping.receive(request)
        #expect(dropping.service.handler(0).lines == ["host: h", "x-b: a_b"])
        dropping.receive("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(dropping.service.counters.underscores.droppedHeaders.current == 1)
        let refusing = rig { $0.underscores = .reject }
        refusing.receive(request)
        #expect(refusing.sent.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
        #expect(refusing.events.isEmpty)
        #expect(refusing.service.counters.underscores.rejectedRequests.current == 1)
        #expect(allowing.service.counters.underscores.droppedHeaders.current == 0)
    }

    @Test func `underscores in the names of trailers`() {
        let request =
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX_A: 1\r\nX-B: 2\r\n\r\n"
        func rig(_ action: HeadRules.Underscores) -> ServerRig {
            self.rig {
                $0.underscores = action
                $0.http1.passesTrailers = true
            }
        }
        let allowing = rig(.allow)
        allowing.receive(request)
        #expect(allowing.events.contains("end [\"x_a: 1\", \"x-b: 2\"]"))
        let dropping = rig(.drop)
        dropping.receive(request)
        #expect(dropping.events.contains("end [\"x-b: 2\"]"))
        #expect(dropping.service.counters.underscores.droppedHeaders.current == 1)
        let refusing = rig(.reject)
        refusing.receive(request)
        #expect(refusing.events.contains("broke 400"))
        #expect(refusing.service.counters.underscores.rejectedRequests.current == 1)
    }

    @Test func `whoever serves decides what a refusal looks like`() {
        let rig = ServerRig()
        let transport = RecordingTransport()
        let connection = HTTP1ServerConnection(
            transport: transport,
            service: RefusingService(),
            loop: rig.loop,
            limits: rig.limits
        )
        connection.transportReceived(
            ByteBuffer(string: "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n")
        )
        #expect(
            transport.sent == "HTTP/1.1 418 Unknown\r\nx-details: http1.invalid_transfer_encoding\r\n"
                + "connection: close\r\ncontent-length: 0\r\n\r\n"
        )
        #expect(transport.linger == rig.limits.lingerTime)
    }

    @Test func `an interim answer is passed on with nothing added`() {
        let rig = ServerRig(
            RecordingService { handler, moment in
                guard moment == .end else { return }
                handler.stream?.sendInterim(ResponseHead(status: 103, ["link: x"]))
                handler.answer()
            }
        )
        rig.receive(get)
        #expect(rig.sent == "HTTP/1.1 103 Unknown\r\nlink: x\r\n\r\n" + .answer("ok"))
    }
}

/// Has its own way of saying no.
private final class RefusingService: RequestService {
    let serverName: [UInt8] = []
    let isDraining = false
    let counters = ServerCounters()
    private let recording = RecordingService()

    func makeHandler() -> any RequestHandler { recording.makeHandler() }
    func connectionOpened(_ connection: any ServerConnection) {}
    func connectionClosed(_ connection: any ServerConnection) {}

    func refuse(_ reply: LocalReply, on stream: any ServerStream, loop: LoopContext) {
        stream.sendHead(ResponseHead(status: 418, ["x-details: \(reply.details)"]), closing: true)
        stream.endResponse()
    }
}
