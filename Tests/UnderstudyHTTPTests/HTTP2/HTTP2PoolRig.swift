// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A pool of HTTP/2 connections whose sockets are made, refused and closed when the test says so.

import NIOCore
import NIOEmbedded
import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

final class HTTP2PoolRig {
    let loop: LoopContext
    let pool: HTTP2ClientPool
    let limits: UpstreamLimits
    let counters = UpstreamCounters()
    let http2 = HTTP2Counters()
    let host = HostCounters()
    private let eventLoop = EmbeddedEventLoop()
    private let sockets = Sockets()
    private var frames: [Int: SentFrames] = [:]

    /// In the order in which the pool asked for them.
    private final class Sockets {
        var all: [RecordingTransport] = []
    }

    init(
        _ limits: UpstreamLimits = UpstreamLimits(),
        _ configure: (inout ConnectionPool.Settings) -> Void = { _ in }
    ) throws {
        loop = LoopContext(eventLoop: eventLoop)
        self.limits = limits
        var settings = ConnectionPool.Settings(
            address: try SocketAddress(ipAddress: "127.0.0.1", port: 1),
            connectTimeout: .seconds(1)
        )
        configure(&settings)
        let sockets = self.sockets
        pool = HTTP2ClientPool(settings, loop: loop, counters: counters, http2Counters: http2, host: host) {
            connection in
            let transport = RecordingTransport()
            (transport.isConnected, transport.isWritable) = (false, false)
            sockets.all.append(transport)
            connection.isConnecting(on: transport)
            transport.attach(connection)
        }
    }

    deinit {
        for transport in transports { transport.end(.reset) }
        // An embedded loop must not be left with work.
        try? eventLoop.syncShutdownGracefully()
    }

    var transports: [RecordingTransport] { sockets.all }

    /// Sends a request, whose stream is released behind a whole answer.
    ///
    /// - Parameter framing: Of a body that the test sends.
    func ask(
        _ target: String = "/",
        of limits: UpstreamLimits? = nil,
        fresh: Bool = false,
        method: String = "GET",
        _ lines: [String] = ["host: h"],
        framing: BodyFraming = .none,
        mode: RequestMode = .plain,
        saysHTTPS: Bool = false
    ) throws -> HTTP2Asked {
        let stream = pool.acquire(within: limits ?? self.limits, fresh: fresh, patient: false)
        let asked = HTTP2Asked(try #require(stream, "\(target) was refused"))
        var head = RequestHead("\(method) \(target)", lines)
        head.framing = framing
        head.saysHTTPS = saysHTTPS
        asked.stream.begin(head, mode, handler: asked.handler)
        asked.stream.flush()
        eventLoop.run()
        return asked
    }

    func isRefused(of limits: UpstreamLimits? = nil) -> Bool {
        pool.acquire(within: limits ?? self.limits, fresh: false, patient: false) == nil
    }

    /// The socket with this number, from 0, is connected, and the peer has sent its settings.
    func connect(_ index: Int = 0, settings: [(UInt16, UInt32)]? = []) {
        let transport = transports[index]
        (transport.isConnected, transport.isWritable) = (true, true)
        transport.user?.transportConnected()
        eventLoop.run()
        if let settings { receive(index, WireFrame.settings(settings), WireFrame.settingsAck) }
    }

    func receive(_ index: Int = 0, _ frames: WireFrame...) {
        transports[index].user?.transportReceived(ByteBuffer(bytes: frames.flatMap(\.bytes)))
        eventLoop.run()
    }

    /// A whole answer without a body.
    func answer(_ index: Int = 0, _ id: UInt32) { receive(index, .status(id, "200")) }

    func end(_ index: Int = 0, _ reason: TransportEnd = .closedByPeer) {
        transports[index].end(reason)
        eventLoop.run()
    }

    func run() { eventLoop.run() }

    /// Lets every deadline pass that was set by now and lasts no longer than `time`.
    func pass(_ time: TimeAmount) {
        loop.deadlines.advance(to: .now() + time)
        eventLoop.run()
    }

    func setWritable(_ isWritable: Bool, _ index: Int = 0) {
        transports[index].isWritable = isWritable
        transports[index].user?.transportWritabilityChanged()
        eventLoop.run()
    }

    /// What the socket was sent since it was asked for last, a line for each frame, without settings and windows.
    func sent(_ index: Int = 0) -> [String] {
        eventLoop.run()
        let transport = transports[index]
        if frames[index] == nil, transport.sentBytes.readableBytes > 0 {
            transport.sentBytes.moveReaderIndex(forwardBy: HTTP2Preface.text.utf8CodeUnitCount)
        }
        var frames = self.frames[index] ?? SentFrames()
        let lines = frames.read(&transport.sentBytes)
        if transport.isConnected { self.frames[index] = frames }
        return lines.filter { !$0.hasPrefix("SETTINGS") && !$0.hasPrefix("WINDOW 0") }
    }

    /// Everything that says how many there are now.
    var gauges: [Int] {
        [
            counters.activeConnections.current, counters.activeRequests.current, counters.activePendingRequests.current,
            host.activeConnections.current, host.activeRequests.current, http2.activeStreams.current,
        ] + limits.gauges
    }
}

/// A request and what became of it.
final class HTTP2Asked {
    let stream: any ClientStream
    let handler = RecordingResponseHandler()

    init(_ stream: any ClientStream) {
        self.stream = stream
        handler.reaction = { [unowned stream] moment in if moment == .end { stream.release() } }
    }

    var events: [String] { handler.events.filter { $0 != "drained" } }
    var isOver: Bool { events.contains { $0.hasPrefix("end") || $0.hasPrefix("failed") } }
}

extension WireFrame {
    /// The head of an answer.
    static func status(_ id: UInt32, _ status: String, _ fields: [(String, String)] = [], end: Bool = true) -> WireFrame
    {
        headers(id, Block.fields([(":status", status)] + fields), end: end)
    }
}
