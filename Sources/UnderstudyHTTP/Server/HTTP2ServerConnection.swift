// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One client on HTTP/2: many requests at a time, each on a stream of its own.

internal import NIOCore
internal import UnderstudyCore

/// Loop-bound.
public final class HTTP2ServerConnection: ServerConnection, HTTP2ConnectionUser, Timed {
    private enum Alarm: Int, CaseIterable {
        /// A header block, or the client's preface, has to be complete.
        case head
        /// No stream is open.
        case idle
        /// The connection is as old as it may become.
        case age
    }

    public var deadlineSlot = -1
    public var registrySlot = -1
    public let service: any RequestService
    let loop: LoopContext
    let limits: ServerLimits
    let rules: HeadRules
    let http: HTTP2Connection
    private let start: NIODeadline
    private var timers = DeadlineSet<Alarm>()
    private var requestCount = 0
    private var carriedRequest = false
    private var isClosed = false
    public private(set) var wasEndedByPeer = false

    public var age: UInt64 { UInt64(max(0, (NIODeadline.now() - start).nanoseconds / 1_000_000)) }
    public var hasServed: Bool { requestCount > 0 }

    /// Takes the transport over; what is received goes to it from here on.
    ///
    /// - Parameter predecessor: The connection as it was while nobody knew what it speaks.
    public init(
        transport: any Transport,
        service: any RequestService,
        loop: LoopContext,
        limits: ServerLimits,
        succeeding predecessor: HTTP1ServerConnection? = nil
    ) {
        self.service = service
        self.loop = loop
        self.limits = limits
        var rules = HeadRules(limits: limits.messages)
        rules.underscores = limits.underscores
        self.rules = rules
        start = predecessor?.start ?? .now()
        var settings = limits.http2
        settings.messages = limits.messages
        var endTimes = HTTP2EndTimes()
        endTimes.linger = limits.lingerTime
        endTimes.lastAnswer = limits.lastAnswerTime
        http = HTTP2Connection(
            .server,
            transport: transport,
            loop: loop,
            settings: settings,
            bufferedBytes: limits.bufferedBytes,
            counters: service.counters.http2,
            endTimes: endTimes
        )
        transport.attach(http)
        http.user = self
        http.start()
        startTimes()
        count(after: predecessor)
    }

    private func count(after predecessor: HTTP1ServerConnection?) {
        service.counters.http2Connections.add()
        service.counters.activeHTTP2Connections.add(1)
        if let predecessor { return service.connectionReplaced(predecessor, by: self) }
        service.counters.connections.add()
        service.counters.activeConnections.add(1)
        service.connectionOpened(self)
    }

    // MARK: Time

    private func startTimes() {
        // Whoever was accepted just before the end is not waited for.
        set(.idle, after: service.isDraining ? limits.lingerTime : limits.idleTime)
        set(.age, after: limits.connectionTime.map { max(.zero, $0 - (.now() - start)) })
    }

    private func set(_ alarm: Alarm, after time: TimeAmount?) {
        guard let time else { return }
        timers.set(alarm, after: time)
        timers.arm(self, in: loop.deadlines)
    }

    private func clear(_ alarm: Alarm) {
        guard timers.isSet(alarm) else { return }
        timers.clear(alarm)
        timers.arm(self, in: loop.deadlines)
    }

    public func deadlinePassed() {
        switch timers.takeEarliest() {
        case .head:
            service.counters.headTimeouts.add()
            http.fail(.enhanceYourCalm)
        case .idle:
            service.counters.idleTimeouts.add()
            http.drain(noticeTime: hasServed ? lastRequestTime : .zero)
        case .age:
            service.counters.maxDurationsReached.add()
            http.drain(noticeTime: hasServed ? lastRequestTime : .zero)
        case nil: break
        }
        if !isClosed { timers.arm(self, in: loop.deadlines) }
    }

    /// How long a client that is asked to go may take to hear of it.
    private var lastRequestTime: TimeAmount { min(limits.drainTime, Self.longestWaitForLast) }
    private static let longestWaitForLast = TimeAmount.seconds(2)

    // MARK: Streams

    public func connectionReady() {}

    public func streamOpened(_ stream: HTTP2Stream) {
        clear(.idle)
        if stream.user == nil { stream.user = HTTP2ServerStream(self, stream) }
    }

    public func streamEnded() {
        if http.openStreams == 0 { set(.idle, after: limits.idleTime) }
    }

    public func goAwayReceived(lastStream: UInt32, code: HTTP2ErrorCode) {}
    public func settingsChanged() {}

    public func peerReadsAgain() {}

    public func turnEnded() {
        guard http.isWithinHead else { return clear(.head) }
        if !timers.isSet(.head) { set(.head, after: limits.headTime) }
    }

    /// A request's head is whole.
    func requestBegan() {
        requestCount += 1
        guard requestCount == limits.requestsPerConnection else { return }
        service.counters.maxRequestsReached.add()
        // What the client has sent by then is still served, as Envoy does.
        http.drain(noticeTime: lastRequestTime)
    }

    /// An answer begins; while there is a drain, it is the occasion to ask the client to go.
    func answerBegan() {
        guard !http.leaving.isAnnounced else { return }
        if service.isDraining {
            service.counters.drainCloses.add()
        } else if service.disablesKeepalive {
            service.counters.keepalivesDisabled.add()
        } else {
            return
        }
        http.drain(noticeTime: lastRequestTime)
    }

    /// A request ended before its answer did, and not by its handler's doing.
    func requestWasCut() {
        if !http.isOpen { carriedRequest = true }
    }

    // MARK: The end

    public func drain(waitingForLast: Bool) {
        http.drain(noticeTime: waitingForLast && hasServed ? lastRequestTime : .zero)
    }

    public func kill() {
        http.close()
        finish()
    }

    public func connectionEnded(_ end: HTTP2ConnectionEnd) {
        switch end {
        case .transport: wasEndedByPeer = true
        case .fault: service.counters.protocolErrors.add()
        case .drained, .unresponsive: break
        }
        finish()
    }

    private func finish() {
        guard !isClosed else { return }
        isClosed = true
        timers.clearAll()
        loop.deadlines.clear(self)
        let counters = service.counters
        counters.activeConnections.add(-1)
        counters.activeHTTP2Connections.add(-1)
        counters.connectionLength.record(age)
        counters.destroyed.add()
        (wasEndedByPeer ? counters.destroyedRemotely : counters.destroyedLocally).add()
        if carriedRequest {
            counters.destroyedWithRequest.add()
            (wasEndedByPeer ? counters.destroyedRemotelyWithRequest : counters.destroyedLocallyWithRequest).add()
        }
        service.connectionClosed(self)
    }
}

@available(*, unavailable)
extension HTTP2ServerConnection: Sendable {}
