// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Header blocks: which stream they belong to, and that every one of them is decoded.

internal import NIOCore
internal import UnderstudyCore

extension HTTP2Connection {
    /// What a header block is for.
    private enum Recipient {
        case stream(HTTP2Stream)
        /// A request that is not served.
        case refused(HTTP2ErrorCode)
        /// The stream is gone; the block is decoded for the sake of those that follow (RFC 9113 section 4.3).
        case nobody
    }

    func takeHeaders(_ frame: Frame) throws(HTTP2ErrorCode) {
        let id = frame.header.streamID
        try countContent(frame)
        // RFC 9113 has no such dependency any more; RFC 7540 section 5.3.1 called it an error of the stream.
        let fault: HTTP2ErrorCode? = frame.dependency == id ? .protocolError : nil
        block.begin(frame, fault: fault)
        if frame.header.flags.contains(.endHeaders) { try endBlock() }
    }

    func takeContinuation(_ frame: Frame) throws(HTTP2ErrorCode) {
        guard block.isOpen else { throw .protocolError }
        try countContent(frame)
        let limit = settings.messages.headBytes
        guard block.add(frame, mostBytes: Self.blockBytes(limit), mostFrames: Self.blockFrames(limit)) else {
            counters.tooManyHeaderFrames.add()
            throw .enhanceYourCalm
        }
        if frame.header.flags.contains(.endHeaders) { try endBlock() }
    }

    /// Beyond the limit of heads, so that most of those that are too large get an answer that says so.
    private static func blockBytes(_ headBytes: Int) -> Int { max(128 * 1024, 2 * min(headBytes, 1 << 30)) }

    /// Some are smaller than they might be.
    private static func blockFrames(_ headBytes: Int) -> Int {
        64 + blockBytes(headBytes) / FrameDecoder.largestPayload
    }

    /// A frame that carries nothing, not even an end, costs its sender nothing.
    func countContent(_ frame: Frame) throws(HTTP2ErrorCode) {
        guard frame.isFirst else { return }
        let isEmpty = frame.payload.readableBytes == 0 && frame.isLast && !frame.header.flags.contains(.endStream)
        if let flood = budget.contentFrame(isEmpty: isEmpty) { throw count(flood) }
    }

    private func endBlock() throws(HTTP2ErrorCode) {
        let (id, endsStream, fault) = (block.streamID, block.endsStream, block.fault)
        let bytes = block.finish()
        let recipient = try recipient(of: id, endsStream: endsStream)
        let limits = settings.messages
        // The section is a local copy's memory, so that a user may have another decoded meanwhile.
        try loop.withFieldSection { section throws(HTTP2ErrorCode) in
            try fieldDecoder.decode(bytes.readableBytesUInt8Span, limits: limits, into: &section)
            switch recipient {
            case .stream(let stream):
                if let fault { return try streamFault(id, fault) }
                deliver(&section, to: stream, endsStream: endsStream)
            case .refused(let code): refuse(id, code)
            case .nobody: counters.headersWithoutStream.add()
            }
        }
    }

    private func deliver(_ section: inout FieldSection, to stream: HTTP2Stream, endsStream: Bool) {
        if section.isTooLarge { counters.headerOverflows.add() }
        touch(stream)
        if endsStream { stream.isRemoteOpen = false }
        stream.user?.streamHeaders(&section, endsStream: endsStream)
        settle(stream)
    }

    private func recipient(of id: UInt32, endsStream: Bool) throws(HTTP2ErrorCode) -> Recipient {
        if let stream = streams[id] {
            if stream.isRemoteOpen { return .stream(stream) }
            try streamFault(id, .streamClosed)
            return .nobody
        }
        guard isIdle(id) else {
            try takeLate(id)
            return .nobody
        }
        guard role == .server, id & 1 == 1 else { throw .protocolError }
        return try open(id)
    }

    private func open(_ id: UInt32) throws(HTTP2ErrorCode) -> Recipient {
        closedStreams.noteOpened(id, after: lastPeerID)
        lastPeerID = id
        budget.streamOpened()
        // The peer may not have seen the GOAWAY yet; what else it sends on the stream is to be forgiven, too.
        guard id <= leaving.lastServed else {
            closedStreams.noteReset(id, byPeer: false)
            return .nobody
        }
        guard streams.count < settings.options.concurrentStreams else { return .refused(.refusedStream) }
        let stream = makeStream()
        register(stream, id)
        stream.opened = .now()
        user?.streamOpened(stream)
        return .stream(stream)
    }

    private func refuse(_ id: UInt32, _ code: HTTP2ErrorCode) {
        counters.refusedStreams.add()
        writeReset(id, code)
        closedStreams.noteReset(id, byPeer: false)
        // Whoever has not seen the limit yet may go beyond it.
        if hasSettingsAck, let flood = budget.endedEarly() { fail(count(flood)) }
    }

    /// A frame for a stream that is closed (RFC 9113 section 5.1).
    ///
    /// Nothing is to be done if this returns.
    func takeLate(_ id: UInt32) throws(HTTP2ErrorCode) {
        switch closedStreams.end(of: id) {
        case .resetByUs: break
        case .resetByPeer:
            writeReset(id, .streamClosed)
            if let flood = budget.endedEarly() { throw count(flood) }
        case .neverOpened: throw .protocolError
        case .finished: throw .streamClosed
        }
    }
}
