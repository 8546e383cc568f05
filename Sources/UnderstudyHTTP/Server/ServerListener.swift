// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A listening socket, and the client connections it has accepted.

package import NIOCore
internal import NIOPosix
internal import UnderstudyCore

/// A bound socket.
package final class ServerListener: Sendable {
    private let channel: any Channel

    private init(channel: any Channel) {
        self.channel = channel
    }

    /// The address in use, with the port that the system chose if 0 was asked for.
    package var localAddress: SocketAddress? { channel.localAddress }

    package func startAccepting() async throws {
        try await channel.setOption(.autoRead, value: true).get()
    }

    /// Stops accepting; connections that exist stay.
    package func close() async throws {
        try await channel.close()
    }

    /// Binds and begins to accept.
    ///
    /// Accepted sockets are dealt to the loops of `group` in turn.
    ///
    /// - Parameters:
    ///   - bytes: Where those of its connections are counted.
    ///   - isAccepting: Otherwise clients wait in the system's queue until `startAccepting`.
    ///   - accept: Called on the connection's loop for each new connection, with the addresses of the peer
    ///     and of this end; attaches a user to its transport.
    package static func bind(
        to address: SocketAddress,
        group: any EventLoopGroup,
        limits: ServerLimits,
        bytes: ByteCounters? = nil,
        isAccepting: Bool = true,
        accept: @escaping @Sendable (any EventLoop, NIOTransport, SocketAddress?, SocketAddress?) -> Void
    ) async throws -> ServerListener {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.autoRead, value: isAccepting)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptPause())
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: SocketBuffers.waterMark(limits.bufferedBytes))
            .childChannelOption(.recvAllocator, value: SocketBuffers.allocator)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let transport = NIOTransport(bytes)
                    accept(channel.eventLoop, transport, channel.remoteAddress, channel.localAddress)
                    try channel.pipeline.syncOperations.addHandler(transport)
                }
            }
        return ServerListener(channel: try await bootstrap.bind(to: address).get())
    }
}
