// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One connection to an upstream on HTTP/1.1, carrying one request at a time.

package import NIOCore
package import UnderstudyCore

package final class HTTP1ClientConnection: TransportUser, Timed {
    private enum Phase {
        /// Carries nothing; any byte that arrives now is one too many.
        case idle
        case head
        case body(BodyDecoder, reusable: Bool)
        /// The answer is complete; whoever asked has still to say what becomes of the connection.
        case answered
        case closed
    }

    package var deadlineSlot = -1
    /// It has carried a request before the current one.
    package private(set) var isReused = false

    private let transport: any Transport
    private let loop: LoopContext
    private let pool: ConnectionPool
    private var phase = Phase.idle
    private var handler: (any ResponseHandler)?
    private var method = Method.get
    private var requestFraming = BodyFraming.none
    /// The last byte of the request was handed over.
    private var requestIsSent = false
    /// An interim answer came: the request has been read, whatever becomes of it.
    private var hasInterimAnswer = false
    /// Where the current request is counted.
    private var reservation: ConnectionLimit?
    private var unread = ByteBuffer()
    private var outgoing = OutgoingBytes()

    init(transport: any Transport, loop: LoopContext, pool: ConnectionPool) {
        self.transport = transport
        self.loop = loop
        self.pool = pool
    }

    // MARK: The request

    /// Starts a request on a connection that is idle or still connecting.
    package func begin(_ head: borrowing RequestHead, handler: any ResponseHandler) {
        guard case .idle = phase else { preconditionFailure("a request was begun on a busy connection") }
        loop.deadlines.clear(self)
        self.handler = handler
        method = head.method
        requestFraming = head.framing
        requestIsSent = head.framing == .none
        hasInterimAnswer = false
        phase = .head
        outgoing.append(loop) { HeadEncoder.write(head, to: &$0) }
    }

    package func sendBody(_ piece: ByteBuffer) {
        guard piece.readableBytes > 0 else { return }
        switch requestFraming {
        case .chunked: outgoing.appendChunk(loop, piece, to: transport)
        case .length: outgoing.append(loop, piece, to: transport)
        case .none, .untilClose: break
        }
    }

    /// The request is complete.
    package func endRequest() {
        requestIsSent = true
        if requestFraming == .chunked {
            outgoing.append(loop) { $0.writeStaticString("0\r\n\r\n") }
        }
    }

    package func flush() {
        outgoing.flush(loop, to: transport)
    }

    /// Bytes of the request that have not left yet.
    package var heldBytes: Int { outgoing.count + transport.queuedBytes }

    /// The upstream is connected and takes bytes.
    package var isWritable: Bool { transport.isWritable }

    /// More of the request waits than the transport takes now; `upstreamDrained` follows.
    package var isBackedUp: Bool {
        transport.isConnected ? !transport.isWritable : outgoing.count >= Self.connectingBytes
    }

    /// Bytes that may wait for a connection to be made.
    private static let connectingBytes = 64 * 1024

    /// Stops or resumes taking the answer.
    package func setReading(_ isReading: Bool) {
        transport.setReading(isReading)
    }

    // MARK: The end of a request

    /// The exchange is over and both messages were complete: the connection may carry another request.
    package func release() {
        handler = nil
        guard case .answered = phase, unread.readableBytes == 0 else { return close() }
        phase = .idle
        isReused = true
        transport.setReading(true)
        freeReservation()
        pool.release(self)
    }

    /// Ends the connection, whatever it carries.
    ///
    /// The handler hears nothing any more.
    package func close() {
        guard finish() else { return }
        transport.close()
    }

    /// - Returns: Whether it was open until now.
    private func finish() -> Bool {
        if case .closed = phase { return false }
        if case .idle = phase { pool.removeIdle(self) }
        phase = .closed
        handler = nil
        unread = ByteBuffer()
        outgoing.removeAll(loop)
        loop.deadlines.clear(self)
        freeReservation()
        return true
    }

    /// The next request is counted at this limit until the connection is idle again or gone.
    func reserve(at limit: ConnectionLimit) {
        reservation = limit
    }

    private func freeReservation() {
        reservation?.free()
        reservation = nil
    }

    // MARK: Bytes from the upstream

    package func transportConnected() {
        transportWritabilityChanged()
    }

    package func transportWritabilityChanged() {
        flush()
        if transport.isWritable { handler?.upstreamDrained() }
    }

    package func transportReceived(_ bytes: ByteBuffer) {
        if unread.readableBytes == 0 {
            unread = bytes
        } else {
            // A buffer never forgets by itself what has been read from it.
            unread.discardReadBytes()
            let hasNewLine = ByteScan.lineFeed(in: bytes.readableBytesUInt8Span, from: 0) != nil
            unread.writeImmutableBuffer(bytes)
            // A head that grows byte by byte is only looked at again when another of its lines may be complete.
            if case .head = phase, !hasNewLine, unread.readableBytes <= MessageLimits().headBytes { return }
        }
        let handler = self.handler
        do throws(MessageFault) {
            while try decode() {}
            handler?.responseTurnEnded()
        } catch {
            fail(.protocolError)
        }
        if unread.readableBytes == 0 { unread = ByteBuffer() }
    }

    /// - Returns: Whether there may be more to decode.
    private func decode() throws(MessageFault) -> Bool {
        switch phase {
        case .idle:
            // Nothing was asked, so nothing may come (RFC 9112 section 9.2).
            close()
            return false
        case .head:
            return unread.readableBytes > 0 ? try decodeHead() : false
        case .body(var decoder, let reusable):
            return try decodeBody(&decoder, reusable)
        case .answered, .closed:
            return false
        }
    }

    private func decodeHead() throws(MessageFault) -> Bool {
        try loop.withResponseHead { head throws(MessageFault) in
            guard let length = try decodeHead(into: &head) else { return false }
            unread.moveReaderIndex(forwardBy: length)
            try begin(&head)
            return true
        }
    }

    private func decodeHead(into head: inout ResponseHead) throws(MessageFault) -> Int? {
        let received = unread
        return try loop.responseDecoder.decode(received.readableBytesUInt8Span, answering: method, into: &head)
    }

    private func begin(_ head: inout ResponseHead) throws(MessageFault) {
        if head.isInterim {
            // Nobody asked to switch protocols; all other interim answers end here (RFC 9110 section 15.2).
            guard head.status != 101 else { throw .badSyntax }
            hasInterimAnswer = true
            return
        }
        phase = .body(BodyDecoder(head.framing), reusable: head.keepsAlive)
        handler?.responseBegan(&head)
    }

    private func decodeBody(_ decoder: inout BodyDecoder, _ reusable: Bool) throws(MessageFault) -> Bool {
        let event = try decoder.next(&unread)
        phase = .body(decoder, reusable: reusable)
        switch event {
        case .needMore:
            return false
        case .piece(let piece):
            handler?.responseBody(piece)
            return true
        case .end:
            phase = .answered
            handler?.responseEnded(reusable: reusable && unread.readableBytes == 0)
            return false
        }
    }

    package func transportClosed(_ reason: TransportEnd) {
        if case .body(let decoder, _) = phase, decoder.endsWithConnection, reason == .closedByPeer, requestIsSent {
            phase = .answered
            let handler = self.handler
            handler?.responseEnded(reusable: false)
            handler?.responseTurnEnded()
            _ = finish()
            return
        }
        switch reason {
        case .couldNotConnect: fail(.connectFailure)
        case .connectTimedOut: fail(.connectTimeout)
        // Half a head is an answer, only not one that can be passed on.
        case .closedByPeer where unread.readableBytes > 0, .writeFailed where unread.readableBytes > 0:
            fail(.protocolError)
        case .closedByPeer, .writeFailed: fail(hasInterimAnswer ? .reset : .closed)
        case .reset: fail(.reset)
        }
    }

    private func fail(_ failure: UpstreamFailure) {
        let handler = self.handler
        close()
        handler?.upstreamFailed(failure)
    }

    /// It was idle for too long.
    package func deadlinePassed() {
        close()
    }
}

@available(*, unavailable)
extension HTTP1ClientConnection: Sendable {}
