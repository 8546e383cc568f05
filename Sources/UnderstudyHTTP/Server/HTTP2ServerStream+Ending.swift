// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How long a request on HTTP/2 may take, and how it ends early.

internal import NIOCore
internal import UnderstudyCore

extension HTTP2ServerStream {
    // MARK: Time

    func startTimes() {
        bodyTime = limits.bodyTime
        if let time = bodyTime { timers.set(.body, after: time) }
        if let time = limits.requestTime { timers.set(.request, after: time) }
        arm()
    }

    func restartBodyTime() {
        guard let time = bodyTime else { return }
        timers.set(.body, after: time)
        arm()
    }

    func setBodyTime(_ time: TimeAmount?) {
        guard phase == .body else { return }
        bodyTime = time
        if let time { timers.set(.body, after: time) } else { timers.clear(.body) }
        arm()
    }

    func clearTimes() {
        guard connection.loop.deadlines.isSet(self) else { return }
        timers.clearAll()
        arm()
    }

    /// The client may take nothing of the last bytes for only so long.
    func limitLast() {
        timers.set(.last, after: limits.lastAnswerTime)
        arm()
    }

    private func arm() { timers.arm(self, in: connection.loop.deadlines) }

    func deadlinePassed() {
        switch timers.takeEarliest() {
        case .body:
            service.counters.streamIdleTimeouts.add()
            handler?.requestBroke(.bodyTimeout)
        case .request:
            service.counters.requestTimeouts.add()
            handler?.requestBroke(.requestTimeout)
        case .last:
            connection.http.counters.flushTimeouts.add()
            stream.reset(.cancel)
        case nil: break
        }
        if !connection.loop.deadlines.isSet(self) { arm() }
    }

    // MARK: Refusals

    /// A request that no handler has seen.
    ///
    /// What is well-formed but not wanted gets an answer; what is malformed is reset (RFC 9113 section 8.1.1).
    func refuse(_ fault: MessageFault) {
        let counters = connection.http.counters
        switch fault {
        case .tooLarge, .tooManyLines, .missingHost, .fragment:
            phase = stream.isRemoteOpen ? .body : .answering
            service.refuse(fault.localReply, on: self, loop: connection.loop)
        case .underscore:
            counters.rejectedUnderscores.add()
            phase = .ended
            stream.reset(.protocolError, isFault: true)
        default: breakOff()
        }
    }

    /// The request is malformed.
    func breakOff() {
        let connection = self.connection
        connection.http.counters.messagingErrors.add()
        let endsStreamOnly = limits.http2.options.invalidMessageEndsStreamOnly
        leave { if endsStreamOnly { stream.reset(.protocolError, isFault: true) } }
        if !endsStreamOnly { connection.http.fail(.protocolError) }
    }

    // MARK: The end

    func streamReset(_ code: HTTP2ErrorCode, byPeer: Bool) {
        if handler != nil { connection.requestWasCut() }
        leave {}
    }

    /// Has the handler hear that its client is gone, after `body`.
    private func leave(_ body: () -> Void) {
        let handler = self.handler
        self.handler = nil
        phase = .ended
        clearTimes()
        body()
        handler?.clientLeft()
    }

    func streamEnded() {
        if hasBeenTunnel { service.counters.activeUpgrades.add(-1) }
        hasBeenTunnel = false
        phase = .idle
        handler = nil
        trailers = nil
        hasBody = false
        clearTimes()
    }
}
