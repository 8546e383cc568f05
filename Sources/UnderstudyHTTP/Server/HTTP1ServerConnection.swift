// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One client on HTTP/1.1: its requests one after another, their answers in the same order.

package import NIOCore
package import UnderstudyCore

package final class HTTP1ServerConnection: TransportUser, ServerStream, Timed {
    private enum Phase {
        /// Between requests, or within a head.
        case head
        case body(BodyDecoder)
        /// The request is complete, the answer is not.
        case answering
        /// The last answer is on its way; what still comes from the client is read and thrown away.
        case lingering(queued: Int)
        case closed
    }

    package var deadlineSlot = -1
    /// For whoever keeps the list of connections.
    package var registrySlot = -1

    private let transport: any Transport
    private let service: any RequestService
    private let loop: LoopContext
    private let limits: ServerLimits
    private var phase = Phase.head
    private var handler: (any RequestHandler)?
    private var unread = ByteBuffer()
    private var outgoing = OutgoingBytes()
    private var isDecoding = false
    /// Reading is stopped: the handler's wish, because an upstream is slow.
    private var isPaused = false
    /// Reading is stopped: enough further requests wait already.
    private var isFull = false
    /// No further request is begun: the client does not take the answers it has asked for.
    private var isBlocked = false
    /// The deadline is that of a head that has begun to arrive.
    private var isHeadTimed = false

    // Of the request that is being answered:
    private var isHead = false
    private var closes = false
    /// The close is the proxy's wish and not the client's, who may therefore still be sending.
    private var closesUnasked = false
    private var answerFraming = BodyFraming.none
    private var answerEnded = false

    package init(transport: any Transport, service: any RequestService, loop: LoopContext, limits: ServerLimits) {
        self.transport = transport
        self.service = service
        self.loop = loop
        self.limits = limits
        // Whoever was accepted just before the end is not waited for.
        loop.deadlines.set(self, after: service.isDraining ? limits.lingerTime : limits.idleTime)
        service.connectionOpened(self)
    }

    /// Asks the connection to end: at once between requests, after the answer within one.
    package func drain() {
        switch phase {
        case .head where handler == nil && unread.readableBytes == 0:
            // The last answer may still be on its way.
            if outgoing.count + transport.queuedBytes > 0 { closeGently(linger: .zero) } else { close() }
        default: closes = closes || service.isDraining
        }
    }

    // MARK: Bytes from the client

    package func transportConnected() {}

    package func transportReceived(_ bytes: ByteBuffer) {
        switch phase {
        case .lingering, .closed: return
        case .answering:
            keep(bytes)
            isFull = unread.readableBytes > limits.pipelinedBytes
            applyReading()
            return
        case .head, .body: break
        }
        if unread.readableBytes > 0 {
            let hasNewLine = ByteScan.lineFeed(in: bytes.readableBytesUInt8Span, from: 0) != nil
            keep(bytes)
            // A head that grows byte by byte is only looked at again when another of its lines may be complete.
            if case .head = phase, !hasNewLine, unread.readableBytes <= MessageLimits().headBytes { return }
        } else {
            unread = bytes
        }
        decode()
    }

    private func keep(_ bytes: ByteBuffer) {
        if unread.readableBytes == 0 {
            unread = bytes
        } else {
            // A buffer never forgets by itself what has been read from it.
            unread.discardReadBytes()
            unread.writeImmutableBuffer(bytes)
        }
    }

    /// Decodes what there is.
    ///
    /// The loop, rather than recursion, carries a client that pipelines many requests.
    private func decode() {
        guard !isDecoding else { return }
        isDecoding = true
        defer { isDecoding = false }
        var isGoing = true
        while isGoing {
            switch phase {
            case .head: isGoing = decodeHead()
            case .body(var decoder): isGoing = decodeBody(&decoder)
            case .answering, .lingering, .closed: isGoing = false
            }
        }
        if unread.readableBytes == 0 { unread = ByteBuffer() }
        // Only now: each answer would otherwise let another read in, and one request out.
        isFull = unread.readableBytes > limits.pipelinedBytes
        applyReading()
    }

    private func decodeHead() -> Bool {
        skipEmptyLines()
        guard unread.readableBytes > 0 else {
            if isHeadTimed { awaitRequest() }
            return false
        }
        isBlocked = isBackedUp
        guard !isBlocked else {
            loop.deadlines.set(self, after: limits.bodyTime)
            return false
        }
        do throws(MessageFault) {
            return try loop.withRequestHead { head throws(MessageFault) in
                guard let length = try decodeHead(into: &head) else {
                    limitHeadTime()
                    return false
                }
                unread.moveReaderIndex(forwardBy: length)
                begin(&head)
                return true
            }
        } catch {
            refuse(error.localReply)
            return false
        }
    }

    /// Once for each head: whoever sends it line by line wins no time by that.
    private func limitHeadTime() {
        guard !isHeadTimed else { return }
        isHeadTimed = true
        loop.deadlines.set(self, after: limits.headTime)
    }

    private func decodeHead(into head: inout RequestHead) throws(MessageFault) -> Int? {
        let received = unread
        return try loop.requestDecoder.decode(received.readableBytesUInt8Span, into: &head)
    }

    /// Empty lines before a request are to be ignored (RFC 9112 section 2.2).
    private func skipEmptyLines() {
        while let byte: UInt8 = unread.getInteger(at: unread.readerIndex), byte == 0x0D {
            guard unread.getInteger(at: unread.readerIndex + 1) == UInt8(0x0A) else { return }
            unread.moveReaderIndex(forwardBy: 2)
        }
    }

    private func begin(_ head: inout RequestHead) {
        isHeadTimed = false
        isHead = head.method == .head
        closes = !head.keepsAlive || service.isDraining
        answerEnded = false
        answerFraming = .none
        let hasBody = head.framing != .none
        if hasBody {
            phase = .body(BodyDecoder(head.framing))
            loop.deadlines.set(self, after: limits.bodyTime)
        } else {
            phase = .answering
            loop.deadlines.clear(self)
        }
        let handler = service.makeHandler()
        self.handler = handler
        handler.requestBegan(&head, on: self)
        // The handler may have answered at once, and then it has forgotten the request already.
        if self.handler === handler, !hasBody || unread.readableBytes == 0 {
            handler.requestTurnEnded()
        }
    }

    private func decodeBody(_ decoder: inout BodyDecoder) -> Bool {
        guard unread.readableBytes > 0 else { return false }
        var piecesArrived = false
        do throws(MessageFault) {
            while true {
                let event = try decoder.next(&unread)
                // The handler may have ended the exchange while it was given the last piece.
                guard case .body = phase else { return true }
                phase = .body(decoder)
                switch event {
                case .piece(let piece):
                    piecesArrived = true
                    handler?.requestBody(piece)
                case .needMore:
                    if piecesArrived { loop.deadlines.set(self, after: limits.bodyTime) }
                    handler?.requestTurnEnded()
                    return false
                case .end:
                    phase = .answering
                    loop.deadlines.clear(self)
                    handler?.requestEnded()
                    handler?.requestTurnEnded()
                    return true
                }
            }
        } catch {
            handler?.requestBroke(error.localReply)
            return false
        }
    }

    // MARK: The answer

    package func sendContinue() {
        outgoing.append(loop) { $0.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n") }
        flush()
    }

    package func sendHead(_ head: borrowing ResponseHead, closing: Bool) {
        if case .closed = phase { return }
        closesUnasked = closing || service.isDraining && !closes
        if closing || service.isDraining { closes = true }
        answerFraming = isHead ? .none : head.framing
        let end = HeadEncoder.AnswerEnd(closes: closes, answersHead: isHead)
        outgoing.append(loop) { HeadEncoder.write(head, end, to: &$0) }
    }

    package func sendBody(_ piece: ByteBuffer) {
        guard piece.readableBytes > 0 else { return }
        switch answerFraming {
        case .none: return
        case .length: outgoing.append(loop, piece, to: transport)
        case .chunked, .untilClose: outgoing.appendChunk(loop, piece, to: transport)
        }
    }

    package func endResponse() {
        switch answerFraming {
        case .chunked, .untilClose: outgoing.append(loop) { $0.writeStaticString("0\r\n\r\n") }
        case .none, .length: break
        }
        handler = nil
        answerEnded = true
        flush()
        switch phase {
        case .answering where !closes: becomeIdle()
        case .answering where !closesUnasked: closeGently(linger: .zero)
        case .answering, .body, .head: closeGently(linger: limits.lingerTime)
        case .lingering, .closed: break
        }
    }

    private func becomeIdle() {
        phase = .head
        decode()
        if case .head = phase, handler == nil, deadlineSlot < 0 { awaitRequest() }
    }

    private func awaitRequest() {
        isHeadTimed = false
        loop.deadlines.set(self, after: limits.idleTime)
    }

    package func flush() {
        outgoing.flush(loop, to: transport)
    }

    package func abort() {
        guard phaseIsOpen else { return }
        handler = nil
        closeGently(linger: .zero)
    }

    package var isBackedUp: Bool {
        outgoing.count > limits.bufferedBytes || !transport.isWritable
    }

    package func setReading(_ isReading: Bool) {
        guard phaseIsOpen else { return }
        isPaused = !isReading
        applyReading()
    }

    private func applyReading() {
        transport.setReading(!isPaused && !isFull && !isBlocked)
    }

    package func transportWritabilityChanged() {
        flush()
        if case .lingering = phase { return }
        if isBlocked, !isBackedUp {
            isBlocked = false
            awaitRequest()
            decode()
        }
        handler?.responseWritabilityChanged()
    }

    // MARK: The end

    /// Answers a request that no handler has seen.
    private func refuse(_ reply: LocalReply) {
        closes = true
        answerFraming = .none
        isHead = false
        loop.withResponseHead { head in
            head.become(reply, date: loop.date, server: service.serverName)
            sendHead(head, closing: true)
        }
        sendBody(ByteBuffer(staticString: reply.body))
        endResponse()
    }

    /// Ends the connection once the last answer is out.
    ///
    /// - Parameter linger: More than zero if the client may still be sending. A close now would make its system throw
    ///   the answer away unread, so the socket stays open for a while (RFC 9112 section 9.6).
    private func closeGently(linger: TimeAmount) {
        outgoing.flushAll(loop, to: transport)
        unread = ByteBuffer()
        handler = nil
        phase = .lingering(queued: transport.queuedBytes)
        transport.setReading(true)
        loop.deadlines.set(self, after: limits.bodyTime)
        transport.closeAfterFlush(linger: linger)
    }

    /// A client that has taken nothing of its last answer for a whole `bodyTime` is given up.
    private func checkProgress(queuedBefore: Int) {
        let queued = transport.queuedBytes
        guard queued > 0, queued < queuedBefore else { return close() }
        phase = .lingering(queued: queued)
        loop.deadlines.set(self, after: limits.bodyTime)
    }

    private func close() {
        finish()
        transport.close()
    }

    private func finish() {
        guard phaseIsOpen else { return }
        phase = .closed
        handler = nil
        unread = ByteBuffer()
        outgoing.removeAll(loop)
        loop.deadlines.clear(self)
        service.connectionClosed(self)
    }

    /// Ends now, in the middle of whatever there is.
    package func kill() {
        let handler = self.handler
        close()
        handler?.clientLeft()
    }

    private var phaseIsOpen: Bool {
        if case .closed = phase { return false }
        return true
    }

    package func transportClosed(_ reason: TransportEnd) {
        let handler = self.handler
        finish()
        handler?.clientLeft()
    }

    package func deadlinePassed() {
        switch phase {
        case .head where unread.readableBytes == 0 || isBlocked: close()
        case .head: refuse(.headTimeout)
        case .body: handler?.requestBroke(.bodyTimeout)
        case .answering, .closed: break
        case .lingering(let queued): checkProgress(queuedBefore: queued)
        }
    }
}

@available(*, unavailable)
extension HTTP1ServerConnection: Sendable {}
