// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The connections of one event loop to one address: idle ones kept, new ones made within a limit.

package import NIOCore
internal import NIOPosix
package import UnderstudyCore

/// How many connections may exist, shared by all pools of one upstream group on all loops.
package final class ConnectionLimit: Sendable {
    package let maximum: Int
    private let open = Gauge()

    /// - Parameter maximum: Default 1,024, as Envoy's `circuit_breakers.thresholds.max_connections`.
    package init(maximum: Int = 1024) {
        self.maximum = maximum
    }

    package var current: Int { open.current }

    func reserve() -> Bool {
        guard open.add(1) <= maximum else {
            open.add(-1)
            return false
        }
        return true
    }

    func free() {
        open.add(-1)
    }
}

/// Loop-bound.
package final class ConnectionPool {
    package struct Settings: Sendable {
        package var address: SocketAddress
        package var connectTimeout: TimeAmount
        /// Bytes that may wait in a connection before it counts as backed up.
        ///
        /// Default 256 KiB.
        package var bufferedBytes = 256 * 1024
        /// Longest time a connection is kept unused.
        ///
        /// Default one hour, as Envoy's `idle_timeout`.
        package var idleTime = TimeAmount.hours(1)

        package init(address: SocketAddress, connectTimeout: TimeAmount) {
            self.address = address
            self.connectTimeout = connectTimeout
        }
    }

    private let settings: Settings
    private let loop: LoopContext
    private let limit: ConnectionLimit
    private var idle: [HTTP1ClientConnection] = []
    private var isRetired = false
    /// Connections made so far.
    package let connectionsMade: Counter

    package init(_ settings: Settings, loop: LoopContext, limit: ConnectionLimit, connectionsMade: Counter) {
        self.settings = settings
        self.loop = loop
        self.limit = limit
        self.connectionsMade = connectionsMade
    }

    /// An idle connection, or one that is being made; `nil` if the limit is reached.
    ///
    /// - Parameter fresh: Only a connection that has carried nothing yet will do.
    package func acquire(fresh: Bool = false) -> HTTP1ClientConnection? {
        if !fresh, let connection = idle.popLast() { return connection }
        guard limit.reserve() else { return nil }
        connectionsMade.add()
        return connect()
    }

    /// The address is no longer in use: idle connections close now, busy ones when they are done.
    package func retire() {
        isRetired = true
        for connection in idle { connection.close() }
        idle.removeAll()
    }

    func release(_ connection: HTTP1ClientConnection) {
        guard !isRetired else { return connection.close() }
        idle.append(connection)
        loop.deadlines.set(connection, after: settings.idleTime)
    }

    func removeIdle(_ connection: HTTP1ClientConnection) {
        // From the end: whatever closes was most likely used last.
        guard let index = idle.lastIndex(where: { $0 === connection }) else { return }
        idle.remove(at: index)
    }

    func connectionClosed() {
        limit.free()
    }

    private func connect() -> HTTP1ClientConnection {
        let transport = NIOTransport()
        let connection = HTTP1ClientConnection(transport: transport, loop: loop, pool: self)
        transport.attach(connection)
        let high = settings.bufferedBytes
        let bound = NIOLoopBound(transport, eventLoop: loop.eventLoop)
        ClientBootstrap(group: loop.eventLoop)
            .connectTimeout(settings.connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.writeBufferWaterMark, value: SocketBuffers.waterMark(high))
            .channelOption(.recvAllocator, value: SocketBuffers.allocator)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
            .connect(to: settings.address)
            .assumeIsolated()
            .whenFailure { bound.value.connectFailed($0) }
        return connection
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
}

@available(*, unavailable)
extension ConnectionPool: Sendable {}
