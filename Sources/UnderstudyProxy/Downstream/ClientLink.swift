// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One client connection as the proxy sees it: every request on it becomes an exchange.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

/// Loop-bound.
final class ClientLink: RequestService {
    /// What new requests are served by; another one after a reload.
    private(set) var listener: SharedListener
    /// The configuration that the listener belongs to.
    private(set) var serving: WorkerSnapshot
    let peer: PeerFacts
    /// The port that the client reached.
    let localPort: UInt16
    /// Where the connection is counted from its begin to its end.
    private let accepting: SharedListener
    private let number: UInt64
    private let local: NetworkAddress
    private let remote: NetworkAddress
    private unowned let worker: Worker

    init(_ listener: SharedListener, worker: Worker, remote: SocketAddress?, local: SocketAddress?) {
        self.listener = listener
        accepting = listener
        serving = worker.serving
        self.worker = worker
        self.remote = remote.map(NetworkAddress.init) ?? NetworkAddress()
        self.local = local.map(NetworkAddress.init) ?? NetworkAddress()
        localPort = UInt16(clamping: local?.port ?? 0)
        number = worker.nextConnectionNumber()
        peer = PeerFacts(remote: self.remote, local: self.local, proxy: worker.localAddress)
    }

    func makeHandler() -> any RequestHandler {
        listener.statistics.requests.add()
        return worker.takeExchange(for: self)
    }

    /// Goes on with what the worker serves now, unless the socket is no longer listened on.
    ///
    /// Routes know clusters by their places in one configuration, so the two only change together.
    func renew() {
        guard let current = worker.serving.listener(at: listener.slot) else { return }
        listener = current
        serving = worker.serving
    }

    /// The socket it was accepted on is no longer listened on.
    var isOrphaned: Bool { serving !== worker.serving }

    var counters: ServerCounters { accepting.statistics.server }

    var serverName: [UInt8] { listener.serverName }

    /// Answers a request that never became one.
    func refuse(_ reply: LocalReply, on stream: any ServerStream, loop: LoopContext) {
        var draft = ReplyDraft(reply)
        worker.loop.withResponseHead { answer in
            answer.begin(draft)
            listener.complete(&draft, &answer, request: Self.noHead, facts: facts, worker: worker)
            answer.finishForwarding(
                listener.answers,
                request: Self.noHead,
                origin: RequestOrigin(),
                date: worker.loop.date
            )
            listener.countAnswer(answer.status)
            if !listener.requestLogs.isEmpty { writeLine(draft, answer) }
            stream.sendHead(answer, closing: true)
        }
        stream.sendBody(ByteBuffer(bytes: draft.body))
        stream.endResponse()
    }

    private func writeLine(_ draft: ReplyDraft, _ answer: borrowing ResponseHead) {
        var facts = facts()
        facts.logType = "DownstreamEnd"
        facts.status = answer.status
        facts.bytesSent = draft.body.count
        facts.responseDetails = draft.details
        facts.responseFlags = ExchangeFacts.flags(draft.flag, details: draft.details)
        listener.requestLogs.write(request: Self.noHead, response: copy answer, facts: facts, worker: worker)
    }

    private func facts() -> ExchangeFacts {
        var facts = ExchangeFacts()
        describe(&facts)
        facts.remote = remote
        facts.hostname = worker.hostname
        facts.startTime = WallClock.nanoseconds()
        return facts
    }

    /// - Source: measured on Envoy 1.40, where such a line knows nothing of HTTP.
    private func writeConnectionLine(_ connection: HTTP1ServerConnection) {
        var facts = facts()
        facts.elapsed = Int64(connection.age) * 1_000_000
        facts.startTime -= facts.elapsed
        facts.hasStreamID = false
        if !connection.hasServed { facts.protocolName = nil }
        listener.connectionLogs.write(request: Self.noHead, response: nil, facts: facts, worker: worker)
    }

    /// Stands for a head that could not be read.
    private static let noHead: RequestHead = {
        var head = RequestHead()
        head.headers.add("host", "", known: .host)
        return head
    }()

    var isDraining: Bool {
        worker.isDraining || isOrphaned || worker.drains.ends(listener, random: worker.loop.nextRandom)
    }

    func connectionOpened(_ connection: HTTP1ServerConnection) {
        accepting.listenerStatistics.connections.add()
        accepting.listenerStatistics.activeConnections.add(1)
        worker.connectionOpened(connection)
    }

    func connectionClosed(_ connection: HTTP1ServerConnection) {
        let statistics = accepting.listenerStatistics
        statistics.activeConnections.add(-1)
        statistics.destroyed.add()
        statistics.connectionLength.record(connection.age)
        if !listener.connectionLogs.isEmpty { writeConnectionLine(connection) }
        worker.connectionClosed(connection)
    }

    /// Adds what format strings may tell of the connection.
    func describe(_ facts: inout ExchangeFacts) {
        facts.connectionID = number
        facts.directRemote = remote
        facts.local = local
    }
}

extension NetworkAddress {
    init(_ address: SocketAddress) {
        self.init(host: Array((address.ipAddress ?? "").utf8), port: address.port ?? 0)
    }
}
