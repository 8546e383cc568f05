// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One connection to an upstream on HTTP/1.1, carrying one request at a time.

public import NIOCore
public import UnderstudyCore

public final class HTTP1ClientConnection: ClientStream, OutgoingConnection, ClosableConnection, Timed {
    enum Phase {
        /// Carries nothing; any byte that arrives now is one too many.
        case idle
        /// A raw tunnel that is being connected.
        case connecting
        case head
        case body(BodyDecoder, reusable: Bool)
        /// The answer is complete; whoever asked has still to say what becomes of the connection.
        case answered
        case closed
    }

    public var deadlineSlot = -1
    /// It has carried a request before the current one.
    public internal(set) var isReused = false
    /// Something of the current request has been handed to a connected socket.
    public private(set) var hasSentRequest = false

    var transport: any Transport
    let loop: LoopContext
    let pool: ConnectionPool
    var phase = Phase.idle
    var handler: (any ResponseHandler)?
    private(set) var method = Method.get
    var bodyCoding = BodyCoding.none
    private var mode = RequestMode.plain
    var requestCount = 0
    /// The last byte of the request was handed over.
    private(set) var requestIsSent = false
    /// Interim answers so far: after the first the request has been read, whatever becomes of it.
    private var interimAnswers = 0
    /// Where the connection is counted, and the current request.
    var limits: UpstreamLimits?
    var stage = Stage.waiting
    /// The request is counted as one that is under way.
    var isAttached = false
    /// Among those that wait, it is for a connection of its own.
    var needsFresh = false
    /// Its socket may be made a little later.
    var isPatient = false
    var start = NIODeadline.uptimeNanoseconds(0)
    var unread = ByteBuffer()
    var outgoing = OutgoingBytes()
    /// What the client has said in a tunnel that the upstream has not agreed to.
    var held = ByteBuffer()
    var trailers: TrailerCollector?
    var restingPlace: RestingPlace?

    /// How the body of the request is written.
    enum BodyCoding {
        case none, raw, chunked
        /// Kept back until the upstream agrees to the tunnel.
        case held
    }

    init(transport: any Transport, loop: LoopContext, pool: ConnectionPool) {
        self.transport = transport
        self.loop = loop
        self.pool = pool
    }

    // MARK: The request

    /// Starts a request on a connection that is idle or still connecting.
    public func begin(_ head: borrowing RequestHead, _ mode: RequestMode, handler: any ResponseHandler) {
        guard case .idle = phase else { preconditionFailure("a request was begun on a busy connection") }
        loop.deadlines.clear(self)
        self.handler = handler
        method = head.method
        self.mode = mode
        requestCount += 1
        interimAnswers = 0
        hasSentRequest = false
        switch mode {
        case .plain:
            bodyCoding = Self.coding(head.framing)
            requestIsSent = head.framing.isNone
        case .tunnel, .rawTunnel:
            bodyCoding = .held
            requestIsSent = false
        }
        if case .rawTunnel = mode {
            phase = .connecting
        } else {
            phase = .head
            write(head)
        }
    }

    private func write(_ head: borrowing RequestHead) {
        let style = pool.nameStyle
        let isAbsolute = pool.sendsAbsoluteTarget
        let opensTunnel = mode == .tunnel
        outgoing.append(loop) {
            HeadEncoder.write(head, style, isAbsolute: isAbsolute, opensTunnel: opensTunnel, to: &$0)
        }
    }

    private static func coding(_ framing: BodyFraming) -> BodyCoding {
        switch framing {
        case .chunked: .chunked
        case .length: .raw
        case .none, .untilClose: .none
        }
    }

    public func sendBody(_ piece: ByteBuffer) {
        guard piece.readableBytes > 0 else { return }
        switch bodyCoding {
        case .chunked: outgoing.appendChunk(loop, piece, to: transport)
        case .raw: outgoing.append(loop, piece, to: transport)
        case .held: held.writeImmutableBuffer(piece)
        case .none: break
        }
    }

    /// The request is complete.
    ///
    /// - Parameter trailers: Dropped if the upstream's side passes none, or the body is not chunked.
    public func endRequest(trailers: HeaderBlock?) {
        requestIsSent = true
        guard case .plain = mode else { return endTunnelHalf() }
        guard case .chunked = bodyCoding else { return }
        if let trailers, pool.passesTrailers {
            outgoing.append(loop) { HeadEncoder.writeLastChunk(trailers, to: &$0) }
        } else {
            outgoing.append(loop) { $0.writeStaticString("0\r\n\r\n") }
        }
    }

    public func flush() {
        // It was flushed with what came before.
        if hasSentRequest, outgoing.isEmpty { return }
        let transport = self.transport
        if transport.isConnected { hasSentRequest = true }
        outgoing.flush(loop, to: transport)
    }

    public var connectError: ConnectError { transport.connectError }

    public var tls: TLSPeer? { transport.tls }

    public var speaks: ApplicationProtocol? { .http1 }

    /// Bytes of the request that have not left yet.
    public var heldBytes: Int { outgoing.count + held.readableBytes + transport.queuedBytes }

    /// The upstream is connected and takes bytes.
    public var isWritable: Bool { transport.isWritable }

    /// More of the request waits than the transport takes now; `upstreamDrained` follows.
    public var isBackedUp: Bool {
        if held.readableBytes >= pool.connectingBytes { return true }
        return transport.isConnected ? !transport.isWritable : outgoing.count >= pool.connectingBytes
    }

    /// Stops or resumes taking the answer.
    public func setReading(_ isReading: Bool) {
        transport.setReading(isReading)
    }

    // MARK: The end of a request

    /// The exchange is over and both messages were complete: the connection may carry another request.
    public func release() {
        handler = nil
        guard case .answered = phase, unread.readableBytes == 0, mayCarryMore else { return close() }
        phase = .idle
        isReused = true
        transport.setReading(true)
        detachRequest()
        pool.release(self)
    }

    private var mayCarryMore: Bool {
        guard mode == .plain else { return false }
        guard pool.requestsPerConnection > 0, requestCount >= pool.requestsPerConnection else { return true }
        pool.counters.spentConnections.add()
        return false
    }

    /// Ends the connection, whatever it carries.
    ///
    /// The handler hears nothing any more.
    public func close() {
        end(.byUs)
    }

    // MARK: Bytes from the upstream

    public func transportWritabilityChanged() {
        flush()
        if transport.isWritable { handler?.upstreamDrained() }
    }

    public func transportReceived(_ bytes: ByteBuffer) {
        if unread.readableBytes == 0 {
            unread = bytes
        } else {
            // A buffer never forgets by itself what has been read from it.
            unread.discardReadBytes()
            let hasNewLine = ByteScan.lineFeed(in: bytes.readableBytesUInt8Span, from: 0) != nil
            unread.writeImmutableBuffer(bytes)
            // A head that grows byte by byte is only looked at again when another of its lines may be complete.
            if case .head = phase, !hasNewLine, unread.readableBytes <= pool.headRules.limits.headBytes { return }
        }
        let handler = self.handler
        do throws(MessageFault) {
            while try decode() {}
            handler?.responseTurnEnded()
        } catch {
            pool.counters.protocolErrors.add()
            fail(.protocolError, .byUs)
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
        case .answered, .connecting, .closed:
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
        return try loop.responseDecoder.decode(
            received.readableBytesUInt8Span,
            pool.headRules,
            answering: method,
            into: &head
        )
    }

    private func begin(_ head: inout ResponseHead) throws(MessageFault) {
        if mode == .tunnel { return try beginTunnel(&head) }
        if head.isInterim { return try reportInterim(&head) }
        phase = .body(
            BodyDecoder(head.framing, limits: pool.headRules.limits, reportsTrailers: pool.passesTrailers),
            reusable: head.keepsAlive
        )
        handler?.responseBegan(&head)
    }

    /// Nobody asked to switch protocols, or the tunnel's 101 was handled before (RFC 9110 section 15.2).
    func reportInterim(_ head: inout ResponseHead) throws(MessageFault) {
        guard head.status != 101, interimAnswers < Self.mostInterimAnswers else { throw .badSyntax }
        interimAnswers += 1
        handler?.responseInterim(&head)
    }

    /// Whoever sends more never means to answer.
    private static let mostInterimAnswers = 1024

    private func decodeBody(_ decoder: inout BodyDecoder, _ reusable: Bool) throws(MessageFault) -> Bool {
        let event = try decoder.next(&unread)
        phase = .body(decoder, reusable: reusable)
        switch event {
        case .needMore:
            return false
        case .piece(let piece):
            handler?.responseBody(piece)
            return true
        case .trailers(let piece):
            collect(piece)
            return true
        case .end:
            let trailers = try self.trailers?.finish(pool.headRules.limits)
            self.trailers = nil
            phase = .answered
            handler?.responseEnded(reusable: reusable && unread.readableBytes == 0, trailers: trailers ?? nil)
            return false
        }
    }

    private func collect(_ piece: ByteBuffer) {
        var collector = trailers ?? TrailerCollector()
        trailers = nil
        collector.add(piece)
        trailers = collector
    }

    // MARK: The end of the connection

    public func transportClosed(_ reason: TransportEnd) {
        if case .body(let decoder, _) = phase, decoder.endsWithConnection, reason == .closedByPeer, mayEndNow {
            phase = .answered
            let handler = self.handler
            handler?.responseEnded(reusable: false, trailers: nil)
            handler?.responseTurnEnded()
            end(.byPeer)
            return
        }
        switch reason {
        case .couldNotConnect, .connectTimedOut: failToConnect(timedOut: reason == .connectTimedOut)
        // Half a head is an answer, only not one that can be passed on.
        case .closedByPeer where unread.readableBytes > 0, .truncated where unread.readableBytes > 0,
            .writeFailed where unread.readableBytes > 0:
            fail(.protocolError, .byPeer)
        case .closedByPeer, .truncated, .writeFailed: fail(interimAnswers > 0 ? .reset : .closed, .byPeer)
        case .reset: fail(.reset, .byPeer)
        }
    }

    private func failToConnect(timedOut: Bool) {
        pool.counters.connectFailures.add()
        pool.host.connectFailures.add()
        if timedOut { pool.counters.connectTimeouts.add() }
        fail(timedOut ? .connectTimeout : .connectFailure, .failedToConnect)
    }

    /// A tunnel has no end but this one; any other request should have been taken in whole.
    private var mayEndNow: Bool { mode != .plain || requestIsSent }

    private func fail(_ failure: UpstreamFailure, _ ending: Ending) {
        let handler = self.handler
        end(ending)
        handler?.upstreamFailed(failure)
    }

    /// It was idle for too long.
    public func deadlinePassed() {
        pool.counters.idleTimeouts.add()
        close()
    }
}

@available(*, unavailable)
extension HTTP1ClientConnection: Sendable {}
