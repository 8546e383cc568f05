// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The HTTP/2 connections of one event loop to one address: one as long as it takes all requests, then another.

internal import NIOCore
internal import UnderstudyCore

/// Loop-bound.
public final class HTTP2ClientPool: ClientPool {
    let settings: ConnectionPool.Settings
    /// Bytes that may wait for a connection to be made, or for a tunnel to be agreed to.
    let connectingBytes: Int
    let counters: UpstreamCounters
    let host: HostCounters
    let http2Counters: HTTP2Counters
    let loop: LoopContext
    private let connect: (any OutgoingConnection) -> Void
    private var places: ConnectionPlaces
    /// A new connection speaks something else; told its kind.
    var onOtherProtocol: ((Int) -> Void)?
    /// By kind, as `ConnectionPool` keeps them apart, and in the order in which they were made.
    private var connections: [[HTTP2ClientConnection]] = [[], []]
    /// By kind, requests that have no connection yet: it is being made, or may not be.
    private var waiting: [CircularBuffer<HTTP2ClientStream>] = [CircularBuffer(), CircularBuffer()]
    private var spares: [HTTP2ClientStream] = []
    private var isRetired = false

    private static let mostConnectingBytes = 64 * 1024
    private static let mostSpares = 256

    public convenience init(
        _ settings: ConnectionPool.Settings,
        loop: LoopContext,
        counters: UpstreamCounters = UpstreamCounters(),
        http2Counters: HTTP2Counters = HTTP2Counters(),
        host: HostCounters = HostCounters()
    ) {
        let connector = SocketConnector(settings, loop: loop, bytes: counters.bytes)
        self.init(settings, loop: loop, counters: counters, http2Counters: http2Counters, host: host) {
            connector.connect($0)
        }
    }

    /// - Parameter connect: Gives a connection its transport, and tells it later what became of that.
    init(
        _ settings: ConnectionPool.Settings,
        loop: LoopContext,
        counters: UpstreamCounters = UpstreamCounters(),
        http2Counters: HTTP2Counters = HTTP2Counters(),
        host: HostCounters = HostCounters(),
        connect: @escaping (any OutgoingConnection) -> Void
    ) {
        self.settings = settings
        connectingBytes = min(settings.bufferedBytes, Self.mostConnectingBytes)
        self.counters = counters
        self.http2Counters = http2Counters
        self.host = host
        self.loop = loop
        self.connect = connect
        places = ConnectionPlaces(settings.hostConnections)
        loop.pools.insert(self)
    }

    deinit { loop.pools.remove(self) }

    /// A place on a connection that takes another request, or one among those that wait for that; `nil` if a limit is
    /// reached.
    ///
    /// - Parameter fresh: A connection on which a request has ended before will not do, unless there may be no other.
    public func acquire(
        within limits: UpstreamLimits,
        fresh: Bool,
        patient: Bool
    ) -> (any ClientStream)? {
        if let connection = ready(limits.slot, fresh: fresh) {
            let stream = takeStream(limits)
            guard stream.attach() else {
                counters.activeOverflows.add()
                recycle(stream)
                return nil
            }
            stream.takePlace(on: connection)
            return stream
        }
        guard limits.pending.reserve() else {
            counters.pendingOverflows.add()
            return nil
        }
        let stream = takeStream(limits)
        stream.wait(fresh: fresh, patient: patient)
        waiting[limits.slot].append(stream)
        if !connectForWaiting(limits, patient: patient) {
            counters.connectionOverflows.add()
            stream.needsFresh = false
            if fresh, let connection = ready(limits.slot, fresh: false) { serve(connection) }
            // Its turn may have come and found the limit on requests reached.
            guard case .idle = stream.phase else { return nil }
        }
        return stream
    }

    private func ready(_ slot: Int, fresh: Bool) -> HTTP2ClientConnection? {
        connections[slot].first { $0.hasRoom && (!fresh || $0.isFresh) }
    }

    /// Whether a connection is ready for a request that counts towards `limits`.
    public func hasIdle(_ limits: UpstreamLimits) -> Bool { ready(limits.slot, fresh: false) != nil }

    public func retire() {
        isRetired = true
        closeIdle()
    }

    public func closeIdle() {
        for connection in connections.joined() {
            let isWanted = !waiting[connection.limits.slot].isEmpty
            if connection.stage == .connecting, !isWanted { connection.close() } else { connection.leave() }
        }
    }

    public func closeOneIdle(sparingCopies: Bool) -> Bool {
        let ofCopies = sparingCopies ? nil : connections[1].first { $0.isIdle }
        guard let connection = ofCopies ?? connections[0].first(where: { $0.isIdle }) else { return false }
        connection.close()
        return true
    }

    var waitingCount: Int { waiting[0].count + waiting[1].count }
    var connectionCount: Int { connections[0].count + connections[1].count }
    var idleCount: Int { connections.joined().count { $0.isIdle } }

    // MARK: Requests

    private func takeStream(_ limits: UpstreamLimits) -> HTTP2ClientStream {
        let stream = spares.popLast() ?? HTTP2ClientStream(self)
        stream.prepare(limits)
        return stream
    }

    /// Its user has let go of it.
    func recycle(_ stream: HTTP2ClientStream) {
        if spares.count < Self.mostSpares { spares.append(stream) }
    }

    func removeWaiting(_ stream: HTTP2ClientStream) {
        let slot = stream.limits.slot
        guard let index = waiting[slot].firstIndex(where: { $0 === stream }) else { return }
        waiting[slot].remove(at: index)
    }

    /// Gives requests that wait the room of a connection, the longest wait first.
    private func serve(_ connection: HTTP2ClientConnection) {
        let slot = connection.limits.slot
        while connection.hasRoom,
            let index = waiting[slot].firstIndex(where: { connection.isFresh || !$0.needsFresh })
        {
            let next = waiting[slot].remove(at: index)
            if next.mayTakePlace() { next.takePlace(on: connection) }
        }
    }

    /// A connection may take another request, or has none left.
    func placeFreed(_ connection: HTTP2ClientConnection) {
        let slot = connection.limits.slot
        serve(connection)
        if let first = waiting[slot].first, !connectForWaiting(first.limits, patient: false), connection.hasRoom {
            // Whoever waits needs a fresh connection, for which this one makes room if it carries nothing.
            if connection.isIdle { return connection.close() }
            for stream in waiting[slot] { stream.needsFresh = false }
            serve(connection)
        }
        guard connection.isIdle else { return }
        let isCrowded = !connection.limits.isRestrained && loop.pools.places?.isCrowded == true
        if connection.isLeaving || isRetired || isCrowded { connection.close() } else { connection.rest() }
    }

    // MARK: Connections

    /// Makes another connection if those that are being made do not suffice.
    ///
    /// - Returns: Whether nobody waits for want of one that may not be made.
    @discardableResult
    private func connectForWaiting(_ limits: UpstreamLimits, patient: Bool) -> Bool {
        guard waiting[limits.slot].count > expectedRoom(limits.slot) else { return true }
        if !limits.isRestrained { loop.pools.makePlace() }
        guard places.reserve(limits, loop) else { return false }
        let connection = HTTP2ClientConnection(self, limits, isPatient: patient)
        connections[limits.slot].append(connection)
        connect(connection)
        return true
    }

    /// What connections that are being made will take at first.
    private func expectedRoom(_ slot: Int) -> Int {
        // Safe: no more than some thousand connections, and as many streams on each as fit in 20 bits.
        connections[slot].reduce(0) { $0 + min($1.expectedRoom, 1 << 20) }
    }

    /// There may be another connection in place of one that is gone, or that takes no more.
    func connectForWaiting() {
        for slot in waiting.indices {
            while let first = waiting[slot].first {
                let count = connections[slot].count
                guard connectForWaiting(first.limits, patient: false), connections[slot].count > count else { break }
            }
        }
    }

    func connected(_ connection: HTTP2ClientConnection) {
        placeFreed(connection)
    }

    /// The peer takes no requests at all, on this connection or any other.
    ///
    /// - Source: measured on Envoy 1.40.
    func refused(_ connection: HTTP2ClientConnection) {
        let slot = connection.limits.slot
        let streams = waiting[slot]
        waiting[slot].removeAll()
        for stream in streams { stream.failToConnect(.streamRefused, error: .none) }
        connection.leave()
    }

    /// - Source: Envoy fails all that wait, unless other connections are being made for them.
    func connectFailed(_ connection: HTTP2ClientConnection, _ failure: UpstreamFailure, error: ConnectError) {
        let slot = connection.limits.slot
        remove(connection)
        if waiting[slot].count > expectedRoom(slot) {
            let streams = waiting[slot]
            waiting[slot].removeAll()
            for stream in streams { stream.failToConnect(failure, error: error) }
        }
        connectForWaiting()
    }

    func connectionEnded(_ connection: HTTP2ClientConnection) {
        remove(connection)
        connectForWaiting()
    }

    private func remove(_ connection: HTTP2ClientConnection) {
        let slot = connection.limits.slot
        guard let index = connections[slot].lastIndex(where: { $0 === connection }) else { return }
        connections[slot].remove(at: index)
        places.free(connection.limits, loop)
    }

    /// Takes over a socket that somebody else has connected and counted.
    func adopt(_ transport: any Transport, limits: UpstreamLimits, start: NIODeadline) {
        places.take(limits, loop)
        let connection = HTTP2ClientConnection(self, limits)
        connections[limits.slot].append(connection)
        connection.adopt(transport, start: start)
    }
}

@available(*, unavailable)
extension HTTP2ClientPool: Sendable {}
