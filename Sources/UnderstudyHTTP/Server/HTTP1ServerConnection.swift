// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One client on HTTP/1.1: its requests one after another, their answers in the same order.

public import NIOCore
internal import UnderstudyCore

/// Loop-bound.
///
/// This file takes requests in; `+Answer` sends what comes back, `+Ending` has the times and the ends.
public final class HTTP1ServerConnection: ServerConnection, TransportUser, ServerStream, Timed {
    enum Phase {
        /// Between requests, or within a head.
        case head
        case body(BodyDecoder)
        /// Whatever comes is passed on as it is.
        case tunnel
        /// The request is complete, the answer is not.
        case answering
        /// The last answer is on its way; what still comes from the client is read and thrown away.
        case lingering(queued: Int)
        case closed
    }

    public var deadlineSlot = -1
    /// For whoever keeps the list of connections.
    public var registrySlot = -1

    let transport: any Transport
    public let service: any RequestService
    let loop: LoopContext
    let limits: ServerLimits
    private let rules: HeadRules
    let nameStyle: NameStyle
    let passesTrailers: Bool
    var phase = Phase.head
    var handler: (any RequestHandler)?
    var unread = ByteBuffer()
    var outgoing = OutgoingBytes()
    private var isDecoding = false
    /// Reading is stopped: the handler's wish, because an upstream is slow.
    var isPaused = false
    /// Reading is stopped: enough further requests wait already.
    private var isFull = false
    /// No further request is begun: the client does not take the answers it has asked for.
    var isBlocked = false
    /// The deadline is that of a head that has begun to arrive.
    var isHeadTimed = false
    /// A carriage return has come that belongs to no request yet.
    private var hasHalfEmptyLine = false
    private var requestCount = 0
    let start = NIODeadline.now()
    private(set) var hasBeenTunnel = false
    /// The first bytes may turn out to be those of HTTP/2.
    var looksForHTTP2: Bool
    /// The end was the client's doing.
    public var wasEndedByPeer = false
    /// Milliseconds since it was accepted.
    public var age: UInt64 { UInt64(max(0, (NIODeadline.now() - start).nanoseconds / 1_000_000)) }
    /// A request has been read in whole, so whoever is at the other end speaks HTTP.
    public var hasServed: Bool { requestCount > 0 }
    /// The connection's time is over.
    var isExpired = false
    private var trailers: TrailerCollector?
    private(set) var requestAlarm: ServerAlarm?
    private(set) var connectionAlarm: ServerAlarm?

    // Of the request that is being answered:
    private(set) var isHead = false
    private(set) var isHTTP10 = false
    private(set) var isConnect = false
    var closes = false
    /// The close is the proxy's wish and not the client's, who may therefore still be sending.
    var closesUnasked = false
    var answerCoding = AnswerCoding.none
    /// Nothing but the end of the connection tells the client that it has the whole answer.
    var answerEndsWithConnection = false
    /// How long the client may take nothing of what is sent last.
    var lastPatience = TimeAmount.zero
    private var bodyTime: TimeAmount?

    /// How the body of an answer is written.
    enum AnswerCoding {
        /// There is none.
        case none
        /// As it comes: the head has its length, or it lasts until the close.
        case raw
        case chunked
        /// The last chunk is written already.
        case chunkedAndEnded
    }

    public init(transport: any Transport, service: any RequestService, loop: LoopContext, limits: ServerLimits) {
        self.transport = transport
        self.service = service
        self.loop = loop
        self.limits = limits
        rules = limits.headRules
        nameStyle = limits.http1.nameStyle
        passesTrailers = limits.http1.passesTrailers
        looksForHTTP2 = limits.version == .automatic
        // Whoever was accepted just before the end is not waited for.
        setDeadline(after: service.isDraining ? limits.lingerTime : limits.idleTime)
        if limits.requestTime != nil { requestAlarm = ServerAlarm(.request, of: self) }
        if let time = limits.connectionTime {
            let alarm = ServerAlarm(.connection, of: self)
            connectionAlarm = alarm
            loop.deadlines.set(alarm, after: time)
        }
        service.counters.connections.add()
        service.counters.activeConnections.add(1)
        service.connectionOpened(self)
    }

    // MARK: Bytes from the client

    public func transportConnected() {}

    public func transportReceived(_ bytes: ByteBuffer) {
        switch phase {
        case .lingering, .closed: return
        case .answering:
            keep(bytes)
            isFull = unread.readableBytes > limits.pipelinedBytes
            applyReading()
            return
        case .tunnel:
            handler?.requestBody(bytes)
            handler?.requestTurnEnded()
            return
        case .head, .body: break
        }
        if unread.readableBytes > 0 {
            let hasNewLine = ByteScan.lineFeed(in: bytes.readableBytesUInt8Span, from: 0) != nil
            keep(bytes)
            // A head that grows byte by byte is only looked at again when another of its lines may be complete.
            if case .head = phase, !hasNewLine, unread.readableBytes <= rules.limits.headBytes { return }
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
    func decode() {
        guard !isDecoding else { return }
        isDecoding = true
        defer { isDecoding = false }
        var isGoing = true
        while isGoing {
            switch phase {
            case .head: isGoing = decodeHead()
            case .body(var decoder): isGoing = decodeBody(&decoder)
            case .tunnel: isGoing = passOn()
            case .answering, .lingering, .closed: isGoing = false
            }
        }
        if unread.readableBytes == 0 { unread = ByteBuffer() }
        guard phaseIsOpen else { return }
        // Only now: each answer would otherwise let another read in, and one request out.
        isFull = unread.readableBytes > limits.pipelinedBytes
        applyReading()
    }

    private func decodeHead() -> Bool {
        if looksForHTTP2, unread.readableBytes > 0, !speaksHTTP1() { return false }
        skipEmptyLines()
        guard unread.readableBytes > 0 else { return false }
        isBlocked = isBackedUp
        guard !isBlocked else {
            loop.deadlines.set(self, after: limits.lastAnswerTime)
            return false
        }
        do throws(MessageFault) {
            return try loop.withRequestHead { head throws(MessageFault) in
                guard let length = try decodeHead(into: &head) else {
                    guard mayBecomeHead else { throw .badSyntax }
                    unread.shedSlack()
                    limitHeadTime()
                    return false
                }
                unread.moveReaderIndex(forwardBy: length)
                begin(&head)
                return true
            }
        } catch {
            refuse(error)
            return false
        }
    }

    private func decodeHead(into head: inout RequestHead) throws(MessageFault) -> Int? {
        let received = unread
        defer { isHTTP10 = head.isHTTP10 }
        let length = try loop.requestDecoder.decode(received.readableBytesUInt8Span, rules, into: &head)
        if length != nil, rules.underscores == .drop {
            service.counters.underscores.droppedHeaders.add(UInt64(loop.requestDecoder.droppedLines))
        }
        return length
    }

    /// Whether what has arrived may be the beginning of a head: the hello of TLS, say, need not be waited for.
    private var mayBecomeHead: Bool {
        guard let first: UInt8 = unread.getInteger(at: unread.readerIndex) else { return true }
        return first > 0x20 && first < 0x7F || first == 0x0D
    }

    /// Empty lines before a request are to be ignored (RFC 9112 section 2.2).
    ///
    /// However they are cut: half of one is put aside, so that the connection is as idle as it was before.
    private func skipEmptyLines() {
        if hasHalfEmptyLine { takeHalfEmptyLine() }
        while let byte: UInt8 = unread.getInteger(at: unread.readerIndex), byte == 0x0D {
            guard let next: UInt8 = unread.getInteger(at: unread.readerIndex + 1) else {
                hasHalfEmptyLine = true
                return unread.clear()
            }
            guard next == 0x0A else { return }
            unread.moveReaderIndex(forwardBy: 2)
        }
    }

    private func takeHalfEmptyLine() {
        guard unread.readableBytes > 0 else { return }
        hasHalfEmptyLine = false
        if unread.getInteger(at: unread.readerIndex) == UInt8(0x0A) { return unread.moveReaderIndex(forwardBy: 1) }
        // It was the beginning of something else.
        let rest = unread
        unread = ByteBuffer(integer: UInt8(0x0D))
        unread.writeImmutableBuffer(rest)
    }

    private func begin(_ head: inout RequestHead) {
        if head.lacksHost { head.headers.setValue(at: RequestHead.hostLine, to: limits.http1.defaultHost) }
        requestCount += 1
        if requestCount == 1 {
            service.counters.http1Connections.add()
            service.counters.activeHTTP1Connections.add(1)
        }
        isHead = head.method.isHead
        isConnect = head.method.isConnect
        let isLast = isExpired || requestCount == limits.requestsPerConnection
        closes = !head.keepsAlive || isLast
        if requestCount == limits.requestsPerConnection { service.counters.maxRequestsReached.add() }
        closesUnasked = head.keepsAlive && isLast
        answerCoding = .none
        answerEndsWithConnection = false
        let hasBody = !head.framing.isNone
        if hasBody {
            startRequestTime()
            bodyTime = limits.bodyTime
            phase = .body(BodyDecoder(head.framing, limits: rules.limits, reportsTrailers: passesTrailers))
            setDeadline(after: limits.bodyTime)
        } else {
            endRequestTime()
            phase = .answering
            loop.deadlines.clear(self)
        }
        isHeadTimed = false
        let handler = service.makeHandler()
        self.handler = handler
        handler.requestBegan(&head, on: self)
        // The handler may have answered at once, and then it has forgotten the request already.
        if self.handler === handler, !hasBody || unread.readableBytes == 0 {
            handler.requestTurnEnded()
        }
    }

    public func becomeTunnel() {
        switch phase {
        case .answering, .body:
            phase = .tunnel
            hasBeenTunnel = true
            service.counters.upgrades.add()
            service.counters.activeUpgrades.add(1)
            loop.deadlines.clear(self)
            endRequestTime()
        case .head, .tunnel, .lingering, .closed: break
        }
    }

    public func setBodyTime(_ time: TimeAmount?) {
        guard case .body = phase else { return }
        bodyTime = time
        setDeadline(after: time)
    }

    /// What came behind the head is inside the tunnel already.
    private func passOn() -> Bool {
        guard unread.readableBytes > 0 else { return false }
        let bytes = unread
        unread = ByteBuffer()
        handler?.requestBody(bytes)
        handler?.requestTurnEnded()
        return false
    }

    /// What is refused now is no part of the request before it.
    func forgetRequest(keepsVersion: Bool) {
        closes = true
        // Whatever else is wrong with it, an answer to HEAD has no body (RFC 9110 section 9.3.2).
        let received = unread
        isHead = ByteScan.equals(received.readableBytesUInt8Span, at: 0, "HEAD ")
        isConnect = false
        isHTTP10 = isHTTP10 && keepsVersion
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
                case .trailers(let piece):
                    collect(piece)
                case .needMore:
                    if piecesArrived { setDeadline(after: bodyTime) }
                    handler?.requestTurnEnded()
                    return false
                case .end:
                    try endBody()
                    return true
                }
            }
        } catch {
            trailers = nil
            service.counters.protocolErrors.add()
            if error == .underscore { service.counters.underscores.rejectedRequests.add() }
            handler?.requestBroke(error.localReply)
            return false
        }
    }

    private func collect(_ piece: ByteBuffer) {
        var collector = trailers ?? TrailerCollector()
        trailers = nil
        collector.add(piece)
        trailers = collector
    }

    private func endBody() throws(MessageFault) {
        let trailers = try takeTrailers()
        phase = .answering
        loop.deadlines.clear(self)
        endRequestTime()
        handler?.requestEnded(trailers: trailers)
        handler?.requestTurnEnded()
    }

    private func takeTrailers() throws(MessageFault) -> HeaderBlock? {
        guard var collector = trailers else { return nil }
        trailers = nil
        guard var block = try collector.finish(rules.limits) else { return nil }
        let dropped = try block.settleUnderscores(rules.underscores)
        if dropped > 0 { service.counters.underscores.droppedHeaders.add(UInt64(dropped)) }
        return block.lines.isEmpty ? nil : block
    }

    func becomeIdle() {
        phase = .head
        decode()
        if case .head = phase, handler == nil, !loop.deadlines.isSet(self) { awaitRequest() }
    }

    func applyReading() {
        transport.setReading(!isPaused && !isFull && !isBlocked)
    }
}

@available(*, unavailable)
extension HTTP1ServerConnection: Sendable {}
