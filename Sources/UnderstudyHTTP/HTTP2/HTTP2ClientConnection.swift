// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One connection to an upstream on HTTP/2, which carries many requests at a time.

internal import NIOCore
internal import UnderstudyCore

/// Loop-bound.
final class HTTP2ClientConnection: OutgoingConnection, ClosableConnection, HTTP2ConnectionUser, Timed {
    enum Stage { case connecting, open, closed }

    var deadlineSlot = -1

    let pool: HTTP2ClientPool
    /// Where it is counted; all its requests are counted there, too.
    let limits: UpstreamLimits
    let isPatient: Bool
    private(set) var stage = Stage.connecting
    private(set) var http2: HTTP2Connection?
    /// Requests that were given a place on it.
    private(set) var requestCount = 0
    /// Of those, how many are over.
    private(set) var endedCount = 0
    /// It takes no more requests, and ends with those that it has.
    private(set) var isLeaving = false
    /// The peer has said how many streams it takes.
    private(set) var hasSettings = false
    /// It ended while requests were on it.
    var endedRequests = false
    private var transport: any Transport = WaitingTransport()
    private var start = NIODeadline.now()
    /// When its last request ended.
    private var idleSince = NIODeadline.now()
    private var restingPlace: RestingPlace?
    /// Tunnels that only a peer may be asked for that knows them.
    private var awaitingSettings: [HTTP2ClientStream] = []

    /// Streams that are opened before the peer has said how many it takes.
    ///
    /// Source: RFC 9113 section 6.5.2, which recommends no smaller limit to any peer.
    private static let unaskedStreams = 100

    init(_ pool: HTTP2ClientPool, _ limits: UpstreamLimits, isPatient: Bool = false) {
        self.pool = pool
        self.limits = limits
        self.isPatient = isPatient
    }

    // MARK: Requests

    /// It takes another request now.
    var hasRoom: Bool {
        guard stage == .open, !isLeaving, let http2 else { return false }
        guard !http2.isBlocked, !http2.isHoldingBack else { return false }
        return http2.canOpenStream && (hasSettings || http2.openStreams < Self.unaskedStreams)
    }

    var tls: TLSPeer? { transport.tls }

    /// No request on it has ended, so that it cannot have gone stale.
    var isFresh: Bool { endedCount == 0 }

    var isIdle: Bool { stage == .open && http2?.openStreams == 0 }

    /// What it will take at first once it is connected.
    var expectedRoom: Int {
        guard stage == .connecting else { return 0 }
        let most = pool.settings.requestsPerConnection
        return min(pool.settings.http2.options.concurrentStreams, most > 0 ? most : .max)
    }

    /// Gives a request its place; `hasRoom` came before.
    func open(_ user: HTTP2ClientStream) -> HTTP2Stream? {
        guard let stream = http2?.openStream(user) else { return nil }
        stopResting()
        pool.loop.deadlines.clear(self)
        askAfterSilence()
        requestCount += 1
        let most = pool.settings.requestsPerConnection
        if most > 0, requestCount >= most {
            isLeaving = true
            pool.counters.spentConnections.add()
        }
        return stream
    }

    private func askAfterSilence() {
        guard isIdle || http2?.openStreams == 1, requestCount > 0,
            let interval = pool.settings.http2.keepAlive?.idleInterval
        else { return }
        if .now() - idleSince > interval { http2?.ping() }
    }

    /// A stream of its is over, whoever ended it.
    func streamEnded() {
        endedCount += 1
        idleSince = .now()
        pool.placeFreed(self)
    }

    /// Tells `stream` when the peer has said what it allows.
    func awaitSettings(_ stream: HTTP2ClientStream) {
        awaitingSettings.append(stream)
    }

    func settingsChanged() {
        hasSettings = true
        let streams = awaitingSettings
        awaitingSettings.removeAll()
        for stream in streams where stream.connection === self { stream.proceed() }
        if http2?.openLimit == 0 { return pool.refused(self) }
        if hasRoom { pool.placeFreed(self) }
    }

    func peerReadsAgain() {
        if hasRoom { pool.placeFreed(self) }
    }

    // MARK: Idleness

    /// Keeps it for later requests.
    func rest() {
        if let time = pool.settings.idleTime { pool.loop.deadlines.set(self, after: time) }
        guard limits.total != nil else { return }
        let place = restingPlace ?? RestingPlace(self)
        restingPlace = place
        pool.loop.resting.append(place)
    }

    private func stopResting() {
        if let restingPlace { pool.loop.resting.remove(restingPlace) }
    }

    /// It was idle for too long.
    func deadlinePassed() {
        pool.counters.idleTimeouts.add()
        close()
    }

    // MARK: The socket

    var isRestrained: Bool { limits.isRestrained }

    func isConnecting(on transport: any Transport) {
        self.transport = transport
        start = .now()
        pool.counters.connections.add()
        pool.counters.activeConnections.add(1)
        pool.host.connections.add()
        pool.host.activeConnections.add(1)
        pool.counters.http2Connections.add()
    }

    func transportConnected() {
        pool.counters.connectTime.record(age)
        if transport.applicationProtocol == .http1 { pool.onOtherProtocol?(limits.slot) }
        speak()
    }

    /// Goes on with a socket that somebody else has connected and counted.
    func adopt(_ transport: any Transport, start: NIODeadline) {
        self.transport = transport
        self.start = start
        pool.counters.http2Connections.add()
        speak()
    }

    private func speak() {
        stage = .open
        let settings = pool.settings
        let http2 = HTTP2Connection(
            .client,
            transport: transport,
            loop: pool.loop,
            settings: settings.http2,
            bufferedBytes: settings.bufferedBytes,
            counters: pool.http2Counters
        )
        self.http2 = http2
        http2.user = self
        transport.attach(http2)
        http2.start()
        http2.transportConnected()
    }

    func connectionReady() {
        pool.connected(self)
    }

    func transportReceived(_ bytes: ByteBuffer) {}

    func transportWritabilityChanged() {}

    /// It could not be connected; from then on `connectionEnded` tells of its end.
    func transportClosed(_ reason: TransportEnd) {
        guard stage == .connecting else { return }
        let timedOut = reason == .connectTimedOut
        pool.counters.connectFailures.add()
        pool.host.connectFailures.add()
        if timedOut { pool.counters.connectTimeouts.add() }
        stage = .closed
        countEnd(.byPeer, wasOpen: false)
        pool.connectFailed(self, timedOut ? .connectTimeout : .connectFailure, error: transport.connectError)
    }

    // MARK: The end

    /// The upstream takes no more requests on it.
    func goAwayReceived(lastStream: UInt32, code: HTTP2ErrorCode) {
        if !isLeaving { pool.counters.closeNotifies.add() }
        isLeaving = true
        // Whoever has said so may leave the closing to us.
        if isIdle { close() } else { pool.connectForWaiting() }
    }

    /// Takes no more requests, and ends now if it has none.
    func leave() {
        guard stage == .open else { return }
        isLeaving = true
        if isIdle { close() }
    }

    func close() {
        guard stage != .closed else { return }
        let wasOpen = stage == .open
        stage = .closed
        if let http2 { http2.close() } else { transport.close() }
        ended(.byUs, wasOpen: wasOpen)
    }

    func connectionEnded(_ end: HTTP2ConnectionEnd) {
        guard stage != .closed else { return }
        stage = .closed
        if case .fault = end { pool.counters.protocolErrors.add() }
        if case .transport = end { ended(.byPeer, wasOpen: true) } else { ended(.byUs, wasOpen: true) }
    }

    func turnEnded() {}

    /// Upstreams open no streams: nobody has allowed them to push.
    func streamOpened(_ stream: HTTP2Stream) {}

    private func ended(_ ending: Ending, wasOpen: Bool) {
        countEnd(ending, wasOpen: wasOpen)
        // Those have sent nothing, so that the connection's streams do not know of them.
        let streams = awaitingSettings
        awaitingSettings.removeAll()
        for stream in streams where stream.connection === self && stream.isHeld { stream.fail(.reset) }
        pool.connectionEnded(self)
    }

    private enum Ending { case byUs, byPeer }

    private func countEnd(_ ending: Ending, wasOpen: Bool) {
        pool.loop.deadlines.clear(self)
        if let restingPlace { pool.loop.resting.forget(restingPlace) }
        let counters = pool.counters
        if wasOpen {
            counters.connectionLength.record(age)
            counters.requestsPerConnection.record(UInt64(requestCount))
        }
        counters.activeConnections.add(-1)
        pool.host.activeConnections.add(-1)
        counters.destroyed.add()
        if endedRequests { counters.destroyedWithRequest.add() }
        if ending == .byUs {
            counters.destroyedLocally.add()
            if endedRequests { counters.destroyedLocallyWithRequest.add() }
        } else {
            counters.destroyedRemotely.add()
            if endedRequests { counters.destroyedRemotelyWithRequest.add() }
        }
    }

    private var age: UInt64 { UInt64(max(0, (NIODeadline.now() - start).nanoseconds / 1_000_000)) }
}

@available(*, unavailable)
extension HTTP2ClientConnection: Sendable {}
