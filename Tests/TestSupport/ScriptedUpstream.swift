// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Upstreams that do exactly what a test asks of them, well-behaved or not.

internal import NIOCore
internal import NIOPosix

/// What an upstream does at the stages of a request.
///
/// Called on the connection's loop.
package struct UpstreamBehaviour: Sendable {
    package typealias Act = @Sendable (ObservedMessage, RawConnection) -> Void

    /// There is something to connect to.
    package var isThere = true
    /// It takes bytes off its sockets.
    package var isReading = true
    package var onHead: Act = { _, _ in }
    /// After each piece of the body, with all that came so far.
    package var onBody: Act = { _, _ in }
    package var onEnd: Act = { _, _ in }

    package init() {}

    /// Answers complete requests.
    package static func answers(_ body: String = "ok") -> UpstreamBehaviour {
        answers { _ in "HTTP/1.1 200 OK\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)" }
    }

    /// Answers complete requests with these bytes; with nothing at all for `nil`.
    package static func answers(_ bytes: @escaping @Sendable (ObservedMessage) -> String?) -> UpstreamBehaviour {
        var behaviour = UpstreamBehaviour()
        behaviour.onEnd = { message, connection in
            if let bytes = bytes(message) { connection.push(bytes) }
        }
        return behaviour
    }

    /// Reads and never answers; the test may do so by hand.
    package static let silent = UpstreamBehaviour()

    /// Refuses connections.
    package static let absent = {
        var behaviour = UpstreamBehaviour()
        behaviour.isThere = false
        return behaviour
    }()

    /// Accepts and never reads.
    package static let neverReads = {
        var behaviour = UpstreamBehaviour()
        behaviour.isReading = false
        return behaviour
    }()

    /// Sends these bytes as soon as it has a head.
    package static func speaksEarly(_ bytes: String) -> UpstreamBehaviour {
        var behaviour = UpstreamBehaviour()
        behaviour.onHead = { _, connection in connection.push(bytes) }
        return behaviour
    }

    /// Ends the connection with a reset once this much of a body has come.
    package static func resets(afterBody count: Int) -> UpstreamBehaviour {
        var behaviour = UpstreamBehaviour()
        behaviour.onBody = { message, connection in
            if message.bodyCount >= count { connection.reset() }
        }
        return behaviour
    }

    /// Answers complete requests with the first bytes of `BodyPattern`.
    package static func answersPattern(_ count: Int, chunked: Bool = false) -> UpstreamBehaviour {
        var behaviour = UpstreamBehaviour()
        behaviour.onEnd = { _, connection in
            if chunked {
                connection.push("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
                connection.push(BodyPattern.chunked(count))
            } else {
                connection.push("HTTP/1.1 200 OK\r\ncontent-length: \(count)\r\n\r\n")
                connection.push(BodyPattern.prefix(count))
            }
        }
        return behaviour
    }
}

/// A server on a loopback port that records what it sees.
package final class ScriptedUpstream: Sendable {
    package struct Record: Sendable, CustomStringConvertible {
        /// By connection, in the order of their acceptance.
        package internal(set) var connections: [RawConnection.Seen] = []

        /// All requests, complete or not, by connection.
        package var requests: [ObservedMessage] { connections.flatMap(\.messages) }
        package var completeRequests: [ObservedMessage] { requests.filter(\.isComplete) }
        package var faults: [String] { connections.compactMap(\.fault) }

        package var description: String { "\(connections)" }
    }

    /// A port that refuses connections.
    ///
    /// One that the system gave and took back would soon be another test's.
    package static let closedPort = 1

    package let record = Watched(Record())
    package let port: Int
    private let accepted = Watched<[RawConnection]>([])
    private let channel: any Channel

    private init(channel: any Channel, port: Int) {
        self.channel = channel
        self.port = port
    }

    /// Binds a port of the system's choice, or a given one.
    package static func start(
        _ behaviour: UpstreamBehaviour,
        host: String = "127.0.0.1",
        port: Int = 0,
        security: (any ConnectionSecurity)? = nil
    ) async throws -> ScriptedUpstream {
        let holder = Watched<ScriptedUpstream?>(nil)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton.next())
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.autoRead, value: false)
            .childChannelOption(.autoRead, value: behaviour.isReading)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let upstream = holder.current else { return }
                    try security?.secure(channel)
                    try upstream.accept(channel, behaviour)
                }
            }
            .bind(host: host, port: port).get()
        let upstream = ScriptedUpstream(channel: channel, port: channel.localAddress?.port ?? 0)
        holder.update { $0 = upstream }
        // Only now, because the first connection must find its upstream.
        try await channel.setOption(.autoRead, value: true).get()
        return upstream
    }

    private func accept(_ channel: any Channel, _ behaviour: UpstreamBehaviour) throws {
        let connection = RawConnection(channel)
        let index = record.current.connections.count
        record.update { $0.connections.append(RawConnection.Seen()) }
        let record = self.record
        let observer = ConnectionObserver(connection, role: .requests, behaviour: behaviour) { seen in
            record.update { $0.connections[index] = seen }
        }
        try channel.pipeline.syncOperations.addHandler(observer)
        accepted.update { $0.append(connection) }
    }

    // MARK: Waiting

    /// The connection with this number, from 0.
    package func connection(_ index: Int = 0) async throws -> RawConnection {
        try await accepted.wait("connection number \(index)") { $0.count > index }[index]
    }

    /// The requests, as soon as that many of them are complete.
    @discardableResult
    package func complete(_ count: Int, within bound: Duration = Patience.usual) async throws -> [ObservedMessage] {
        try await record.wait("\(count) complete requests", within: bound) {
            $0.completeRequests.count >= count
        }.completeRequests
    }

    /// Waits until this many bytes of the only request's body have come.
    package func body(_ count: Int, within bound: Duration = Patience.usual) async throws {
        try await record.wait("\(count) bytes of a body", within: bound) {
            $0.requests.contains { $0.bodyCount >= count }
        }
    }

    /// Waits until the proxy has ended this connection.
    @discardableResult
    package func end(_ index: Int = 0, within bound: Duration = Patience.usual) async throws -> RawConnection.Seen {
        try await connection(index).end(within: bound)
    }

    // MARK: Ending

    /// Refuses connections from now on and ends those there are.
    package func stop() async {
        try? await channel.close().get()
        for connection in accepted.current { await connection.closed() }
    }
}
