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
#else
internal import Darwin
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

    func connect(_ connection: any OutgoingConnection) {
        let transport = makeTransport(isRestrained: connection.isRestrained)
        connection.isConnecting(on: transport)
        transport.attach(connection)
        do {
            if let transport = transport as? NIOTransport, let session = try makeSession() { transport.secure(session) }
        } catch {
            return loop.eventLoop.assumeIsolated().execute { transport.connectFailed(error) }
        }
        let isRestrained = connection.isRestrained
        guard connection.isPatient else { return connect(transport, isRestrained: isRestrained) }
        loop.eventLoop.assumeIsolated().scheduleTask(in: Self.patience) {
            if !transport.wasClosedEarly { self.connect(transport, isRestrained: isRestrained) }
        }
    }

    private func makeTransport(isRestrained: Bool) -> any OutgoingTransport {
        #if os(Linux)
        if settings.tls == nil, let socket = makeSocket(isRestrained: isRestrained) {
            return EpollTransport(socket, bytes)
        }
        #endif
        return NIOTransport(bytes)
    }

    /// `nil` for plain text.
    private func makeSession() throws -> (any TransportSecurity)? {
        try settings.tls?.makeSession(
            serverName: settings.serverName,
            hostname: settings.hostname,
            speaks: settings.applicationProtocol
        )
    }

    /// How often, and after which time, it is tried again when there is no descriptor.
    private static let mostTries = 5
    private static let pause = TimeAmount.milliseconds(10)

    /// - Parameter triesLeft: Without a descriptor left, an idle connection is closed for it, unless it is a copy's.
    private func connect(_ transport: any OutgoingTransport, isRestrained: Bool, triesLeft: Int = mostTries) {
        let bound = NIOLoopBound(transport, eventLoop: loop.eventLoop)
        let connector = NIOLoopBound(self, eventLoop: loop.eventLoop)
        let deadline = NIODeadline.now() + settings.connectTimeout
        dial(transport, isRestrained: isRestrained)
            .assumeIsolated()
            .whenComplete { result in
                switch result {
                case .success: connector.value.limitHandshake(bound.value, until: deadline)
                case .failure(let error):
                    // Not from within `acquire`: without descriptors, or a route, it fails at once.
                    bound.eventLoop.assumeIsolated().execute {
                        guard triesLeft > 0, !isRestrained, Self.lacksDescriptor(error) else {
                            return bound.value.connectFailed(error)
                        }
                        connector.value.connectWithRoom(bound.value, triesLeft: triesLeft - 1)
                    }
                }
            }
    }

    private func dial(_ transport: any OutgoingTransport, isRestrained: Bool) -> EventLoopFuture<Void> {
        #if os(Linux)
        if let transport = transport as? EpollTransport {
            return transport.connect(to: settings.address, options(isRestrained: isRestrained))
        }
        if let transport = transport as? NIOTransport, let socket = makeSocket(isRestrained: isRestrained) {
            _ = HostedChannel.host(transport, on: socket)
            return socket.connect(to: settings.address, options(isRestrained: isRestrained))
        }
        #endif
        guard let transport = transport as? NIOTransport else { preconditionFailure("no NIO channel for a transport") }
        return bootstrap(transport, isRestrained: isRestrained).connect(to: settings.address).map { _ in }
    }

    /// What may wait before its user is asked to wait.
    private func highMark(isRestrained: Bool) -> Int {
        isRestrained ? min(settings.bufferedBytes, Self.mostQueued) : settings.bufferedBytes
    }

    private func bootstrap(_ transport: NIOTransport, isRestrained: Bool) -> ClientBootstrap {
        let bound = NIOLoopBound(transport, eventLoop: loop.eventLoop)
        var bootstrap = ClientBootstrap(group: loop.eventLoop)
            .connectTimeout(settings.connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.writeBufferWaterMark, value: SocketBuffers.waterMark(highMark(isRestrained: isRestrained)))
            .channelOption(.recvAllocator, value: isRestrained ? ReadSizes.restrained : .upstream)
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
        return bootstrap
    }

    /// A handshake is part of the time for a connection.
    private func limitHandshake(_ transport: any OutgoingTransport, until deadline: NIODeadline) {
        guard let transport = transport as? NIOTransport, transport.isHandshaking else { return }
        let alarm = HandshakeAlarm(transport, loop.deadlines)
        transport.alarm = alarm
        loop.deadlines.set(alarm, at: deadline)
    }

    /// Tries again with the descriptor of an idle connection, of this loop or, a little later, of another.
    private func connectWithRoom(_ transport: any OutgoingTransport, triesLeft: Int) {
        if transport.wasClosedEarly { return }
        var pause = TimeAmount.zero
        if !loop.pools.makeRoom() {
            loop.pools.places?.want()
            pause = Self.pause
        }
        loop.eventLoop.assumeIsolated().scheduleTask(in: pause) {
            if transport.wasClosedEarly { return }
            do {
                // The session of the last try has lost its pipeline, and with it whom it asks about certificates.
                if let transport = transport as? NIOTransport, let session = try self.makeSession() {
                    transport.secure(session)
                }
            } catch {
                return transport.connectFailed(error)
            }
            self.connect(transport, isRestrained: false, triesLeft: triesLeft)
        }
    }
}

#if os(Linux)
extension SocketConnector {
    /// `nil` where the loop is NIO's.
    private func makeSocket(isRestrained: Bool) -> EpollSocket? {
        guard let eventLoop = loop.eventLoop as? EpollLoop else { return nil }
        let isSmall = isRestrained || settings.tls != nil
        let socket = EpollSocket(eventLoop, readSize: isSmall ? .restrained : .upstream)
        socket.setMark(highMark(isRestrained: isRestrained))
        return socket
    }

    private func options(isRestrained: Bool) -> SocketOptions {
        SocketOptions(
            connectTimeout: settings.connectTimeout,
            keepalive: settings.keepalive,
            systemBuffer: isRestrained ? SocketBuffers.restrainedBytes : nil
        )
    }
}
#endif

extension SocketConnector {
    fileprivate static func lacksDescriptor(_ error: any Error) -> Bool {
        guard let code = (error as? IOError)?.errnoCode else { return false }
        return code == EMFILE || code == ENFILE
    }
}

/// Sizes that client and upstream sockets share.
enum SocketBuffers {
    /// Half of the bytes must have left before a blocked socket counts as writable again.
    static func waterMark(_ bytes: Int) -> ChannelOptions.Types.WriteBufferWaterMark {
        ChannelOptions.Types.WriteBufferWaterMark(low: max(1, bytes / 2), high: max(1, bytes))
    }

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

    fileprivate static let restrainedBytes: CInt = 256 * 1024

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
