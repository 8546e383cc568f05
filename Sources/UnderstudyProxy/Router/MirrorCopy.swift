// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One copy of one request on its way to a mirror. Its answer is read, counted and thrown away.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

/// Obeys `MirrorState`.
///
/// Loop-bound, used again for later copies.
///
/// It knows nothing of the client: there is no reference from here to a stream, an exchange or a primary.
final class MirrorCopy: ResponseHandler, Timed {
    var deadlineSlot = -1

    private unowned let worker: Worker
    private var cluster: WorkerCluster?
    private var endpoint: WorkerEndpoint?
    private var connection: HTTP1ClientConnection?
    private var state = MirrorState()
    private var timeout: TimeAmount?
    private var heldBytes = 0
    /// When it was begun, and when its request was complete.
    private var begin = NIODeadline.uptimeNanoseconds(0)
    private var requestEnd = NIODeadline.uptimeNanoseconds(0)
    /// What its line tells; `nil` if nobody asks for one.
    private var record: MirrorRecord?
    /// The exchange may still give it parts of the body, so it cannot carry another request's yet.
    private var isAttached = false

    /// Longest silence of a mirror that has no timeout.
    ///
    /// Default 5 min, as Envoy's `stream_idle_timeout`.
    private static let idleTime = TimeAmount.minutes(5)

    init(worker: Worker) {
        self.worker = worker
    }

    /// Sends the head that `worker.spareHead` holds.
    ///
    /// - Parameters:
    ///   - timeout: The route's, from the end of the request; `nil` for none.
    ///   - logs: Where a line is written at its end.
    func start(
        on picked: PickedConnection,
        of cluster: WorkerCluster,
        mode: RequestMode,
        timeout: TimeAmount?,
        logs: OpenLogs?
    ) {
        state = MirrorState()
        begin = .now()
        record = logs.map { MirrorRecord(logs: $0, head: worker.spareHead) }
        isAttached = true
        connection = picked.connection
        endpoint = picked.endpoint
        self.cluster = cluster
        self.timeout = timeout
        cluster.shared.statistics.copies.add()
        picked.connection.begin(worker.spareHead, mode, handler: self)
    }

    // MARK: The request

    func body(_ piece: ByteBuffer) {
        record?.sentBytes += piece.readableBytes
        connection?.sendBody(piece)
    }

    func requestEnded(trailers: HeaderBlock?) {
        guard state.isSending else { return }
        requestEnd = .now()
        connection?.endRequest(trailers: trailers)
        perform(state.requestEnded())
    }

    /// All that arrived in this turn was given; sends it and looks at what is left.
    func turnEnded() {
        guard let connection else { return }
        connection.flush()
        updateHolding(connection)
    }

    /// The exchange between client and primary is over.
    func exchangeEnded(clientLeft: Bool) {
        perform(state.exchangeEnded(clientLeft: clientLeft))
    }

    /// The exchange has nothing more to say to it.
    func detach() {
        isAttached = false
        if state.hasEnded { worker.recycle(self) }
    }

    private func updateHolding(_ connection: HTTP1ClientConnection) {
        // What a writable socket holds of a complete request is about to leave.
        let now = connection.isWritable && !state.isSending ? 0 : connection.heldBytes
        let mayGoOn = worker.budget.update(from: heldBytes, to: now)
        heldBytes = now
        if !mayGoOn { perform(state.fellBehind()) }
    }

    // MARK: The answer

    func responseBegan(_ head: inout ResponseHead) {
        cluster?.answered(head, at: endpoint)
        cluster?.countAnswer(head.status, for: .internal)
        record?.answer = copy head
        state.answerBegan(status: head.status)
    }

    func responseBody(_ piece: ByteBuffer) {
        record?.receivedBytes += piece.readableBytes
        if timeout == nil, !state.isSending { worker.loop.deadlines.set(self, after: Self.idleTime) }
    }

    func responseInterim(_ head: inout ResponseHead) {}

    func responseEnded(reusable: Bool, trailers: HeaderBlock?) {
        if !state.isSending {
            let time = (NIODeadline.now() - requestEnd).nanoseconds / 1_000_000
            cluster?.completed(for: .internal, time: UInt64(max(0, time)))
        }
        perform(state.answerEnded(reusable: reusable))
    }

    func responseTurnEnded() {}

    func upstreamDrained() {
        guard let connection else { return }
        updateHolding(connection)
    }

    func upstreamFailed(_ failure: UpstreamFailure) {
        // The connection is gone already.
        connection = nil
        record?.flag = failure.reply().flag
        cluster?.countFailure(failure, for: .internal, at: endpoint)
        cluster?.countAnswer(failure.status, for: .internal)
        perform(state.failed(failure))
    }

    func deadlinePassed() {
        cluster?.countFailure(.timeout, for: .internal, at: endpoint)
        cluster?.countAnswer(UpstreamFailure.timeout.status, for: .internal)
        perform(state.timedOut())
    }

    // MARK: The end

    private func perform(_ action: MirrorState.Action) {
        switch action {
        case .none: break
        case .startTimeout: worker.loop.deadlines.set(self, after: timeout ?? Self.idleTime)
        case .release(let outcome):
            let connection = self.connection
            end(outcome)
            connection?.release()
        case .close(let outcome):
            let connection = self.connection
            end(outcome)
            connection?.close()
        }
    }

    private func end(_ outcome: MirrorOutcome) {
        cluster?.shared.statistics.count(outcome)
        if outcome == .cutSlow { cluster?.shared.warnings.cutSlowMirror() }
        if let record, let cluster {
            record.write(to: endpoint, of: cluster, elapsed: (NIODeadline.now() - begin).nanoseconds, worker: worker)
        }
        record = nil
        worker.loop.deadlines.clear(self)
        _ = worker.budget.update(from: heldBytes, to: 0)
        heldBytes = 0
        connection = nil
        cluster = nil
        endpoint = nil
        if !isAttached { worker.recycle(self) }
    }
}
