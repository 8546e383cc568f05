// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One request from its arrival to its answer: route, primary beside mirrors, body, answer. Obeys `ExchangeState`.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

/// Loop-bound, used again for later requests.
final class Exchange: RequestHandler, Timed {
    var deadlineSlot = -1
    var listener: SharedListener?

    private unowned let worker: Worker
    private var state = ExchangeState()
    private var head = RequestHead()
    private var stream: (any ServerStream)?
    private var cluster: WorkerCluster?
    private var primary: HTTP1ClientConnection?
    /// The copies that still get parts of the body.
    private var copies: [MirrorCopy] = []
    private var timeout: TimeAmount?
    private var requestEnd = NIODeadline.uptimeNanoseconds(0)

    /// Longest silence of a primary without a timeout.
    ///
    /// Default 5 min, as Envoy's `stream_idle_timeout`.
    private static let idleTime = TimeAmount.minutes(5)

    private static let largestKeptHead = 64 * 1024

    init(worker: Worker) {
        self.worker = worker
    }

    // MARK: The request

    func requestBegan(_ head: inout RequestHead, on stream: any ServerStream) {
        swap(&head, &self.head)
        self.stream = stream
        state = ExchangeState()
        if self.head.framing == .none { state.requestEnded() }
        switch admit() {
        case .success(let route): send(route)
        case .failure(let refusal): answer(refusal.reply, closing: refusal.closes)
        }
    }

    /// Why a request goes no further than here.
    private struct Refusal: Error {
        let reply: LocalReply
        var closes = false
    }

    private func admit() -> Result<RouteTable.Entry, Refusal> {
        guard head.method != .connect else { return .failure(Refusal(reply: .connectNotEnabled, closes: true)) }
        guard !head.asksForUpgrade else { return .failure(Refusal(reply: .upgradeNotEnabled, closes: true)) }
        if head.expectsContinue { stream?.sendContinue() }
        do throws(RequestHead.Refusal) {
            try head.sanitise(requestID: RequestID(worker.loop.nextRandom(), worker.loop.nextRandom()))
        } catch {
            return .failure(Refusal(reply: .badRequest, closes: true))
        }
        guard let route = listener?.routes.route(for: head) else { return .failure(Refusal(reply: .routeNotFound)) }
        return .success(route)
    }

    private func send(_ route: RouteTable.Entry) {
        guard case .success(let index) = route.cluster.resolve(head, clusters: worker.snapshot.clusterNames) else {
            return answer(.clusterNotFound, closing: false)
        }
        cluster = worker.clusters[index]
        timeout = route.timeout.map { TimeAmount($0) }
        if let timeout {
            let milliseconds = Int(timeout.nanoseconds / 1_000_000)
            head.headers.add("x-envoy-expected-rq-timeout-ms", decimal: milliseconds, known: .envoyExpectedTimeout)
        }
        listener?.routed.add()
        guard startPrimary(fresh: false) else { return }
        startMirrors(route.mirrors)
        if state.request == .complete { requestIsComplete() }
    }

    /// - Returns: Whether the request is on its way; otherwise it has been answered.
    private func startPrimary(fresh: Bool) -> Bool {
        guard let cluster else { return false }
        switch cluster.acquire(for: .external, fresh: fresh) {
        case .success(let connection):
            primary = connection
            cluster.shared.statistics.requests.add()
            connection.begin(head, handler: self)
            return true
        case .failure(let failure):
            primaryFailed(failure)
            return false
        }
    }

    private func startMirrors(_ rules: [MirrorRule]) {
        guard !rules.isEmpty else { return }
        let random = worker.loop.nextRandom()
        for rule in rules {
            switch rule.decide(head, clusters: worker.snapshot.clusterNames, random: random) {
            case .success(let index): startCopy(rule, worker.clusters[index])
            // Without a cluster there is none to count at.
            case .failure(let reason): listener?.notSent[reason]?.add()
            }
        }
    }

    private func startCopy(_ rule: MirrorRule, _ cluster: WorkerCluster) {
        switch cluster.acquire(for: .internal) {
        case .failure(let failure):
            cluster.shared.statistics.count(MirrorOutcome(failure))
            cluster.countFailure(failure, for: .internal)
        case .success(let connection):
            worker.mirrorHead.copy(head)
            worker.mirrorHead.becomeMirror(host: rule.host, localAddress: worker.localAddress)
            let copy = worker.takeCopy()
            copies.append(copy)
            copy.start(on: connection, of: cluster, timeout: timeout)
        }
    }

    func requestBody(_ piece: ByteBuffer) {
        primary?.sendBody(piece)
        for copy in copies { copy.body(piece) }
    }

    func requestEnded() {
        state.requestEnded()
        requestIsComplete()
    }

    private func requestIsComplete() {
        requestEnd = .now()
        worker.loop.deadlines.set(self, at: requestEnd + (timeout ?? Self.idleTime))
        primary?.endRequest()
        for copy in copies { copy.requestEnded() }
    }

    func requestTurnEnded() {
        primary?.flush()
        for copy in copies { copy.turnEnded() }
        if state.request == .complete {
            detachCopies()
        } else if primary?.isBackedUp == true {
            stream?.setReading(false)
        }
    }

    func requestBroke(_ reply: LocalReply) {
        perform(state.requestBroke(), reply: reply)
    }

    func clientLeft() {
        perform(state.clientLeft(), reply: nil, clientLeft: true)
    }

    func responseWritabilityChanged() {
        guard let stream else { return }
        primary?.setReading(!stream.isBackedUp)
    }

    // MARK: The end

    private func answer(_ reply: LocalReply, closing: Bool) {
        perform(state.answeredLocally(), reply: reply, closing: closing)
    }

    private func primaryFailed(_ failure: UpstreamFailure) {
        cluster?.countFailure(failure, for: .external)
        perform(state.primaryFailed(), reply: failure.localReply)
    }

    func deadlinePassed() {
        primaryFailed(.timeout)
    }

    private func perform(
        _ actions: ExchangeState.Actions,
        reply: LocalReply?,
        closing: Bool = false,
        clientLeft: Bool = false
    ) {
        if actions.contains(.cutPrimary) { primary?.close() }
        if actions.contains(.cutMirrors) { for copy in copies { copy.exchangeEnded(clientLeft: clientLeft) } }
        guard actions.contains(.finish), let stream else { return }
        let listener = self.listener
        let mustClose = closing || !state.mayKeepClient
        finish()
        // From here this object may already serve the next request.
        if actions.contains(.reply), let reply, let listener {
            worker.send(reply, on: stream, listener: listener, closing: mustClose)
        } else if actions.contains(.abortClient) {
            stream.abort()
        } else if !clientLeft {
            stream.endResponse()
        }
    }

    private func detachCopies() {
        for copy in copies { copy.detach() }
        copies.removeAll(keepingCapacity: true)
    }

    private func finish() {
        worker.loop.deadlines.clear(self)
        stream?.setReading(true)
        detachCopies()
        stream = nil
        primary = nil
        cluster = nil
        listener = nil
        // A head of unusual size is not kept.
        if head.headers.bytes.capacity > Self.largestKeptHead { head = RequestHead() }
        worker.recycle(self)
    }
}

// MARK: The primary's answer

extension Exchange: ResponseHandler {
    func responseBegan(_ answer: inout ResponseHead) {
        guard let stream, let listener else { return }
        cluster?.countAnswer(answer.status, for: .external)
        listener.countAnswer(answer.status)
        let overtookRequest = state.answerBegan()
        let serviceTime = overtookRequest ? nil : Int((NIODeadline.now() - requestEnd).nanoseconds / 1_000_000)
        answer.prepareForClient(serviceTime: serviceTime, date: worker.loop.date, server: listener.serverName)
        stream.sendHead(answer, closing: overtookRequest)
    }

    func responseBody(_ piece: ByteBuffer) {
        stream?.sendBody(piece)
        if timeout == nil { worker.loop.deadlines.set(self, after: Self.idleTime) }
    }

    func responseTurnEnded() {
        guard let stream else { return }
        stream.flush()
        if stream.isBackedUp { primary?.setReading(false) }
    }

    func responseEnded(reusable: Bool) {
        let actions = state.answerEnded()
        if !actions.contains(.cutPrimary) {
            if reusable { primary?.release() } else { primary?.close() }
        }
        perform(actions, reply: nil)
    }

    func upstreamDrained() {
        stream?.setReading(true)
    }

    func upstreamFailed(_ failure: UpstreamFailure) {
        let wasReused = primary?.isReused ?? false
        primary = nil
        let mayRetry = RetryDecision.mayRetry(
            method: head.method,
            framing: head.framing,
            failure: failure,
            connectionWasReused: wasReused
        )
        if mayRetry, state.answer == .awaited {
            if startPrimary(fresh: true) { primary?.flush() }
            return
        }
        primaryFailed(failure)
    }
}
