// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One request on an HTTP/2 connection to an upstream.

public import NIOCore
public import UnderstudyCore

/// Loop-bound, used again for later requests of its pool.
///
/// `+Answer` takes in what the upstream says.
public final class HTTP2ClientStream: ClientStream, Timed {
    enum Phase {
        /// Nothing was asked yet.
        case idle
        /// The answer's head is awaited.
        case head
        /// - Parameter room: Bytes that must still come; `nil` if nobody knows.
        case body(room: Int?)
        /// The answer is complete; whoever asked has still to say that it is done.
        case answered
        /// Whoever asked is done; the rest of the request is still to go.
        case leaving
        case closed
    }

    /// How long an upstream that has answered may take with what it has not taken of the request.
    ///
    /// Until then it is one of the requests that circuit breakers allow.
    static let leavingTime = TimeAmount.minutes(1)

    public var deadlineSlot = -1
    /// A request had ended on its connection before this one came.
    public private(set) var isReused = false
    public private(set) var hasSentRequest = false
    public private(set) var connectError = ConnectError.none

    let pool: HTTP2ClientPool
    private(set) var limits: UpstreamLimits
    private(set) var connection: HTTP2ClientConnection?
    private(set) var stream: HTTP2Stream?
    var phase = Phase.idle
    var handler: (any ResponseHandler)?
    private(set) var method = Method.get
    private(set) var mode = RequestMode.plain
    /// What was asked before there was a way to send it.
    private var held: HeldRequest?
    /// What the client has said in a tunnel that the upstream has not agreed to.
    private var early: ByteBuffer?
    private var endsEarly = false
    /// What the tunnel is to speak.
    private(set) var upgrade: [UInt8] = []
    var interimAnswers = 0
    private var isWaiting = false
    private var isAttached = false
    /// Among those that wait, it is for a connection on which nothing has ended.
    var needsFresh = false
    /// Bytes of a copy's head that were sent while the connection took nothing.
    private var stalledHead = 0

    init(_ pool: HTTP2ClientPool) {
        self.pool = pool
        limits = Self.none
    }

    private static let none = UpstreamLimits()

    func prepare(_ limits: UpstreamLimits) {
        self.limits = limits
        phase = .idle
        isReused = false
        hasSentRequest = false
        connectError = .none
        interimAnswers = 0
        needsFresh = false
        stalledHead = 0
    }

    // MARK: A place

    /// Counts the request as one that is under way.
    ///
    /// - Returns: Whether there may be another.
    func attach() -> Bool {
        guard limits.requests.reserve() else { return false }
        isAttached = true
        pool.counters.requests.add()
        pool.counters.activeRequests.add(1)
        pool.host.requests.add()
        pool.host.activeRequests.add(1)
        return true
    }

    private func detach() {
        guard isAttached else { return }
        isAttached = false
        limits.requests.free()
        pool.counters.activeRequests.add(-1)
        pool.host.activeRequests.add(-1)
    }

    /// There is no connection for it yet.
    func wait(fresh: Bool, patient: Bool) {
        isWaiting = true
        needsFresh = fresh
        pool.counters.pendingRequests.add()
        pool.counters.activePendingRequests.add(1)
    }

    private func endWaiting() {
        isWaiting = false
        limits.pending.free()
        pool.counters.activePendingRequests.add(-1)
    }

    /// Ends the waiting, in an overflow if there may be no other request.
    func mayTakePlace() -> Bool {
        endWaiting()
        if attach() { return true }
        pool.counters.activeOverflows.add()
        fail(.overflow)
        return false
    }

    /// Goes on with a connection that has room; `attach` came before.
    func takePlace(on connection: HTTP2ClientConnection) {
        isReused = !connection.isFresh
        stream = connection.open(self)
        self.connection = connection
        if held != nil { proceed() }
    }

    func failToConnect(_ failure: UpstreamFailure, error: ConnectError) {
        endWaiting()
        pool.counters.pendingFailures.add()
        connectError = error
        fail(failure)
    }

    // MARK: The request

    public func begin(_ head: borrowing RequestHead, _ mode: RequestMode, handler: any ResponseHandler) {
        guard case .idle = phase, mode != .rawTunnel else {
            preconditionFailure("a request was begun on a busy stream, or one that cannot carry it")
        }
        self.handler = handler
        self.mode = mode
        method = head.method
        phase = .head
        if mode == .tunnel { noteTunnel(head) }
        if maySend { send(head) } else { hold(head) }
    }

    private func noteTunnel(_ head: borrowing RequestHead) {
        early = ByteBuffer()
        guard isUpgrade, let index = head.headers.firstIndex(of: .upgrade) else { return }
        upgrade = Array(head.headers.bytes[head.headers.lines[index].value])
    }

    /// A tunnel that HTTP/1.1 knows as an upgrade.
    var isUpgrade: Bool { mode == .tunnel && method != .connect }

    /// An upgrade may only be asked of a peer that says that it knows how (RFC 8441 section 3).
    private var maySend: Bool {
        guard let connection else { return false }
        return !isUpgrade || connection.allowsConnect
    }

    private func hold(_ head: borrowing RequestHead) {
        held = HeldRequest(head, mode)
        guard let connection else { return }
        if !connection.hasSettings { return connection.awaitSettings(self) }
        // Not from within `begin`.
        pool.loop.eventLoop.assumeIsolated().execute { [weak self] in
            guard let self, self.connection === connection, self.held != nil else { return }
            self.proceed()
        }
    }

    /// Sends what was held back, now that there is a connection, or that it is known what its peer allows.
    func proceed() {
        guard let held, let connection else { return }
        guard maySend else {
            guard connection.hasSettings else { return connection.awaitSettings(self) }
            return breakOff(.cancel, .protocolError)
        }
        self.held = nil
        send(held.head)
        if held.body.readableBytes > 0 { sendBody(held.body) }
        if held.isEnded { endRequest(trailers: held.trailers) }
        flush()
        handler?.upstreamDrained()
    }

    private func send(_ head: borrowing RequestHead) {
        let scheme = Self.scheme(head)
        let isUpgrade = isUpgrade
        stream?.sendHeaders(endsStream: mode == .plain && head.framing == .none) {
            $0.encodeRequest(head, scheme: scheme, isExtendedConnect: isUpgrade, into: &$1)
        }
        // What a copy holds is part of a budget, so that it has to know when it holds nothing any more.
        stream?.tellsWhenEmpty = limits.isRestrained
        if limits.isRestrained, stream?.isBackedUp == true { stalledHead = head.headers.bytes.count }
    }

    /// The connection takes bytes again.
    func headLeft() { stalledHead = 0 }

    /// What the client's side speaks; a request that is no client's says it itself.
    ///
    /// - Source: measured on Envoy 1.40.
    private static func scheme(_ head: borrowing RequestHead) -> HPACKEncoder.Scheme {
        guard let index = head.headers.firstIndex(of: .forwardedProto) else { return head.saysHTTPS ? .https : .http }
        let value = head.headers.lines[index].value
        return HeaderToken.isExactly("https", head.headers.bytes.span, value) ? .https : .http
    }

    public func sendBody(_ piece: ByteBuffer) {
        guard piece.readableBytes > 0 else { return }
        if held != nil {
            held?.add(piece)
        } else if early != nil {
            early?.writeImmutableBuffer(piece)
        } else {
            stream?.sendData(piece)
        }
    }

    public func endRequest(trailers: HeaderBlock?) {
        if held != nil {
            held?.end(trailers)
        } else if early != nil {
            endsEarly = true
        } else {
            stream?.end(trailers: trailers)
        }
    }

    public func flush() {
        guard held == nil, let stream else { return }
        hasSentRequest = true
        stream.flush()
    }

    /// Whether the answer agrees to the tunnel decides what becomes of what the client has said already.
    func endWaitForTunnel(isAgreed: Bool) {
        guard let early else { return }
        let wasBackedUp = isBackedUp
        self.early = nil
        if isAgreed { stream?.sendData(early) }
        if !isAgreed || endsEarly { stream?.end() }
        flush()
        if wasBackedUp, !isBackedUp { handler?.upstreamDrained() }
    }

    // MARK: What waits

    private var keptBytes: Int { (held?.body.readableBytes ?? 0) + (early?.readableBytes ?? 0) }

    public var tls: TLSPeer? { connection?.tls }

    public var speaks: ApplicationProtocol? { .http2 }

    public var heldBytes: Int { keptBytes + headBytes + (stream?.queuedBytes ?? 0) }

    private var headBytes: Int { held?.headBytes ?? stalledHead }

    /// It waits for a connection, or for what its peer allows.
    var isHeld: Bool { held != nil }

    public var isWritable: Bool {
        guard held == nil, let stream else { return false }
        return stream.queuedBytes == 0 && connection?.isWritable == true
    }

    public var isBackedUp: Bool {
        keptBytes >= pool.connectingBytes || stream?.isBackedUp == true
    }

    public func setReading(_ isReading: Bool) {
        stream?.setReading(isReading)
    }

    // MARK: The end

    public func release() {
        guard case .answered = phase else { return close() }
        guard heldBytes > 0 else { return end() }
        // A copy must not go on with what nobody has asked for so far.
        if limits.isRestrained { return close() }
        phase = .leaving
        handler = nil
        pool.loop.deadlines.set(self, after: Self.leavingTime)
    }

    /// The upstream has not taken the rest of the request.
    public func deadlinePassed() { close() }

    func end() {
        letGo()
        pool.recycle(self)
    }

    public func close() {
        if case .closed = phase { return }
        if isWaiting {
            endWaiting()
            pool.counters.cancelledRequests.add()
            pool.removeWaiting(self)
        }
        let stream = self.stream
        letGo()
        stream?.reset(.cancel)
        pool.recycle(self)
    }

    public func discardAnswer() {
        handler = DiscardedAnswer(self)
    }

    /// Nothing that happens to the stream concerns anybody any more.
    private func letGo() {
        if case .leaving = phase { pool.loop.deadlines.clear(self) }
        phase = .closed
        handler = nil
        held = nil
        early = nil
        endsEarly = false
        if !upgrade.isEmpty { upgrade = [] }
        stream?.user = nil
        stream = nil
        connection = nil
        detach()
    }

    /// The stream is of no use any more, and its connection need not be.
    func breakOff(_ code: HTTP2ErrorCode, _ failure: UpstreamFailure, isFault: Bool = false) {
        let stream = self.stream
        let handler = self.handler
        letGo()
        stream?.reset(code, isFault: isFault)
        handler?.upstreamFailed(failure)
    }

    /// The stream is gone.
    func fail(_ failure: UpstreamFailure) {
        let handler = self.handler
        letGo()
        handler?.upstreamFailed(failure)
    }
}

extension HTTP2ClientConnection {
    var allowsConnect: Bool { hasSettings && http2?.peer.allowsConnect == true }

    var isWritable: Bool { http2?.transport.isWritable == true }
}

@available(*, unavailable)
extension HTTP2ClientStream: Sendable {}
