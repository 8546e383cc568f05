// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How long a client connection may take for what, and how it ends.

internal import NIOCore
internal import UnderstudyCore

extension HTTP1ServerConnection {
    // MARK: Time

    func setDeadline(after time: TimeAmount?) {
        if let time {
            loop.deadlines.set(self, after: time)
        } else {
            loop.deadlines.clear(self)
        }
    }

    func awaitRequest() {
        isHeadTimed = false
        setDeadline(after: isExpired ? lastRequestTime : limits.idleTime)
    }

    /// Once for each head: whoever sends it line by line wins no time by that.
    func limitHeadTime() {
        guard !isHeadTimed else { return }
        isHeadTimed = true
        setDeadline(after: isHeadSilent ? limits.bodyTime : limits.headTime)
        startRequestTime()
    }

    /// Silence ends a head before its time is over.
    private var isHeadSilent: Bool {
        guard let silence = limits.bodyTime else { return false }
        guard let time = limits.headTime else { return true }
        return silence < time
    }

    /// Begins with the first byte of the head; the second call for one request does nothing.
    func startRequestTime() {
        guard let alarm = requestAlarm, !loop.deadlines.isSet(alarm), let time = limits.requestTime else { return }
        loop.deadlines.set(alarm, after: time)
    }

    func endRequestTime() {
        if let alarm = requestAlarm { loop.deadlines.clear(alarm) }
    }

    public func deadlinePassed() {
        switch phase {
        case .head where isBlocked: close()
        case .head where unread.readableBytes == 0: idleTimePassed()
        case .head: headTimePassed()
        case .body:
            service.counters.streamIdleTimeouts.add()
            handler?.requestBroke(.bodyTimeout)
        case .answering, .tunnel, .closed: break
        case .lingering(let queued): checkProgress(queuedBefore: queued)
        }
    }

    private func headTimePassed() {
        if isHeadSilent { service.counters.streamIdleTimeouts.add() } else { service.counters.headTimeouts.add() }
        refuse(isHeadSilent ? .bodyTimeout : .headTimeout)
    }

    /// A connection that has carried nothing ends at once; any other still serves what comes within the drain time.
    ///
    /// - Source: measured on Envoy 1.40.
    private func idleTimePassed() {
        if !isExpired { service.counters.idleTimeouts.add() }
        guard hasServed, !isExpired, limits.drainTime > .zero else { return close() }
        isExpired = true
        loop.deadlines.set(self, after: limits.drainTime + limits.lingerTime)
    }

    func requestTimePassed() {
        service.counters.requestTimeouts.add()
        switch phase {
        case .head: refuse(.requestTimeout)
        case .body: handler?.requestBroke(.requestTimeout)
        case .answering, .tunnel, .lingering, .closed: break
        }
    }

    /// A connection that has carried nothing yet ends at once; any other serves what comes within the drain time.
    ///
    /// - Source: measured on Envoy 1.40.
    func connectionTimePassed() {
        if !isExpired { service.counters.maxDurationsReached.add() }
        if isExpired || !hasServed, endIfIdle() { return }
        isExpired = true
        endWithAnswer()
        if let alarm = connectionAlarm { loop.deadlines.set(alarm, after: limits.drainTime) }
    }

    private func endWithAnswer() {
        closesUnasked = closesUnasked || !closes
        closes = true
    }

    /// Asks the connection to end: within a request, after an answer that says so; between requests at once, or, so that
    /// a request on its way is not lost, with the last request that arrives soon.
    public func drain(waitingForLast: Bool) {
        let waits = waitingForLast && hasServed && lastRequestTime > .zero
        if !waits, endIfIdle() { return }
        guard !isExpired else { return }
        isExpired = true
        if handler != nil {
            // An answer that has begun can no longer say it: then the next request is the last.
            if !waits { endWithAnswer() }
        } else if case .head = phase, unread.readableBytes == 0 {
            loop.deadlines.set(self, after: lastRequestTime)
        }
    }

    /// How long a connection that is to end waits for a last request.
    private var lastRequestTime: TimeAmount { min(limits.drainTime, Self.longestWaitForLast) }
    private static let longestWaitForLast = TimeAmount.seconds(2)

    private func endIfIdle() -> Bool {
        guard case .head = phase, handler == nil, unread.readableBytes == 0 else { return false }
        // The last answer may still be on its way.
        if outgoing.count + transport.queuedBytes > 0 { closeGently(linger: .zero) } else { close() }
        return true
    }

    // MARK: Refusals

    /// Answers a request that no handler has seen.
    func refuse(_ fault: MessageFault) {
        // Before the head is whole nobody knows which version the client speaks.
        service.counters.protocolErrors.add()
        if fault == .underscore { service.counters.underscores.rejectedRequests.add() }
        forgetRequest(keepsVersion: fault == .missingHost)
        service.refuse(fault.localReply, on: self, loop: loop)
    }

    private func refuse(_ reply: LocalReply) {
        forgetRequest(keepsVersion: false)
        service.refuse(reply, on: self, loop: loop)
    }

    // MARK: The end

    /// Ends the connection once the last answer is out.
    ///
    /// - Parameter linger: More than zero if the client may still be sending. A close now would make its system throw
    ///   the answer away unread, so the socket stays open for a while (RFC 9112 section 9.6).
    /// - Parameter patience: How long the client may take nothing of what is left; `nil` for `lastAnswerTime`.
    func closeGently(linger: TimeAmount, patience: TimeAmount? = nil) {
        outgoing.flushAll(loop, to: transport)
        unread = ByteBuffer()
        handler = nil
        phase = .lingering(queued: transport.queuedBytes)
        transport.setReading(true)
        clearAlarms()
        lastPatience = patience ?? limits.lastAnswerTime
        loop.deadlines.set(self, after: lastPatience)
        transport.closeAfterFlush(linger: linger)
    }

    /// A client that has taken nothing of its last answer for a whole `lastAnswerTime` is given up.
    private func checkProgress(queuedBefore: Int) {
        let queued = transport.queuedBytes
        guard queued > 0, queued < queuedBefore else {
            service.counters.delayedCloseTimeouts.add()
            return close()
        }
        phase = .lingering(queued: queued)
        loop.deadlines.set(self, after: lastPatience)
    }

    func close() {
        // An orderly end would make what there is of such an answer look like all of it.
        let cutsAnswer = answerEndsWithConnection && (handler != nil || outgoing.count + transport.queuedBytes > 0)
        finish()
        if cutsAnswer { transport.reset() } else { transport.close() }
    }

    private func finish() {
        guard phaseIsOpen else { return }
        let carriesRequest = handler != nil
        phase = .closed
        handler = nil
        unread = ByteBuffer()
        outgoing.removeAll(loop)
        loop.deadlines.clear(self)
        clearAlarms()
        count(carriesRequest: carriesRequest)
        service.connectionClosed(self)
    }

    /// Another connection serves the client from here on, and counts it, too.
    func handOver() {
        phase = .closed
        unread = ByteBuffer()
        loop.deadlines.clear(self)
        clearAlarms()
    }

    private func count(carriesRequest: Bool) {
        let counters = service.counters
        counters.activeConnections.add(-1)
        if hasServed { counters.activeHTTP1Connections.add(-1) }
        counters.connectionLength.record(age)
        if hasBeenTunnel { counters.activeUpgrades.add(-1) }
        counters.destroyed.add()
        if carriesRequest { counters.destroyedWithRequest.add() }
        if wasEndedByPeer {
            counters.destroyedRemotely.add()
            if carriesRequest { counters.destroyedRemotelyWithRequest.add() }
        } else {
            counters.destroyedLocally.add()
            if carriesRequest { counters.destroyedLocallyWithRequest.add() }
        }
    }

    private func clearAlarms() {
        endRequestTime()
        if let alarm = connectionAlarm { loop.deadlines.clear(alarm) }
    }

    /// Ends now, in the middle of whatever there is.
    public func kill() {
        let handler = self.handler
        close()
        handler?.clientLeft()
    }

    var phaseIsOpen: Bool {
        if case .closed = phase { return false }
        return true
    }

    public func transportClosed(_ reason: TransportEnd) {
        wasEndedByPeer = true
        let handler = self.handler
        finish()
        handler?.clientLeft()
    }
}
