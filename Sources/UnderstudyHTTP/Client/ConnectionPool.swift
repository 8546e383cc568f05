// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The connections of one event loop to one address: idle ones kept, new ones made within a limit.

package import NIOCore
internal import NIOPosix
package import UnderstudyCore

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Loop-bound.
package final class ConnectionPool {
    package struct Settings: Sendable {
        package var address: SocketAddress
        package var connectTimeout: TimeAmount
        /// Bytes that may wait in a connection before it counts as backed up.
        ///
        /// Default 256 KiB.
        package var bufferedBytes = 256 * 1024
        /// Longest time a connection is kept unused; `nil` for ever.
        ///
        /// Default one hour, as Envoy's `idle_timeout`.
        package var idleTime: TimeAmount? = .hours(1)
        /// Requests that one connection may carry; 0 for no limit, the default.
        ///
        /// Source: Envoy `max_requests_per_connection`.
        package var requestsPerConnection = 0
        /// How HTTP/1 is spoken.
        package var http1 = HTTP1Settings()
        /// Bounds on heads, chunk lines and trailers of answers.
        package var messages = MessageLimits()
        package var keepalive: TCPKeepalive?
        /// Connections to the address, on all loops together; `nil` for no limit.
        package var hostConnections: ResourceLimit?

        package init(address: SocketAddress, connectTimeout: TimeAmount) {
            self.address = address
            self.connectTimeout = connectTimeout
        }
    }

    private let settings: Settings
    // What its connections look at for each request.
    let headRules: HeadRules
    let nameStyle: NameStyle
    let passesTrailers: Bool
    let sendsAbsoluteTarget: Bool
    let requestsPerConnection: Int
    let counters: UpstreamCounters
    let host: HostCounters
    private let loop: LoopContext
    private var idle: [HTTP1ClientConnection] = []
    /// Requests that have no connection yet because there may be no more of them.
    private var waiting = CircularBuffer<HTTP1ClientConnection>()
    /// Open connections of each kind of limits.
    private var open = [0, 0]
    private var isRetired = false

    /// Idle connections that are kept.
    private static let mostIdle = 1024

    package init(
        _ settings: Settings,
        loop: LoopContext,
        counters: UpstreamCounters = UpstreamCounters(),
        host: HostCounters = HostCounters()
    ) {
        self.settings = settings
        headRules = HeadRules(settings.http1, limits: settings.messages)
        nameStyle = settings.http1.nameStyle
        passesTrailers = settings.http1.passesTrailers
        sendsAbsoluteTarget = settings.http1.sendsAbsoluteTarget
        requestsPerConnection = settings.requestsPerConnection
        self.counters = counters
        self.host = host
        self.loop = loop
    }

    /// An idle connection, one that is being made, or one that stands for the next to become free; `nil` if a limit
    /// is reached.
    ///
    /// - Parameters:
    ///   - limits: Where the request and its connection are counted.
    ///   - fresh: Only a connection that has carried nothing yet will do.
    package func acquire(within limits: UpstreamLimits, fresh: Bool = false) -> HTTP1ClientConnection? {
        if !fresh, let connection = idle.popLast() {
            guard connection.attach(to: limits) else {
                idle.append(connection)
                counters.activeOverflows.add()
                return nil
            }
            return connection
        }
        guard limits.pending.reserve() else {
            counters.pendingOverflows.add()
            return nil
        }
        let connection = HTTP1ClientConnection(transport: WaitingTransport(), loop: loop, pool: self)
        connection.waitForConnection(limits)
        if reserveConnection(limits) {
            connect(connection)
        } else {
            counters.connectionOverflows.add()
            // A place may come free that is not for just any connection.
            connection.needsFresh = fresh
            waiting.append(connection)
        }
        return connection
    }

    /// The address is no longer in use: idle connections close now, busy ones when they are done.
    package func retire() {
        isRetired = true
        let idle = self.idle
        self.idle.removeAll()
        for connection in idle { connection.close() }
    }

    /// Like `retire`, for connections that are open now; later ones are kept.
    package func closeIdle() {
        let idle = self.idle
        self.idle.removeAll()
        for connection in idle { connection.close() }
    }

    func release(_ connection: HTTP1ClientConnection) {
        if handOver(connection) { return }
        guard !isRetired, idle.count < Self.mostIdle else { return connection.close() }
        idle.append(connection)
        if let time = settings.idleTime { loop.deadlines.set(connection, after: time) }
    }

    var idleCount: Int { idle.count }
    var waitingCount: Int { waiting.count }

    func removeIdle(_ connection: HTTP1ClientConnection) {
        // From the end: whatever closes was most likely used last.
        guard let index = idle.lastIndex(where: { $0 === connection }) else { return }
        idle.remove(at: index)
    }

    // MARK: Waiting

    /// Gives a connection that has become free to the request that has waited longest.
    private func handOver(_ connection: HTTP1ClientConnection) -> Bool {
        guard !waiting.isEmpty, let index = waiting.firstIndex(where: { !$0.needsFresh }) else { return false }
        let next = waiting.remove(at: index)
        next.takeOver(connection)
        return true
    }

    func removeWaiting(_ connection: HTTP1ClientConnection) {
        guard let index = waiting.firstIndex(where: { $0 === connection }) else { return }
        waiting.remove(at: index)
    }

    /// A connection of this pool is gone: there may be another in its place.
    func connectionEnded(_ limits: UpstreamLimits) {
        freeConnection(limits)
        while let next = waiting.first, let limits = next.limits, reserveConnection(limits) {
            waiting.removeFirst()
            connect(next)
        }
    }

    // MARK: Connections and their limits

    /// A pool without any connection always gets one, so that whoever waits waits for something.
    ///
    /// - Source: Envoy, whose pools have at least one each.
    private func reserveConnection(_ limits: UpstreamLimits) -> Bool {
        if let host = settings.hostConnections, !host.reserve() {
            guard open[limits.slot] == 0 else { return false }
            host.take()
        }
        if !limits.connections.reserve() {
            guard open[limits.slot] == 0 else {
                settings.hostConnections?.free()
                return false
            }
            limits.connections.take()
        }
        open[limits.slot] += 1
        return true
    }

    private func freeConnection(_ limits: UpstreamLimits) {
        open[limits.slot] -= 1
        limits.connections.free()
        settings.hostConnections?.free()
    }

    /// A connection carries requests of another kind from here on.
    func moveConnection(from old: UpstreamLimits, to new: UpstreamLimits) {
        open[old.slot] -= 1
        old.connections.free()
        open[new.slot] += 1
        new.connections.take()
    }

    private func connect(_ connection: HTTP1ClientConnection) {
        let transport = NIOTransport(counters.bytes)
        connection.isConnecting(on: transport)
        transport.attach(connection)
        let high = settings.bufferedBytes
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
extension ConnectionPool: Sendable {}
