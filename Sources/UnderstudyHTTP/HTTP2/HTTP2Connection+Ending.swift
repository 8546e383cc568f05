// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The first frames, PING, GOAWAY, and how a connection ends.

public import NIOCore
internal import UnderstudyCore

/// The clocks of a connection itself.
enum HTTP2Timer: Int, CaseIterable {
    /// The peer has to acknowledge the settings.
    case settings
    /// The next PING is due.
    case ping
    /// A PING has to be answered.
    case pong
    /// The peer has to be told of the last stream that is served.
    case notice
    /// The peer has to take some of what it is sent last.
    case linger
    /// The peer has to take some of what it has asked for.
    case blocked
}

/// How far a connection is on its way out.
struct HTTP2Leaving {
    /// This side has asked the peer for no more streams.
    var isAnnounced = false
    /// Streams beyond this are not served any more.
    var lastServed = UInt32.max
    /// The peer serves no more.
    var isPeerLeaving = false

    var isLeaving: Bool { isAnnounced || isPeerLeaving }
    var isFinal: Bool { lastServed != .max }
}

extension HTTP2Connection {
    // MARK: First frames

    func writePreface() {
        let options = settings.options
        let isServer = role == .server
        outgoing.append(loop) { buffer in
            if !isServer { buffer.writeStaticString(HTTP2Preface.text) }
            let start = buffer.writerIndex
            buffer.writeRepeatingByte(0, count: FrameHeader.size)
            Self.writeSettings(options, isServer: isServer, to: &buffer)
            FrameHeader(length: buffer.writerIndex - start - FrameHeader.size, kind: .settings, streamID: 0)
                .overwrite(&buffer, at: start)
        }
        if let increment = receiveWindow.giveBack(atLeast: 1) { writeWindowUpdate(0, increment) }
    }

    private static func writeSettings(_ options: HTTP2Options, isServer: Bool, to buffer: inout ByteBuffer) {
        func write(_ identifier: HTTP2PeerSettings.Identifier, _ value: Int) {
            buffer.writeMultipleIntegers(identifier.rawValue, UInt32(clamping: value))
        }
        write(.headerTableSize, options.headerTableBytes)
        if isServer {
            write(.maxConcurrentStreams, options.concurrentStreams)
            if options.allowsConnect { write(.enableConnectProtocol, 1) }
        } else {
            write(.enablePush, 0)
        }
        write(.initialWindowSize, options.streamWindow)
    }

    // MARK: PING

    /// Asks the peer whether it is there, unless that is being asked already.
    public func ping() {
        guard isOpen, !isPingOut else { return }
        isPingOut = true
        writeControl(.ping, payload: ByteBuffer(integer: Self.pingValue))
        if let timeout = settings.keepAlive?.timeout { timers.set(.pong, after: timeout) }
        arm()
        scheduleFlush()
    }

    /// Any eight bytes; an answer with others is to no question of ours.
    private static let pingValue: UInt64 = 0x756E_6465_7273_7475

    /// Of the PING behind the first GOAWAY: its answer shows that the peer has read that.
    private static let noticeValue = pingValue + 1

    func pingAnswered(_ payload: ByteBuffer) {
        let value: UInt64? = payload.getInteger(at: payload.readerIndex)
        if value == Self.noticeValue, timers.isSet(.notice) {
            settleLastStream()
        } else if value == Self.pingValue, isPingOut {
            isPingOut = false
            timers.clear(.pong)
        } else {
            return
        }
        if phaseIsAlive { arm() }
    }

    func jittered(_ interval: TimeAmount) -> TimeAmount {
        let most = Double(interval.nanoseconds) * (settings.keepAlive?.jitter ?? 0) / 100
        guard most >= 1, most < 1e18 else { return interval }
        return interval + .nanoseconds(Int64(loop.nextRandom() % UInt64(most)))
    }

    // MARK: Time

    func arm() { timers.arm(self, in: loop.deadlines) }

    public func deadlinePassed() {
        switch timers.takeEarliest() {
        case .settings: fail(.settingsTimeout)
        case .ping:
            ping()
            if let interval = settings.keepAlive?.interval { timers.set(.ping, after: jittered(interval)) }
        case .pong:
            counters.keepAliveTimeouts.add()
            abandon(.unresponsive)
        case .notice: settleLastStream()
        case .linger: checkProgress()
        case .blocked: checkBlocked()
        case nil: break
        }
        if phaseIsAlive { arm() }
    }

    // MARK: GOAWAY

    /// Asks the peer for no more streams; those that are open end as ever, and then the connection does.
    ///
    /// A server first says that the end is near, and which stream is the last only when the peer has heard that, or
    /// after `noticeTime`: so no request on its way is lost (RFC 9113 section 6.8).
    public func drain(noticeTime: TimeAmount) {
        guard isOpen, !leaving.isAnnounced else { return }
        leaving.isAnnounced = true
        guard role == .server, noticeTime > .zero else { return settleLastStream() }
        writeGoAway(.noError, last: UInt32(SendWindow.largest))
        timers.set(.notice, after: noticeTime)
        arm()
        writeControl(.ping, payload: ByteBuffer(integer: Self.noticeValue))
        scheduleFlush()
    }

    private func settleLastStream() {
        timers.clear(.notice)
        guard isOpen, !leaving.isFinal else { return }
        leaving.lastServed = lastPeerID
        writeGoAway(.noError, last: lastPeerID)
        scheduleFlush()
        endIfLeft()
    }

    private func writeGoAway(_ code: HTTP2ErrorCode, last: UInt32) {
        counters.sentGoAways.add()
        var payload = ByteBuffer()
        payload.writeMultipleIntegers(last, code.rawValue)
        writeControl(.goAway, payload: payload)
    }

    func peerLeaves(lastStream: UInt32, _ code: HTTP2ErrorCode) {
        leaving.isPeerLeaving = true
        if role == .client {
            // Those have not been looked at (RFC 9113 section 6.8).
            for stream in streams.all where stream.id > lastStream && stream.isOpen {
                closedStreams.noteReset(stream.id, byPeer: false)
                end(stream, .refusedStream, byPeer: true)
            }
        }
        guard isOpen else { return }
        user?.goAwayReceived(lastStream: lastStream, code: code)
        endIfLeft()
    }

    /// A connection that takes no more streams ends with the last that it has.
    func endIfLeft() {
        guard isOpen, openStreams == 0 else { return }
        if leaving.isPeerLeaving || leaving.isFinal { closeGently(.drained) }
    }

    // MARK: The end

    /// The peer broke the protocol, or a budget.
    func fail(_ code: HTTP2ErrorCode) {
        guard isOpen else { return }
        // No later GOAWAY may promise more than an earlier one (RFC 9113 section 6.8).
        writeGoAway(code, last: min(lastPeerID, leaving.lastServed))
        closeGently(.fault(code))
    }

    /// Ends once what was sent is out.
    private func closeGently(_ end: HTTP2ConnectionEnd) {
        guard isOpen else { return }
        outgoing.flushAll(loop, to: transport)
        guard role == .server, transport.isConnected else {
            finish(end)
            return transport.close()
        }
        phase = .lingering(queued: transport.queuedBytes)
        if case .fault = end { fault = end }
        timers.clearAll()
        timers.set(.linger, after: endTimes.lastAnswer)
        arm()
        endStreams()
        transport.setReading(true)
        transport.closeAfterFlush(linger: endTimes.linger)
    }

    /// A peer that has taken nothing of what it was sent last for so long is given up.
    private func checkProgress() {
        guard case .lingering(let before) = phase else { return }
        let queued = transport.queuedBytes
        guard queued > 0, queued < before else { return abandon(.drained) }
        phase = .lingering(queued: queued)
        timers.set(.linger, after: endTimes.lastAnswer)
    }

    /// Ends now, without a word.
    func abandon(_ end: HTTP2ConnectionEnd) {
        guard phaseIsAlive else { return }
        finish(end)
        transport.close()
    }

    /// Ends now; `user` hears nothing but what its streams are told.
    public func close() {
        guard phaseIsAlive else { return }
        user = nil
        finish(.drained)
        transport.close()
    }

    var phaseIsAlive: Bool {
        if case .closed = phase { return false }
        return true
    }

    func finish(_ end: HTTP2ConnectionEnd) {
        guard phaseIsAlive else { return }
        let end = fault ?? end
        phase = .closed
        ending = end
        timers.clearAll()
        loop.deadlines.clear(self)
        outgoing.removeAll(loop)
        endStreams()
        let user = self.user
        self.user = nil
        for stream in spares { forget(stream) }
        spares.removeAll()
        waiting.removeAll()
        user?.connectionEnded(end)
    }

    /// Tells every stream that its connection is gone.
    private func endStreams() {
        for stream in streams.all where stream.isOpen { end(stream, .internalError, byPeer: false) }
    }
}
