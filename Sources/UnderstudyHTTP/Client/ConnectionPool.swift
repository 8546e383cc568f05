// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The connections of one event loop to one address: idle ones kept, new ones made within a limit.

package import NIOCore
package import UnderstudyCore

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
        /// Connections to the address, on all loops together, by the slot of their limits; empty for no limit.
        package var hostConnections: [ResourceLimit] = []

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
    private let connect: (HTTP1ClientConnection) -> Void
    /// By kind: copies neither take the connections of clients nor lend them theirs, so that each kind keeps to its
    /// own limit.
    private var idle: [[HTTP1ClientConnection]] = [[], []]
    /// Requests that have no connection yet because there may be no more of them.
    private var waiting = CircularBuffer<HTTP1ClientConnection>()
    /// Open connections of each kind of limits.
    private var open = [0, 0]
    private var isRetired = false

    /// Idle connections that are kept.
    private static let mostIdle = 1024

    package convenience init(
        _ settings: Settings,
        loop: LoopContext,
        counters: UpstreamCounters = UpstreamCounters(),
        host: HostCounters = HostCounters()
    ) {
        let connector = SocketConnector(settings, loop: loop, bytes: counters.bytes)
        self.init(settings, loop: loop, counters: counters, host: host) { connector.connect($0) }
    }

    /// - Parameter connect: Gives a connection its transport, and tells it later what became of that.
    init(
        _ settings: Settings,
        loop: LoopContext,
        counters: UpstreamCounters = UpstreamCounters(),
        host: HostCounters = HostCounters(),
        connect: @escaping (HTTP1ClientConnection) -> Void
    ) {
        self.connect = connect
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
    ///   - patient: A new connection may be made a little later.
    package func acquire(
        within limits: UpstreamLimits,
        fresh: Bool = false,
        patient: Bool = false
    ) -> HTTP1ClientConnection? {
        if !fresh, let connection = idle[limits.slot].last {
            guard connection.attach(to: limits) else {
                counters.activeOverflows.add()
                return nil
            }
            idle[limits.slot].removeLast()
            loop.resting.remove(connection)
            return connection
        }
        guard limits.pending.reserve() else {
            counters.pendingOverflows.add()
            return nil
        }
        let connection = HTTP1ClientConnection(transport: WaitingTransport(), loop: loop, pool: self)
        connection.waitForConnection(limits)
        connection.isPatient = patient
        if reserveConnection(limits) {
            connect(connection)
        } else {
            counters.connectionOverflows.add()
            connection.needsFresh = fresh
            waiting.append(connection)
            // Only a request that needs a fresh connection waits beside an idle one, which makes room for it.
            idle[limits.slot].last?.close()
        }
        return connection
    }

    /// The address is no longer in use: idle connections close now, busy ones when they are done.
    package func retire() {
        isRetired = true
        closeIdle()
    }

    /// Like `retire`, for connections that are open now; later ones are kept.
    package func closeIdle() {
        let idle = self.idle.joined()
        self.idle = [[], []]
        for connection in idle { connection.close() }
    }

    /// Does nothing for a connection that has ended meanwhile.
    func release(_ connection: HTTP1ClientConnection) {
        guard case .idle = connection.phase else { return }
        guard let slot = connection.limits?.slot else { return connection.close() }
        if handOver(connection, slot) { return }
        // Whoever waits still needs a fresh connection, for which this one makes room.
        let isInTheWay = waiting.contains { $0.limits?.slot == slot }
        guard !isRetired, !isInTheWay, idleCount < Self.mostIdle else { return connection.close() }
        idle[slot].append(connection)
        if connection.limits?.total != nil { loop.resting.append(connection) }
        if let time = settings.idleTime { loop.deadlines.set(connection, after: time) }
    }

    /// Whether a connection is ready for a request that counts towards `limits`.
    package func hasIdle(_ limits: UpstreamLimits) -> Bool { !idle[limits.slot].isEmpty }

    var idleCount: Int { idle[0].count + idle[1].count }
    var waitingCount: Int { waiting.count }

    /// It is ending.
    func removeIdle(_ connection: HTTP1ClientConnection) {
        loop.resting.remove(connection)
        // From the end: whatever closes was most likely used last.
        guard let slot = connection.limits?.slot else { return }
        guard let index = idle[slot].lastIndex(where: { $0 === connection }) else { return }
        idle[slot].remove(at: index)
    }

    // MARK: Waiting

    /// Gives a connection that has become free to the request of its kind that has waited longest.
    private func handOver(_ connection: HTTP1ClientConnection, _ slot: Int) -> Bool {
        while let index = waiting.firstIndex(where: { !$0.needsFresh && $0.limits?.slot == slot }) {
            let next = waiting.remove(at: index)
            guard next.mayTakeOver() else { continue }
            next.takeOver(connection)
            return true
        }
        return false
    }

    func removeWaiting(_ connection: HTTP1ClientConnection) {
        guard let index = waiting.firstIndex(where: { $0 === connection }) else { return }
        waiting.remove(at: index)
    }

    /// A connection of this pool is gone: there may be another in its place.
    func connectionEnded(_ limits: UpstreamLimits) {
        freeConnection(limits)
        var isBlocked = [false, false]
        var passed = 0
        while passed < waiting.count, isBlocked != [true, true] {
            let index = waiting.index(waiting.startIndex, offsetBy: passed)
            guard let limits = waiting[index].limits else { return }
            if !isBlocked[limits.slot], reserveConnection(limits) {
                connect(waiting.remove(at: index))
            } else {
                isBlocked[limits.slot] = true
                passed += 1
            }
        }
    }

    // MARK: Connections and their limits

    /// A pool without any connection always gets one, so that whoever waits waits for something.
    ///
    /// - Source: Envoy, whose pools have at least one each.
    private func reserveConnection(_ limits: UpstreamLimits) -> Bool {
        let host = hostLimit(limits)
        if let host, !host.reserve() {
            guard open[limits.slot] == 0 else { return false }
            host.take()
        }
        if !limits.connections.reserve() {
            guard open[limits.slot] == 0 else {
                host?.free()
                return false
            }
            limits.connections.take()
        }
        limits.total?.take()
        open[limits.slot] += 1
        return true
    }

    private func hostLimit(_ limits: UpstreamLimits) -> ResourceLimit? {
        settings.hostConnections.isEmpty ? nil : settings.hostConnections[limits.slot]
    }

    private func freeConnection(_ limits: UpstreamLimits) {
        open[limits.slot] -= 1
        limits.connections.free()
        limits.total?.free()
        hostLimit(limits)?.free()
    }
}

@available(*, unavailable)
extension ConnectionPool: Sendable {}
