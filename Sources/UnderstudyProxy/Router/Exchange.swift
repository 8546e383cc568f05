// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One request from its arrival to its answer: route, primary beside mirrors, body, answer. Obeys `ExchangeState`.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

/// Loop-bound, used again for later requests.
///
/// The files beside this one each tell a part of its life: `+Admission` up to the route, `+Primary` up to the answer,
/// `+Buffering` a body that is waited for, `+Answer` the answer, `+Mirrors` the copies, `+Replies` what the proxy answers itself.
final class Exchange: RequestHandler, Timed {
    var deadlineSlot = -1

    let worker: Worker
    /// The connection that the request came by.
    var client: ClientLink?
    /// The configuration that the request is served by to its end, whatever is loaded meanwhile.
    var serving: WorkerSnapshot?
    var chain: SharedChain?
    var stream: (any ServerStream)?
    var state = ExchangeState()
    var head = RequestHead()
    /// What sanitising found out about where the request comes from.
    var origin = RequestOrigin()
    var route: RouteTable.Entry?
    var cluster: WorkerCluster?
    /// Which cluster the route has picked, and what that choice changes.
    var destination: Destination?
    /// Where the primary's connection leads.
    var endpoint: WorkerEndpoint?
    var primary: (any ClientStream)?
    var timers = ExchangeTimers()
    var timeouts = ExchangeTimeouts()
    var retry = RetryProgress()
    var waiting = BodyWaiting.none
    /// Redirects followed so far.
    var redirects = 0
    /// The port of a CONNECT whose Host has lost it.
    var connectPort: UInt32?
    /// One number for all that is left to chance.
    var random: UInt64 = 0
    /// The client's connection carries bytes of another protocol from here on.
    var isTunnel = false
    /// CONNECT ends here: the primary gets only the bytes inside.
    var terminatesConnect = false
    /// An answer before the real one has gone to the client.
    var hasPassedInterim = false
    /// Which of the cluster's circuit breakers count it.
    var priority = RoutingPriority.normal
    /// Envoy's flag for the reply that is being made.
    var replyFlag: StaticString = ""
    /// Envoy's details of how the answer came about.
    var replyDetails: StaticString = ""
    /// Why there was no other try, though the answer called for one.
    var retryRefusal: RetryRefusal?
    /// Of the answer that went to the client; zero before one did.
    var status = 0
    /// Of the answer's body, so far.
    var sentBytes = 0
    /// The answer as the client has got it, if a log may ask for it.
    var loggedAnswer: ResponseHead?
    var loggedTrailers: HeaderBlock?
    var health = HealthCheckRules.Mark()
    /// What the client may say of mirrors.
    var standing = MirrorStanding()
    /// The proxy's own answer to a request that is not complete yet.
    var awaitedReply: ReplyDraft?
    /// What endpoints are chosen by, and cookies that the client is to get for it.
    var hash = RequestHash.Result()
    /// Nanoseconds from the request's head to that of the primary's answer.
    var answerTime: Int64 = 0
    /// A try is under way that has no line yet.
    var isTrying = false
    /// The try under way has a connection.
    var isConnected = false
    /// The answer to the try under way, as the primary has sent it; only for logs.
    var tryAnswer: ResponseHead?
    /// Why the last connection could not be made.
    var connectError = ConnectError.none
    /// Of the connection that has answered, if a log line asks for it.
    var upstreamTLS: TLSPeer?
    /// What the primary of the try under way speaks, as far as that is known.
    var upstreamSpeaks = ApplicationProtocol.http1
    /// When the try under way began.
    var tryStart = NIODeadline.uptimeNanoseconds(0)
    /// Of the mirrors that got a copy.
    var ledgers: [MirrorLedger] = []
    /// The copies that still get parts of the body.
    private(set) var copies: [MirrorCopy] = []
    /// Of the client's body, so far.
    private(set) var bodyBytes = 0
    /// How the request goes to an upstream.
    var requestMode: RequestMode { isTunnel ? (terminatesConnect ? .rawTunnel : .tunnel) : .plain }
    /// When the head arrived.
    private(set) var start = NIODeadline.uptimeNanoseconds(0)
    /// When the last byte of the request arrived.
    var requestEnd = NIODeadline.uptimeNanoseconds(0)

    private static let largestKeptHead = 64 * 1024

    init(worker: Worker) {
        self.worker = worker
    }

    // MARK: The request

    func requestBegan(_ head: inout RequestHead, on stream: any ServerStream) {
        swap(&head, &self.head)
        self.stream = stream
        origin = RequestOrigin()
        state = ExchangeState()
        start = worker.loop.now
        isTunnel = false
        terminatesConnect = false
        connectPort = nil
        replyFlag = ""
        replyDetails = ""
        hasPassedInterim = false
        redirects = 0
        waiting = .none
        bodyBytes = 0
        priority = .normal
        retryRefusal = nil
        status = 0
        sentBytes = 0
        answerTime = 0
        isTrying = false
        isConnected = false
        connectError = .none
        upstreamTLS = nil
        if health.isHealthCheck { health = HealthCheckRules.Mark() }
        awaitedReply = nil
        if hash != RequestHash.Result() { hash = RequestHash.Result() }
        guard let chain else { return }
        chain.statistics.activeRequests.add(1)
        if self.head.framing.isNone, !self.head.asksForUpgrade, !self.head.method.isConnect { state.requestEnded() }
        admit(chain)
    }

    func requestBody(_ piece: ByteBuffer) {
        // The kept body has been counted.
        if !sendsKeptBody {
            bodyBytes &+= piece.readableBytes
            if retry.keepsBody { retry.body.append(piece) }
            if waiting == .waits, retry.body.isIncomplete { return refuseBody() }
        }
        primary?.sendBody(piece)
        for copy in copies { copy.body(piece) }
        if isTunnel, timers.isSet(.streamIdle) { touchIdleTimers() }
    }

    func requestEnded(trailers: HeaderBlock?) {
        state.requestEnded()
        if waiting == .waits { return bodyArrived() }
        if retry.keepsBody { retry.trailers = trailers }
        requestIsComplete(trailers: trailers)
    }

    func requestIsComplete(trailers: HeaderBlock?) {
        if let reply = awaitedReply {
            awaitedReply = nil
            return answer(reply)
        }
        requestEnd = worker.loop.now
        armAfterRequest()
        primary?.endRequest(trailers: trailers)
        for copy in copies { copy.requestEnded(trailers: trailers) }
    }

    func requestTurnEnded() {
        primary?.flush()
        for copy in copies { copy.turnEnded() }
        if state.isRequestComplete {
            detachCopies()
        } else if primary?.isBackedUp == true {
            stream?.setReading(false)
        }
    }

    func requestBroke(_ reply: LocalReply) {
        perform(state.requestBroke(), reply: ReplyDraft(reply))
    }

    func clientLeft() {
        perform(state.clientLeft(), reply: nil, clientLeft: true)
    }

    func responseWritabilityChanged() {
        guard let stream else { return }
        primary?.setReading(!stream.isBackedUp)
    }

    // MARK: Time

    /// Sets the one alarm of this exchange to the earliest of its timers.
    func arm() {
        if let earliest = timers.earliest {
            worker.loop.deadlines.set(self, at: .uptimeNanoseconds(earliest))
        } else {
            worker.loop.deadlines.clear(self)
        }
    }

    func deadlinePassed() {
        let now = worker.loop.now.uptimeNanoseconds
        while stream != nil, let kind = timers.takeDue(at: now) { timerRang(kind) }
        if stream != nil { arm() }
    }

    // MARK: Copies

    func attach(_ copy: MirrorCopy) {
        copies.append(copy)
    }

    func detachCopies() {
        guard !copies.isEmpty else { return }
        for index in copies.indices { copies[index].detach() }
        copies.removeAll(keepingCapacity: true)
    }

    // MARK: The end

    func perform(
        _ actions: ExchangeState.Actions,
        reply: ReplyDraft?,
        closing: Bool = false,
        clientLeft: Bool = false
    ) {
        if actions.contains(.cutPrimary) { primary?.close() }
        if actions.contains(.cutMirrors) { for copy in copies { copy.exchangeEnded(clientLeft: clientLeft) } }
        guard actions.contains(.finish), let stream else { return }
        noteEnd(actions, clientLeft: clientLeft)
        if actions.contains(.reply), let reply {
            return finish(with: reply, closing: closing || !state.mayKeepClient)
        }
        finish()
        // From here this object may already serve the next request.
        if actions.contains(.abortClient) {
            stream.abort()
        } else if !clientLeft {
            stream.endResponse()
        }
    }

    /// Forgets the request; this object may then serve another.
    func finish() {
        if waiting == .waits { skipMirrorsOfUnsent() }
        if let chain { countEnd(chain) }
        let worker = self.worker
        worker.loop.deadlines.clear(self)
        timers.clearAll()
        stream?.setReading(true)
        detachCopies()
        if !ledgers.isEmpty { ledgers.removeAll(keepingCapacity: true) }
        endTries()
        stream = nil
        primary = nil
        cluster = nil
        route = nil
        destination = nil
        endpoint = nil
        client = nil
        chain = nil
        serving = nil
        // A head of unusual size is not kept.
        if head.headers.bytes.capacity > Self.largestKeptHead { head = RequestHead() }
        worker.recycle(self)
    }
}
