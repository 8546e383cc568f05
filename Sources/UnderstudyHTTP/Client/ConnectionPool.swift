// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The connections of one event loop to one address: idle ones kept, new ones made within a limit.

public import NIOCore
public import UnderstudyCore

/// Loop-bound.
public final class ConnectionPool: ClientPool {
    public struct Settings: Sendable {
        public var address: SocketAddress
        public var connectTimeout: TimeAmount
        /// Bytes that may wait in a connection before it counts as backed up.
        ///
        /// Default 256 KiB.
        public var bufferedBytes = 256 * 1024
        /// Longest time a connection is kept unused; `nil` for ever.
        ///
        /// Default one hour, as Envoy's `idle_timeout`.
        public var idleTime: TimeAmount? = .hours(1)
        /// Requests that one connection may carry; 0 for no limit, the default.
        ///
        /// Source: Envoy `max_requests_per_connection`.
        public var requestsPerConnection = 0
        /// How HTTP/1 is spoken.
        public var http1 = HTTP1Settings()
        /// How HTTP/2 is spoken.
        public var http2 = HTTP2Settings()
        /// The name that requests ask for, which the upstream's certificate is to be chosen by; empty if that is not up
        /// to them.
        ///
        /// Source: `auto_sni`.
        public var serverName: [UInt8] = []
        /// Bounds on heads, chunk lines and trailers of answers.
        public var messages = MessageLimits()
        public var keepalive: TCPKeepalive?
        /// Connections to the address, on all loops together, by the slot of their limits; empty for no limit.
        public var hostConnections: [ResourceLimit] = []
        /// `nil` for plain text.
        public var tls: (any ClientSecurity)?
        /// What ALPN is to agree on; `nil` for what the cluster says.
        public var applicationProtocol: ApplicationProtocol?
        /// What the endpoint is called; empty for nothing.
        public var hostname: [UInt8] = []

        public init(address: SocketAddress, connectTimeout: TimeAmount) {
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
    /// Bytes that may wait for a connection to be made, or for a tunnel to be agreed to.
    let connectingBytes: Int
    let counters: UpstreamCounters
    let host: HostCounters
    private let loop: LoopContext
    private let connect: (any OutgoingConnection) -> Void
    /// By kind: copies neither take the connections of clients nor lend them theirs, so that each kind keeps to its
    /// own limit.
    private var idle: [[HTTP1ClientConnection]] = [[], []]
    /// Requests that have no connection yet because there may be no more of them.
    private var waiting = CircularBuffer<HTTP1ClientConnection>()
    private var places: ConnectionPlaces
    /// A new connection speaks something else; told its kind.
    var onOtherProtocol: ((Int) -> Void)?
    private var isRetired = false

    private static let mostConnectingBytes = 64 * 1024
    /// Idle connections that are kept.
    private static let mostIdle = 1024

    public convenience init(
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
        connect: @escaping (any OutgoingConnection) -> Void
    ) {
        self.connect = connect
        self.settings = settings
        headRules = HeadRules(settings.http1, limits: settings.messages)
        nameStyle = settings.http1.nameStyle
        passesTrailers = settings.http1.passesTrailers
        sendsAbsoluteTarget = settings.http1.sendsAbsoluteTarget
        requestsPerConnection = settings.requestsPerConnection
        connectingBytes = min(settings.bufferedBytes, Self.mostConnectingBytes)
        self.counters = counters
        self.host = host
        self.loop = loop
        places = ConnectionPlaces(settings.hostConnections)
        loop.pools.insert(self)
    }

    deinit { loop.pools.remove(self) }

    /// An idle connection, one that is being made, or one that stands for the next to become free; `nil` if a limit
    /// is reached.
    ///
    /// - Parameters:
    ///   - limits: Where the request and its connection are counted.
    ///   - fresh: Only a connection that has carried nothing yet will do.
    ///   - patient: A new connection may be made a little later.
    public func acquire(
        within limits: UpstreamLimits,
        fresh: Bool,
        patient: Bool
    ) -> (any ClientStream)? {
        if !fresh, let connection = idle[limits.slot].last {
            guard connection.attach(to: limits) else {
                counters.activeOverflows.add()
                return nil
            }
            idle[limits.slot].removeLast()
            connection.stopResting()
            return connection
        }
        guard limits.pending.reserve() else {
            counters.pendingOverflows.add()
            return nil
        }
        if !limits.isRestrained { loop.pools.makePlace() }
        let connection = HTTP1ClientConnection(transport: WaitingTransport(), loop: loop, pool: self)
        connection.waitForConnection(limits)
        connection.isPatient = patient
        if places.reserve(limits, loop) {
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
    public func retire() {
        isRetired = true
        closeIdle()
    }

    /// Like `retire`, for connections that are open now; later ones are kept.
    public func closeIdle() {
        let idle = self.idle.joined()
        self.idle = [[], []]
        for connection in idle { connection.close() }
    }

    /// Closes the connection that has been idle longest, copies' first.
    ///
    /// - Returns: Whether there was one.
    public func closeOneIdle(sparingCopies: Bool) -> Bool {
        let ofCopies = sparingCopies ? nil : idle[1].first
        guard let connection = ofCopies ?? idle[0].first else { return false }
        connection.close()
        return true
    }

    /// Takes over a socket that somebody else has connected and counted.
    func adopt(_ transport: any Transport, limits: UpstreamLimits, start: NIODeadline) {
        places.take(limits, loop)
        let connection = HTTP1ClientConnection(transport: transport, loop: loop, pool: self)
        connection.adopt(limits, start: start)
        transport.attach(connection)
        release(connection)
    }

    /// Does nothing for a connection that has ended meanwhile.
    func release(_ connection: HTTP1ClientConnection) {
        guard case .idle = connection.phase else { return }
        guard let limits = connection.limits else { return connection.close() }
        let slot = limits.slot
        if handOver(connection, slot) { return }
        // Whoever waits still needs a fresh connection, for which this one makes room.
        let isInTheWay = !waiting.isEmpty && waiting.contains { $0.limits?.slot == slot }
        let isCrowded = !limits.isRestrained && loop.pools.places?.isCrowded == true
        guard !isRetired, !isInTheWay, !isCrowded, idleCount < Self.mostIdle else { return connection.close() }
        idle[slot].append(connection)
        if limits.total != nil { connection.rest() }
        if let time = settings.idleTime { loop.deadlines.set(connection, after: time) }
    }

    /// Whether a connection is ready for a request that counts towards `limits`.
    public func hasIdle(_ limits: UpstreamLimits) -> Bool { !idle[limits.slot].isEmpty }

    var idleCount: Int { idle[0].count + idle[1].count }
    var waitingCount: Int { waiting.count }

    /// It is ending.
    func removeIdle(_ connection: HTTP1ClientConnection) {
        connection.stopResting()
        // From the end: whatever closes was most likely used last.
        guard let slot = connection.limits?.slot else { return }
        guard let index = idle[slot].lastIndex(where: { $0 === connection }) else { return }
        idle[slot].remove(at: index)
    }

    // MARK: Waiting

    /// Gives a connection that has become free to the request of its kind that has waited longest.
    private func handOver(_ connection: HTTP1ClientConnection, _ slot: Int) -> Bool {
        guard !waiting.isEmpty else { return false }
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
        places.free(limits, loop)
        var isBlocked = [false, false]
        var passed = 0
        while passed < waiting.count, isBlocked != [true, true] {
            let index = waiting.index(waiting.startIndex, offsetBy: passed)
            guard let limits = waiting[index].limits else { return }
            if !isBlocked[limits.slot], places.reserve(limits, loop) {
                connect(waiting.remove(at: index))
            } else {
                isBlocked[limits.slot] = true
                passed += 1
            }
        }
    }
}

@available(*, unavailable)
extension ConnectionPool: Sendable {}
