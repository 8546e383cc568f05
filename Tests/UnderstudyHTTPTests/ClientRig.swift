// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A connection to an upstream with a recording socket below and a recording handler above.

import NIOCore
import NIOEmbedded
import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

final class ClientRig {
    let loop: LoopContext
    let transport = RecordingTransport()
    let handler = RecordingResponseHandler()
    let limits = UpstreamLimits(connections: 8, pending: 8, requests: 8)
    let counters = UpstreamCounters()
    let pool: ConnectionPool
    let connection: HTTP1ClientConnection
    private let eventLoop = EmbeddedEventLoop()

    init(
        idleTime: TimeAmount? = .hours(1),
        isConnected: Bool = true,
        _ configure: (inout ConnectionPool.Settings) -> Void = { _ in }
    ) throws {
        loop = LoopContext(eventLoop: eventLoop)
        var settings = ConnectionPool.Settings(
            address: try SocketAddress(ipAddress: "127.0.0.1", port: 1),
            connectTimeout: .seconds(1)
        )
        settings.idleTime = idleTime
        configure(&settings)
        // Nobody connects to anything: the pool has the one transport, and the test says when it is connected.
        let transport = self.transport
        pool = ConnectionPool(settings, loop: loop, counters: counters) { connection in
            connection.isConnecting(on: transport)
            transport.attach(connection)
        }
        (transport.isConnected, transport.isWritable) = (isConnected, isConnected)
        connection = try #require(pool.take(within: limits))
        if isConnected { connection.transportConnected() }
    }

    deinit {
        // An embedded loop must not be left with work.
        try? eventLoop.syncShutdownGracefully()
    }

    func begin(
        _ start: String = "GET /",
        _ lines: [String] = ["host: h"],
        _ framing: BodyFraming = .none,
        mode: RequestMode = .plain
    ) {
        var head = RequestHead(start, lines)
        head.framing = framing
        connection.begin(head, mode, handler: handler)
    }

    /// Sends a request without a body, whose connection is released when its answer allows that.
    func exchange(_ answer: String, start: String = "GET /") {
        handler.reaction = { [unowned self] moment in if moment == .end { connection.release() } }
        begin(start)
        connection.flush()
        receive(answer)
    }

    func receive(_ text: String) { connection.transportReceived(ByteBuffer(string: text)) }
    func receive(_ bytes: [UInt8]) { connection.transportReceived(ByteBuffer(bytes: bytes)) }

    /// Whether the pool keeps the connection for another request.
    ///
    /// Takes it out.
    func isPooled() -> Bool {
        pool.idleCount == 1 && pool.take(within: limits) === connection
    }

    var events: [String] { handler.events }
}
