// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The connections to an address of which nobody knows what it speaks before it has been asked.

internal import NIOCore
internal import UnderstudyCore

/// A pool for each protocol, and requests that wait until ALPN has told which one is theirs.
///
/// What one connection was told holds for those that follow, until one is told otherwise.
///
/// Loop-bound.
public final class AutomaticPool: ClientPool {
    let settings: ConnectionPool.Settings
    let connectingBytes: Int
    let counters: UpstreamCounters
    let host: HostCounters
    let loop: LoopContext
    private let http1: ConnectionPool
    private let http2: HTTP2ClientPool
    private let connect: (any OutgoingConnection) -> Void
    private var places: ConnectionPlaces
    /// By kind, what the last connection was told.
    private var agreed: [ApplicationProtocol?] = [nil, nil]
    /// By kind, the connection that is asking.
    private var asking: [UndecidedConnection?] = [nil, nil]
    /// By kind, requests that wait for it.
    private var waiting: [[AutomaticStream]] = [[], []]

    private static let mostConnectingBytes = 64 * 1024

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
        self.host = host
        self.loop = loop
        self.connect = connect
        places = ConnectionPlaces(settings.hostConnections)
        http1 = ConnectionPool(settings, loop: loop, counters: counters, host: host, connect: connect)
        http2 = HTTP2ClientPool(
            settings,
            loop: loop,
            counters: counters,
            http2Counters: http2Counters,
            host: host,
            connect: connect
        )
        // Their connections keep the two pools, and may outlive this one.
        http1.onOtherProtocol = { [weak self] in self?.agreed[$0] = nil }
        http2.onOtherProtocol = { [weak self] in self?.agreed[$0] = nil }
    }

    private func pool(_ agreed: ApplicationProtocol) -> any ClientPool {
        switch agreed {
        case .http1: http1
        case .http2: http2
        }
    }

    public func acquire(
        within limits: UpstreamLimits,
        fresh: Bool,
        patient: Bool
    ) -> (any ClientStream)? {
        if let agreed = agreed[limits.slot] {
            return pool(agreed).acquire(within: limits, fresh: fresh, patient: patient)
        }
        guard limits.pending.reserve() else {
            counters.pendingOverflows.add()
            return nil
        }
        let stream = AutomaticStream(self, limits)
        waiting[limits.slot].append(stream)
        ask(limits, patient: patient)
        return stream
    }

    public func hasIdle(_ limits: UpstreamLimits) -> Bool {
        agreed[limits.slot].map { pool($0).hasIdle(limits) } ?? false
    }

    public func retire() {
        http1.retire()
        http2.retire()
    }

    public func closeIdle() {
        http1.closeIdle()
        http2.closeIdle()
    }

    /// Its pools are asked themselves.
    public func closeOneIdle(sparingCopies: Bool) -> Bool { false }

    // MARK: Asking

    private func ask(_ limits: UpstreamLimits, patient: Bool) {
        guard asking[limits.slot] == nil else { return }
        if !limits.isRestrained { loop.pools.makePlace() }
        // It is the only one, so it always gets a place.
        _ = places.reserve(limits, loop)
        let connection = UndecidedConnection(self, limits, isPatient: patient)
        asking[limits.slot] = connection
        connect(connection)
    }

    func decided(_ connection: UndecidedConnection, _ transport: any Transport, start: NIODeadline) {
        let limits = connection.limits
        let agreed = transport.applicationProtocol ?? .http1
        self.agreed[limits.slot] = agreed
        end(connection)
        switch agreed {
        case .http1: http1.adopt(transport, limits: limits, start: start)
        case .http2: http2.adopt(transport, limits: limits, start: start)
        }
        for stream in takeWaiting(limits.slot) { stream.goOn(in: pool(agreed)) }
    }

    func failed(_ connection: UndecidedConnection, _ failure: UpstreamFailure, error: ConnectError) {
        end(connection)
        for stream in takeWaiting(connection.limits.slot) { stream.failToConnect(failure, error: error) }
    }

    private func end(_ connection: UndecidedConnection) {
        asking[connection.limits.slot] = nil
        places.free(connection.limits, loop)
    }

    private func takeWaiting(_ slot: Int) -> [AutomaticStream] {
        let streams = waiting[slot]
        waiting[slot] = []
        return streams
    }

    func removeWaiting(_ stream: AutomaticStream) {
        waiting[stream.limits.slot].removeAll { $0 === stream }
    }
}

@available(*, unavailable)
extension AutomaticPool: Sendable {}
