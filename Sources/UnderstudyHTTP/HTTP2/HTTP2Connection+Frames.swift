// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the peer sends, frame by frame (RFC 9113 section 6).

internal import NIOCore
internal import UnderstudyCore

extension HTTP2Connection {
    /// - Returns: What follows the preface; `nil` as long as nothing does.
    /// - Throws: `protocolError` as soon as it is another.
    func afterPreface(_ bytes: ByteBuffer) throws(HTTP2ErrorCode) -> ByteBuffer? {
        guard case .preface(var matched) = phase else { return bytes }
        var rest = bytes
        let expected = HTTP2Preface.bytes
        while matched < expected.count, let byte: UInt8 = rest.readInteger() {
            guard byte == expected[matched] else { throw .protocolError }
            matched += 1
        }
        phase = matched < expected.count ? .preface(matched: matched) : .settings
        return rest.readableBytes > 0 ? rest : nil
    }

    func take(_ frame: Frame) throws(HTTP2ErrorCode) {
        let header = frame.header
        if case .settings = phase {
            guard header.kind == .settings, !header.flags.contains(.acknowledgement) else { throw .protocolError }
            phase = .open
        }
        if block.isOpen {
            guard header.kind == .continuation, header.streamID == block.streamID else { throw .protocolError }
        }
        switch header.kind {
        case .data: try takeData(frame)
        case .headers: try takeHeaders(frame)
        case .continuation: try takeContinuation(frame)
        case .priority: try takePriority(frame)
        case .resetStream: try takeReset(frame)
        case .settings: try takeSettings(frame)
        case .ping: try takePing(frame)
        case .goAway: try takeGoAway(frame)
        case .windowUpdate: try takeWindowUpdate(frame)
        // Nobody was allowed to push.
        case .pushPromise: throw .protocolError
        case nil: try countBabble()
        }
    }

    private func countBabble() throws(HTTP2ErrorCode) {
        if let flood = budget.babble() { throw count(flood) }
    }

    // MARK: Streams

    /// Whether a stream of this number was never used (RFC 9113 section 5.1, "idle").
    func isIdle(_ id: UInt32) -> Bool {
        if isPeers(id) { return role == .client || id > lastPeerID }
        return role == .server || id >= nextID
    }

    private func isPeers(_ id: UInt32) -> Bool { (id & 1 == 1) == (role == .server) }

    private func takePriority(_ frame: Frame) throws(HTTP2ErrorCode) {
        if let flood = budget.priorityFrame() { throw count(flood) }
        let id = frame.header.streamID
        guard frame.payload.readableBytes == 5 else { return try streamFault(id, .frameSizeError) }
        let dependency: UInt32 = frame.payload.getInteger(at: frame.payload.readerIndex) ?? 0
        if dependency & 0x7FFF_FFFF == id { try streamFault(id, .protocolError) }
    }

    private func takeReset(_ frame: Frame) throws(HTTP2ErrorCode) {
        let id = frame.header.streamID
        guard !isIdle(id) else { throw .protocolError }
        guard let stream = streams[id] else { return try countBabble() }
        let code: UInt32 = frame.payload.getInteger(at: frame.payload.readerIndex) ?? 0
        counters.receivedResets.add()
        let isEarly = role == .server && stream.opened + Self.earlyTime > .now()
        closedStreams.noteReset(id, byPeer: true)
        end(stream, HTTP2ErrorCode(rawValue: code), byPeer: true)
        if isEarly, let flood = budget.endedEarly() { throw count(flood) }
    }

    /// A request that was given up sooner than this was hardly meant.
    ///
    /// Source: Envoy `overload.premature_reset_min_stream_lifetime_seconds`.
    private static let earlyTime = TimeAmount.seconds(1)

    /// A fault of the peer's that concerns one stream (RFC 9113 section 5.4.2).
    ///
    /// - Throws: The same for the connection, where there is no such stream.
    func streamFault(_ id: UInt32, _ code: HTTP2ErrorCode) throws(HTTP2ErrorCode) {
        guard let stream = streams[id] else { throw code }
        writeReset(id, code)
        closedStreams.noteReset(id, byPeer: false)
        end(stream, code, byPeer: false)
        if let flood = budget.endedEarly() { throw count(flood) }
    }

    // MARK: The connection

    private func takeSettings(_ frame: Frame) throws(HTTP2ErrorCode) {
        if frame.header.flags.contains(.acknowledgement) {
            guard timers.isSet(.settings) else { return try countBabble() }
            hasSettingsAck = true
            fieldDecoder.settingsAcknowledged()
            timers.clear(.settings)
            return arm()
        }
        if let flood = budget.question() { throw count(flood) }
        var payload = frame.payload
        var change = 0
        while let (identifier, value) = payload.readMultipleIntegers(as: (UInt16, UInt32).self) {
            change += try peer.apply(identifier, value, to: &fieldEncoder, fromServer: role == .client)
        }
        // Once, however often the frame says it: there may be many streams.
        if change != 0 { try resizeWindows(by: change) }
        writeControl(.settings, flags: .acknowledgement)
        user?.settingsChanged()
    }

    /// The peer has changed the windows of all streams, which may make them negative (RFC 9113 section 6.9.2).
    private func resizeWindows(by change: Int) throws(HTTP2ErrorCode) {
        for stream in streams.all {
            guard stream.sendWindow.grow(by: change) else { throw .flowControlError }
            enlist(stream)
        }
    }

    private func takePing(_ frame: Frame) throws(HTTP2ErrorCode) {
        if frame.header.flags.contains(.acknowledgement) {
            try countBabble()
            return pingAnswered(frame.payload)
        }
        if let flood = budget.question() { throw count(flood) }
        writeControl(.ping, flags: .acknowledgement, payload: frame.payload)
    }

    private func takeGoAway(_ frame: Frame) throws(HTTP2ErrorCode) {
        var payload = frame.payload
        guard let (last, code) = payload.readMultipleIntegers(as: (UInt32, UInt32).self) else { throw .frameSizeError }
        try countBabble()
        peerLeaves(lastStream: last & 0x7FFF_FFFF, HTTP2ErrorCode(rawValue: code))
    }

    private func takeWindowUpdate(_ frame: Frame) throws(HTTP2ErrorCode) {
        if let flood = budget.windowUpdate() { throw count(flood) }
        let id = frame.header.streamID
        let value: UInt32 = frame.payload.getInteger(at: frame.payload.readerIndex) ?? 0
        let increment = Int(value & 0x7FFF_FFFF)
        if id == 0 {
            guard increment > 0 else { throw .protocolError }
            guard sendWindow.grow(by: increment) else { throw .flowControlError }
            return
        }
        guard !isIdle(id) else { throw .protocolError }
        guard let stream = streams[id] else { return }
        guard increment > 0 else { return try streamFault(id, .protocolError) }
        guard stream.sendWindow.grow(by: increment) else { return try streamFault(id, .flowControlError) }
        enlist(stream)
    }

    // MARK: Floods

    /// - Returns: What the connection ends with.
    func count(_ flood: HTTP2Budget.Flood) -> HTTP2ErrorCode {
        switch flood {
        case .emptyFrames: counters.emptyFrameFloods.add()
        case .priority: counters.priorityFloods.add()
        case .windowUpdates: counters.windowUpdateFloods.add()
        case .questions: counters.outboundControlFloods.add()
        case .resets: break
        }
        return .enhanceYourCalm
    }
}
