// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One copy of one request on its way to a mirror. Its answer is read, counted and thrown away.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

/// What one copy is to get and may take.
struct MirrorTerms {
    /// From the end of the request; `nil` for none.
    var timeout: TimeAmount?
    /// Of either body.
    var requestBytes = Int.max
    var responseBytes = Int.max
    /// Where a line is written at its end.
    var logs: OpenLogs?
}

/// Obeys `MirrorState`.
///
/// Loop-bound, used again for later copies.
///
/// It knows nothing of the client: there is no reference from here to a stream, an exchange or a primary.
final class MirrorCopy: ResponseHandler, Timed {
    var deadlineSlot = -1

    private let worker: Worker
    private var cluster: WorkerCluster?
    private var endpoint: WorkerEndpoint?
    private var connection: (any ClientStream)?
    private var state = MirrorState()
    private var ledger: MirrorLedger?
    private var terms = MirrorTerms()
    private var heldBytes = 0
    /// Of either body, what may still come.
    private var requestRoom = Int.max
    private var responseRoom = Int.max
    /// The answer is read on when the pacer says so; zero if it is being read.
    private(set) var pause: UInt64 = 0
    /// It was held back, so that its time says nothing of the mirror.
    private var wasPaused = false
    /// Among the worker's copies in flight; -1 for none.
    var slot = -1
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

    /// Bytes of a body that a socket's empty buffer takes for certain.
    private static let smallBody = 64 * 1024

    init(worker: Worker) {
        self.worker = worker
    }

    /// Sends the head that `worker.spareHead` holds.
    ///
    /// - Parameters:
    ///   - ledger: Has to be told of the copy's end.
    func start(
        on picked: PickedConnection,
        of cluster: WorkerCluster,
        mode: RequestMode,
        terms: MirrorTerms,
        ledger: MirrorLedger
    ) {
        state = MirrorState()
        begin = worker.loop.now
        record = terms.logs.map { MirrorRecord(logs: $0, head: worker.spareHead) }
        requestRoom = terms.requestBytes
        responseRoom = terms.responseBytes
        wasPaused = false
        isAttached = true
        connection = picked.connection
        endpoint = picked.endpoint
        self.cluster = cluster
        self.terms = terms
        self.ledger = ledger
        ledger.tally.begin()
        worker.spareHead.lend { picked.connection.begin($0, mode, handler: self) }
    }

    // MARK: The request

    func body(_ piece: ByteBuffer) {
        requestRoom -= piece.readableBytes
        guard requestRoom >= 0 else { return perform(state.requestTooLarge()) }
        record?.sentBytes += piece.readableBytes
        connection?.sendBody(piece)
    }

    func requestEnded(trailers: HeaderBlock?) {
        guard state.isSending else { return }
        requestEnd = worker.loop.now
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

    private func updateHolding(_ connection: any ClientStream) {
        // The system takes so little of a complete request at once, and asking costs as much as writing it.
        let isSmall = terms.requestBytes &- requestRoom <= Self.smallBody
        let now = isSmall && connection.isWritable && !state.isSending ? 0 : connection.heldBytes
        guard now != heldBytes, let account = cluster?.shared.mirrorAccount else { return }
        let mayGoOn = worker.accounts.update(account, from: heldBytes, to: now)
        heldBytes = now
        if !mayGoOn { perform(state.fellBehind()) }
    }

    // MARK: The answer

    func responseBegan(_ head: inout ResponseHead) {
        cluster?.answered(head, for: .internal, at: endpoint)
        cluster?.countAnswer(head.status, for: .internal)
        record?.answer = copy head
        if let speaks = connection?.speaks { record?.speaks = speaks }
        state.answerBegan(status: head.status)
    }

    func responseBody(_ piece: ByteBuffer) {
        record?.receivedBytes += piece.readableBytes
        responseRoom -= piece.readableBytes
        guard responseRoom >= 0 else { return perform(state.answerTooLarge()) }
        if terms.timeout == nil, !state.isSending { worker.loop.deadlines.set(self, after: Self.idleTime) }
        spend(piece.readableBytes)
    }

    func responseInterim(_ head: inout ResponseHead) {
        spend(head.headers.bytes.count)
    }

    /// The loop has time for so much of mirrors' answers only.
    private func spend(_ bytes: Int) {
        // What was on its way when reading stopped counts as well.
        guard pause == 0 else { return worker.pacer.charge(bytes) }
        guard let pause = worker.pacer.spend(bytes, for: self) else { return }
        self.pause = pause
        wasPaused = true
        connection?.setReading(false)
    }

    /// The loop has time for more.
    func goOn() {
        pause = 0
        connection?.setReading(true)
    }

    func responseEnded(reusable: Bool, trailers: HeaderBlock?) {
        if !state.isSending {
            let time = UInt64(max(0, (worker.loop.now - requestEnd).nanoseconds)) / 1000
            cluster?.completed(for: .internal, time: time / 1000)
            if !wasPaused { ledger?.book.mirrorTime.record(time) }
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
        // It was not the mirror alone that kept it waiting.
        if wasPaused { return perform(state.heldBackTooLong()) }
        cluster?.countFailure(.timeout, for: .internal, at: endpoint)
        cluster?.countAnswer(UpstreamFailure.timeout.status, for: .internal)
        perform(state.timedOut())
    }

    // MARK: The end

    /// The proxy ends, and with it whatever still runs.
    func stop() {
        perform(state.stopped())
    }

    private func perform(_ action: MirrorState.Action) {
        switch action {
        case .none: break
        case .startTimeout: worker.loop.deadlines.set(self, after: terms.timeout ?? Self.idleTime)
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
        ledger?.tally.end(outcome)
        if outcome == .cutSlow { cluster?.shared.warnings.cutSlowMirror() }
        if let record, let cluster {
            record.write(to: endpoint, of: cluster, elapsed: (worker.loop.now - begin).nanoseconds, worker: worker)
        }
        record = nil
        worker.loop.deadlines.clear(self)
        if heldBytes > 0, let account = cluster?.shared.mirrorAccount {
            _ = worker.accounts.update(account, from: heldBytes, to: 0)
            heldBytes = 0
        }
        if pause > 0 {
            pause = 0
            worker.pacer.forget()
        }
        ledger = nil
        terms.logs = nil
        connection = nil
        cluster = nil
        endpoint = nil
        worker.copyEnded(self)
        if !isAttached { worker.recycle(self) }
    }
}
