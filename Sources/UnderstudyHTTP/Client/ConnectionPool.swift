// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The connections of one event loop to one address: idle ones kept, new ones made within a limit.

package import NIOCore
internal import NIOPosix
package import UnderstudyCore

/// How many connections may carry a request at a time, shared by all pools of one upstream group on all loops.
///
/// Idle connections do not count: they would take the places of the loops that need one.
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
    private let loop: LoopContext
    private var idle: [HTTP1ClientConnection] = []
    private var isRetired = false
    /// Connections made so far.
    package let connectionsMade: Counter

    /// Idle connections that are kept.
    private static let mostIdle = 1024

    package init(_ settings: Settings, loop: LoopContext, connectionsMade: Counter) {
        self.settings = settings
        headRules = HeadRules(settings.http1, limits: settings.messages)
        nameStyle = settings.http1.nameStyle
        passesTrailers = settings.http1.passesTrailers
        sendsAbsoluteTarget = settings.http1.sendsAbsoluteTarget
        requestsPerConnection = settings.requestsPerConnection
        self.loop = loop
        self.connectionsMade = connectionsMade
    }

    /// An idle connection, or one that is being made; `nil` if the limit is reached.
    ///
    /// - Parameters:
    ///   - limit: Where the request is counted.
    ///   - fresh: Only a connection that has carried nothing yet will do.
    package func acquire(within limit: ConnectionLimit, fresh: Bool = false) -> HTTP1ClientConnection? {
        guard limit.reserve() else { return nil }
        let connection = fresh ? connect() : idle.popLast() ?? connect()
        connection.reserve(at: limit)
        return connection
    }

    /// The address is no longer in use: idle connections close now, busy ones when they are done.
    package func retire() {
        isRetired = true
        for connection in idle { connection.close() }
        idle.removeAll()
    }

    func release(_ connection: HTTP1ClientConnection) {
        guard !isRetired, idle.count < Self.mostIdle else { return connection.close() }
        idle.append(connection)
        if let time = settings.idleTime { loop.deadlines.set(connection, after: time) }
    }

    var idleCount: Int { idle.count }

    func removeIdle(_ connection: HTTP1ClientConnection) {
        // From the end: whatever closes was most likely used last.
        guard let index = idle.lastIndex(where: { $0 === connection }) else { return }
        idle.remove(at: index)
    }

    private func connect() -> HTTP1ClientConnection {
        connectionsMade.add()
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
            .whenFailure { error in
                // Not from within `acquire`: without descriptors, or a route, it fails at once.
                bound.eventLoop.assumeIsolated().execute { bound.value.connectFailed(error) }
            }
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
