// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Gives the connections of a pool their sockets.

internal import NIOCore
internal import NIOPosix
internal import UnderstudyCore

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Loop-bound.
struct SocketConnector {
    private let settings: ConnectionPool.Settings
    private let loop: LoopContext
    private let bytes: ByteCounters

    /// A socket takes about as long to make as a quick primary to answer, so whoever may wait gets its own when the
    /// client is likely to have its answer.
    private static let patience = TimeAmount.milliseconds(1)

    /// What may wait in a restrained connection unnoticed; beyond that its user hears when it has left.
    private static let mostQueued = 64 * 1024

    init(_ settings: ConnectionPool.Settings, loop: LoopContext, bytes: ByteCounters) {
        self.settings = settings
        self.loop = loop
        self.bytes = bytes
    }

    func connect(_ connection: HTTP1ClientConnection) {
        let transport = NIOTransport(bytes)
        connection.isConnecting(on: transport)
        transport.attach(connection)
        let isRestrained = connection.limits?.isRestrained == true
        guard connection.isPatient else { return connect(transport, isRestrained: isRestrained) }
        loop.eventLoop.assumeIsolated().scheduleTask(in: Self.patience) {
            if !transport.wasClosedEarly { self.connect(transport, isRestrained: isRestrained) }
        }
    }

    private func connect(_ transport: NIOTransport, isRestrained: Bool) {
        let high = isRestrained ? min(settings.bufferedBytes, Self.mostQueued) : settings.bufferedBytes
        let bound = NIOLoopBound(transport, eventLoop: loop.eventLoop)
        var bootstrap = ClientBootstrap(group: loop.eventLoop)
            .connectTimeout(settings.connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.writeBufferWaterMark, value: SocketBuffers.waterMark(high))
            .channelOption(.recvAllocator, value: SocketBuffers.allocator)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
        if isRestrained {
            bootstrap = bootstrap.channelOption(.maxMessagesPerRead, value: 1)
            for entry in SocketBuffers.restraints {
                bootstrap = bootstrap.channelOption(entry.option, value: entry.value)
            }
        }
        for entry in settings.keepalive.map(SocketBuffers.options) ?? [] {
            bootstrap = bootstrap.channelOption(entry.option, value: entry.value)
        }
        bootstrap.connect(to: settings.address)
            .assumeIsolated()
            .whenFailure { error in
                // Not from within `acquire`: without descriptors, or a route, it fails at once.
                bound.eventLoop.assumeIsolated().execute { bound.value.connectFailed(error) }
            }
    }
}

/// Sizes that client and upstream sockets share.
enum SocketBuffers {
    /// Half of the bytes must have left before a blocked socket counts as writable again.
    static func waterMark(_ bytes: Int) -> ChannelOptions.Types.WriteBufferWaterMark {
        ChannelOptions.Types.WriteBufferWaterMark(low: max(1, bytes / 2), high: max(1, bytes))
    }

    /// Asks for 16 KiB in one read.
    static var allocator: FixedSizeRecvByteBufferAllocator { FixedSizeRecvByteBufferAllocator(capacity: 16 * 1024) }

    /// What keeps one connection from taking much of the system's memory, which all sockets share.
    ///
    /// Without them Linux lets a socket grow to some 4 MiB of what a peer does not take and 6 MiB of what is not read.
    /// The rest of an answer whose connection has been closed is read in one go; this bounds that, too. On a way of 10 ms
    /// it is still 25 MB/s.
    static var restraints: [(option: ChannelOptions.Types.SocketOption, value: SocketOptionValue)] {
        [
            (.socketOption(.so_sndbuf), SocketOptionValue(restrainedBytes)),
            (.socketOption(.so_rcvbuf), SocketOptionValue(restrainedBytes)),
        ]
    }

    private static let restrainedBytes = 256 * 1024

    /// What asks the system to look after silent connections.
    static func options(
        _ keepalive: TCPKeepalive
    ) -> [(option: ChannelOptions.Types.SocketOption, value: SocketOptionValue)] {
        var options: [(option: ChannelOptions.Types.SocketOption, value: SocketOptionValue)] = []
        options.append((.socketOption(.so_keepalive), 1))
        #if os(Linux)
        let names = [TCP_KEEPCNT, TCP_KEEPIDLE, TCP_KEEPINTVL]
        for (name, value) in zip(names, [keepalive.probes, keepalive.time, keepalive.interval]) {
            guard let value else { continue }
            options.append((.tcpOption(NIOBSDSocket.Option(rawValue: name)), SocketOptionValue(clamping: value)))
        }
        #endif
        return options
    }
}

@available(*, unavailable)
extension SocketConnector: Sendable {}
