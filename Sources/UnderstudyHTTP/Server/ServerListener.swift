// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A listening socket, and the client connections it has accepted.

public import NIOCore
internal import NIOPosix
internal import UnderstudyCore

/// A bound socket.
public final class ServerListener: Sendable {
    /// Called on the connection's loop for each new connection, with the addresses of the peer and of this end; attaches
    /// a user to its transport.
    public typealias Accept = @Sendable (any EventLoop, any ClientTransport, SocketAddress?, SocketAddress?) -> Void

    /// The address in use, with the port that the system chose if 0 was asked for.
    public let localAddress: SocketAddress?
    private let gate: NIOLoopBound<AcceptGate>
    private let closing: @Sendable () async throws -> Void

    private init(
        localAddress: SocketAddress?,
        gate: NIOLoopBound<AcceptGate>,
        closing: @escaping @Sendable () async throws -> Void
    ) {
        self.localAddress = localAddress
        self.gate = gate
        self.closing = closing
    }

    public func startAccepting() async throws {
        try await withGate { $0.remove(.unopened) }
    }

    /// While the proxy has too much to do, clients wait in the system's queue.
    public func setOverloaded(_ isOverloaded: Bool) async throws {
        try await withGate { isOverloaded ? $0.add(.overload) : $0.remove(.overload) }
    }

    private func withGate(_ body: @escaping @Sendable (AcceptGate) -> Void) async throws {
        let gate = self.gate
        try await gate.eventLoop.submit { body(gate.value) }.get()
    }

    /// Stops accepting; connections that exist stay.
    public func close() async throws {
        try await closing()
    }

    /// Binds and begins to accept.
    ///
    /// Accepted sockets are dealt to the loops of `group` in turn.
    ///
    /// - Parameters:
    ///   - bufferedBytes: What may wait in a connection before it counts as backed up.
    ///   - watch: What it is bound by, and whom it tells; `nil` for nobody.
    ///   - isAccepting: Otherwise clients wait in the system's queue until `startAccepting`.
    public static func bind(
        to address: SocketAddress,
        group: any EventLoopGroup,
        bufferedBytes: Int = ServerLimits().bufferedBytes,
        watch: AcceptWatch? = nil,
        isAccepting: Bool = true,
        accept: @escaping Accept
    ) async throws -> ServerListener {
        #if os(Linux)
        if let loops = EpollGroup.loops(of: group), let own = loops.first {
            return try await own.submit {
                let gate = AcceptGate(watch, isOpen: isAccepting, eventLoop: own)
                return ServerListener(
                    try EpollListener(address, loops: loops, bufferedBytes: bufferedBytes, gate: gate, accept: accept)
                )
            }.get()
        }
        #endif
        let channel = try await bootstrap(group, bufferedBytes, watch, isAccepting, accept).bind(to: address).get()
        let gate = try await channel.eventLoop.submit {
            let handler = try channel.pipeline.syncOperations.handler(type: AcceptHandler.self)
            return NIOLoopBound(handler.gate, eventLoop: channel.eventLoop)
        }.get()
        return ServerListener(localAddress: channel.localAddress, gate: gate) { try await channel.close() }
    }

    private static func bootstrap(
        _ group: any EventLoopGroup,
        _ bufferedBytes: Int,
        _ watch: AcceptWatch?,
        _ isAccepting: Bool,
        _ accept: @escaping Accept
    ) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.autoRead, value: isAccepting)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let gate = AcceptGate(watch, isOpen: isAccepting, eventLoop: channel.eventLoop)
                    try channel.pipeline.syncOperations.addHandler(AcceptHandler(gate))
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: SocketBuffers.waterMark(bufferedBytes))
            .childChannelOption(.recvAllocator, value: ReadSizes.client)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let transport = NIOTransport(isAccepted: true)
                    accept(channel.eventLoop, transport, channel.remoteAddress, channel.localAddress)
                    try channel.pipeline.syncOperations.addHandler(transport)
                }
            }
    }
}

#if os(Linux)
extension ServerListener {
    /// On the listener's loop.
    private convenience init(_ listener: EpollListener) {
        let bound = NIOLoopBound(listener, eventLoop: listener.loop)
        self.init(
            localAddress: listener.localAddress,
            gate: NIOLoopBound(listener.gate, eventLoop: listener.loop),
            closing: { try await bound.eventLoop.submit { bound.value.close() }.get() }
        )
    }
}
#endif
