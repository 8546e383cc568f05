// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A pool whose sockets are made, refused and closed when the test says so.

import NIOCore
import NIOEmbedded
import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

final class PoolRig {
    let loop: LoopContext
    let pool: ConnectionPool
    let limits: UpstreamLimits
    let counters = UpstreamCounters()
    let host = HostCounters()
    private let eventLoop = EmbeddedEventLoop()
    private let sockets = Sockets()

    /// In the order in which the pool asked for them.
    private final class Sockets {
        var all: [RecordingTransport] = []
    }

    init(_ limits: UpstreamLimits = UpstreamLimits(), hostConnections: ResourceLimit? = nil) throws {
        loop = LoopContext(eventLoop: eventLoop)
        self.limits = limits
        var settings = ConnectionPool.Settings(
            address: try SocketAddress(ipAddress: "127.0.0.1", port: 1),
            connectTimeout: .seconds(1)
        )
        settings.hostConnections = hostConnections.map { [$0, $0] } ?? []
        let sockets = self.sockets
        pool = ConnectionPool(settings, loop: loop, counters: counters, host: host) { connection in
            let transport = RecordingTransport()
            (transport.isConnected, transport.isWritable) = (false, false)
            sockets.all.append(transport)
            connection.isConnecting(on: transport)
            transport.attach(connection)
        }
    }

    deinit {
        // An embedded loop must not be left with work.
        try? eventLoop.syncShutdownGracefully()
    }

    var transports: [RecordingTransport] { sockets.all }

    /// Sends a request, whose connection is released behind a whole answer.
    func ask(_ target: String, of limits: UpstreamLimits? = nil, fresh: Bool = false) throws -> Asked {
        try #require(request(target, of: limits, fresh: fresh), "\(target) was refused")
    }

    /// As above; `nil` if a limit is reached.
    func request(_ target: String, of limits: UpstreamLimits? = nil, fresh: Bool = false) -> Asked? {
        guard let connection = pool.take(within: limits ?? self.limits, fresh: fresh) else { return nil }
        let asked = Asked(connection)
        connection.begin(RequestHead("GET \(target)", ["host: h"]), handler: asked.handler)
        connection.flush()
        return asked
    }

    /// The socket with this number, from 0, is connected.
    func connect(_ index: Int = 0) {
        let transport = transports[index]
        (transport.isConnected, transport.isWritable) = (true, true)
        transport.user?.transportConnected()
    }

    func answer(_ index: Int = 0) {
        transports[index].user?.transportReceived(ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
    }

    func end(_ index: Int = 0, _ reason: TransportEnd = .closedByPeer) {
        transports[index].end(reason)
    }

    /// What the socket was sent, by target and in order.
    func targets(_ index: Int = 0) -> [String] {
        transports[index].sent.split(separator: "\r\n").filter { $0.hasPrefix("GET ") }.compactMap { line in
            line.split(separator: " ").dropFirst().first.map(String.init)
        }
    }

    /// Everything that says how many there are now.
    var gauges: [Int] {
        [
            counters.activeConnections.current, counters.activeRequests.current, counters.activePendingRequests.current,
            host.activeConnections.current, host.activeRequests.current,
        ] + limits.gauges
    }
}

extension UpstreamLimits {
    var gauges: [Int] { [connections.current, pending.current, requests.current] }
}

/// A request and what became of it.
final class Asked {
    let connection: HTTP1ClientConnection
    let handler = RecordingResponseHandler()

    init(_ connection: HTTP1ClientConnection) {
        self.connection = connection
        handler.reaction = { [unowned connection] moment in if moment == .end { connection.release() } }
    }

    var events: [String] { handler.events.filter { $0 != "drained" } }
    var isAnswered: Bool { events.first == "200" }
    var isOver: Bool { isAnswered || events.contains { $0.hasPrefix("failed") } }
}

extension ConnectionPool {
    /// As `acquire`, with the type that it is known to have here.
    func take(within limits: UpstreamLimits, fresh: Bool = false) -> HTTP1ClientConnection? {
        acquire(within: limits, fresh: fresh, patient: false) as? HTTP1ClientConnection
    }
}
