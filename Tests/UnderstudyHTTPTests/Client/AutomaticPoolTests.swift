// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Upstreams that say what they speak while hands are shaken.

import NIOCore
import NIOEmbedded
import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct AutomaticPoolTests {
    private final class Rig {
        var pool: AutomaticPool?
        let counters = UpstreamCounters()
        let limits = UpstreamLimits()
        private let eventLoop = EmbeddedEventLoop()
        private let sockets = Sockets()

        private final class Sockets {
            var all: [RecordingTransport] = []
        }

        init() throws {
            let settings = ConnectionPool.Settings(
                address: try SocketAddress(ipAddress: "127.0.0.1", port: 1),
                connectTimeout: .seconds(1)
            )
            let sockets = self.sockets
            pool = AutomaticPool(settings, loop: LoopContext(eventLoop: eventLoop), counters: counters) { connection in
                let transport = RecordingTransport()
                (transport.isConnected, transport.isWritable) = (false, false)
                sockets.all.append(transport)
                connection.isConnecting(on: transport)
                transport.attach(connection)
            }
        }

        deinit {
            for transport in transports { transport.end(.reset) }
            try? eventLoop.syncShutdownGracefully()
        }

        var transports: [RecordingTransport] { sockets.all }

        func ask(_ body: String = "") throws -> HTTP2Asked {
            let asked = HTTP2Asked(try #require(pool?.acquire(within: limits)))
            var head = RequestHead(body.isEmpty ? "GET /" : "POST /", ["host: h"])
            if !body.isEmpty { head.framing = .chunked }
            asked.stream.begin(head, handler: asked.handler)
            if !body.isEmpty {
                asked.stream.sendBody(ByteBuffer(string: body))
                asked.stream.endRequest()
            }
            asked.stream.flush()
            return asked
        }

        func connect(_ index: Int, _ agreed: ApplicationProtocol?) {
            let transport = transports[index]
            (transport.isConnected, transport.isWritable) = (true, true)
            transport.applicationProtocol = agreed
            transport.user?.transportConnected()
            eventLoop.run()
        }

        func receive(_ index: Int, _ bytes: [UInt8]) {
            transports[index].user?.transportReceived(ByteBuffer(bytes: bytes))
            eventLoop.run()
        }

        var gauges: [Int] {
            [
                counters.activeConnections.current, counters.activeRequests.current,
                counters.activePendingRequests.current,
            ] + limits.gauges
        }
    }

    private static let http1Answer = Array("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".utf8)

    @Test(arguments: [ApplicationProtocol.http1, nil])
    func `an upstream that agrees to nothing else gets HTTP1`(agreed: ApplicationProtocol?) throws {
        let rig = try Rig()
        let asked = try rig.ask("abc")
        #expect(rig.transports.count == 1)
        #expect(asked.stream.heldBytes == 3 + 17)
        #expect(rig.gauges == [1, 0, 1, 1, 1, 0])
        rig.connect(0, agreed)
        #expect(rig.transports[0].sent.hasPrefix("POST / HTTP/1.1\r\n"))
        #expect(rig.transports[0].sent.hasSuffix("\r\n\r\n3\r\nabc\r\n0\r\n\r\n"))
        rig.receive(0, Self.http1Answer)
        #expect(asked.events == ["200", "end, reusable"])
        #expect(rig.gauges == [1, 0, 0, 1, 0, 0])
        #expect(rig.counters.http1Connections.current == 1)
        // The next one need not ask.
        let next = try rig.ask()
        rig.receive(0, Self.http1Answer)
        #expect(next.events == ["200", "end, reusable"])
        #expect(rig.transports.count == 1)
    }

    @Test func `all that wait go on over HTTP2, on the one connection`() throws {
        let rig = try Rig()
        let asked = [try rig.ask(), try rig.ask("abc"), try rig.ask()]
        rig.connect(0, .http2)
        #expect(rig.transports.count == 1)
        #expect(rig.gauges == [1, 3, 0, 1, 0, 3])
        let frames = [WireFrame.settings(), .settingsAck, .status(1, "200"), .status(3, "200"), .status(5, "200")]
        rig.receive(0, frames.flatMap(\.bytes))
        #expect(asked.allSatisfy { $0.events == ["200", "end, reusable"] })
        #expect(rig.counters.http2Connections.current == 1)
        #expect(rig.counters.connections.current == 1)
        #expect(rig.gauges == [1, 0, 0, 1, 0, 0])
    }

    @Test func `without a connection all that wait fail, and the next asks again`() throws {
        let rig = try Rig()
        let asked = [try rig.ask(), try rig.ask()]
        rig.transports[0].end(.couldNotConnect)
        #expect(asked.allSatisfy { $0.events == ["failed: connectFailure"] })
        #expect(rig.counters.pendingFailures.current == 2)
        #expect(rig.gauges == [0, 0, 0, 0, 0, 0])
        _ = try rig.ask()
        #expect(rig.transports.count == 2)
    }

    @Test func `whoever gives up while it waits is forgotten`() throws {
        let rig = try Rig()
        let asked = try rig.ask()
        asked.stream.close()
        #expect(rig.counters.cancelledRequests.current == 1)
        rig.connect(0, .http2)
        #expect(asked.handler.events == [])
        #expect(rig.gauges == [1, 0, 0, 1, 0, 0])
    }

    @Test func `a connection that outlives its pool has nobody to tell`() throws {
        let rig = try Rig()
        _ = try rig.ask()
        rig.connect(0, .http2)
        rig.transports[0].end(.closedByPeer)
        let asked = try rig.ask()
        rig.pool = nil
        rig.connect(1, .http1)
        rig.transports[1].end(.closedByPeer)
        #expect(asked.isOver)
    }

    @Test func `an upstream may come to speak something else`() throws {
        let rig = try Rig()
        let first = try rig.ask()
        rig.connect(0, .http2)
        rig.transports[0].end(.closedByPeer)
        #expect(first.isOver)
        _ = try rig.ask()
        rig.connect(1, .http1)
        rig.transports[1].end(.closedByPeer)
        let third = try rig.ask()
        rig.connect(2, .http1)
        rig.receive(2, Self.http1Answer)
        #expect(third.events == ["200", "end, reusable"])
    }
}
