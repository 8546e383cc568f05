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
    private(set) var chain: SharedChain
    /// The configuration that the chain belongs to.
    private(set) var serving: WorkerSnapshot
    private(set) var peer: PeerFacts
    /// The port that the client reached.
    let localPort: UInt16
    /// The client speaks HTTP/2.
    private(set) var isHTTP2 = false
    /// Where the connection is counted from its begin to its end.
    private let accepting: SharedChain
    private let number: UInt64
    private let local: NetworkAddress
    private let remote: NetworkAddress
    private let worker: Worker
    /// The listener counts it.
    private var isCounted = false
    /// `nil` for plain text, and before the handshake is over.
    private(set) var tls: TLSPeer?
    /// Nanoseconds since 1970.
    private var handshakeEnd: Int64?
    /// Those that count it.
    private var limiters: [ConnectionLimiter] = []

    init(_ chain: SharedChain, worker: Worker, remote: SocketAddress?, local: SocketAddress?) {
        self.chain = chain
        accepting = chain
        serving = worker.serving
        self.worker = worker
        self.remote = remote.map(NetworkAddress.init) ?? NetworkAddress()
        self.local = local.map(NetworkAddress.init) ?? NetworkAddress()
        localPort = UInt16(clamping: local?.port ?? 0)
        number = worker.nextConnectionNumber()
        peer = PeerFacts(
            remote: self.remote,
            local: self.local,
            proxy: worker.localAddress,
            isTLS: chain.tls != nil
        )
    }

    /// Asks the filters in front of the connection manager.
    ///
    /// - Returns: The one that refuses the connection, if any does.
    func enter(_ limiters: [ConnectionLimiter], _ runtime: RuntimeSnapshot) -> ConnectionLimiter? {
        for limiter in limiters {
            switch limiter.enter(runtime) {
            case .counted: self.limiters.append(limiter)
            case .ignored: break
            case .refused: return limiter
            }
        }
        return nil
    }

    func makeHandler() -> any RequestHandler {
        chain.statistics.requests.add()
        if isHTTP2 { chain.statistics.http2Requests.add() }
        return worker.takeExchange(for: self)
    }

    /// Goes on with what the worker serves now, unless the socket is no longer listened on, or the chain is gone.
    ///
    /// Routes know clusters by their places in one configuration, so the two only change together.
    func renew() {
        let current = worker.serving.listener(at: chain.listener.slot)
        guard let successor = current?.successor(of: chain) else { return }
        chain = successor
        serving = worker.serving
    }

    /// The socket it was accepted on is no longer listened on, or its chain is gone.
    var isOrphaned: Bool { serving !== worker.serving }

    var counters: ServerCounters { accepting.statistics.server }

    var serverName: [UInt8] { chain.serverName }

    /// Answers a request that never became one.
    func refuse(_ reply: LocalReply, on stream: any ServerStream, loop: LoopContext) {
        var draft = ReplyDraft(reply)
        worker.loop.withResponseHead { answer in
            answer.begin(draft)
            chain.complete(&draft, &answer, request: Self.noHead, facts: facts, worker: worker)
            answer.finishForwarding(
                chain.answers,
                request: Self.noHead,
                origin: RequestOrigin(),
                date: worker.loop.date
            )
            chain.countAnswer(answer.status)
            if !chain.requestLogs.isEmpty { writeLine(draft, answer) }
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
        chain.requestLogs.write(request: Self.noHead, response: copy answer, facts: facts, worker: worker)
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
    private func writeConnectionLine(age: UInt64, hasServed: Bool, handshake: HandshakingClient? = nil) {
        var facts = facts()
        handshake?.describeEnd(&facts)
        facts.elapsed = Int64(age) * 1_000_000
        facts.startTime -= facts.elapsed
        facts.hasStreamID = false
        if !hasServed { facts.protocolName = nil }
        chain.listener.connectionLogs.write(request: Self.noHead, response: nil, facts: facts, worker: worker)
    }

    /// Stands for a head that could not be read.
    private static let noHead: RequestHead = {
        var head = RequestHead()
        head.headers.add("host", "", known: .host)
        return head
    }()

    var disablesKeepalive: Bool {
        worker.overload.contains(.disablesKeepalive) && !chain.listener.configuration.bypassesOverload
    }

    var isDraining: Bool {
        let worker = self.worker
        if worker.isDraining || serving !== worker.serving { return true }
        return worker.drains.mayEnd && worker.drains.ends(chain.listener, random: worker.loop.nextRandom)
    }

    func connectionOpened(_ connection: any ServerConnection) {
        countOpened()
        isHTTP2 = connection is HTTP2ServerConnection
        worker.connectionOpened(connection)
    }

    private func countOpened() {
        // A handshake went before.
        guard !isCounted else { return }
        isCounted = true
        accepting.listener.statistics.connections.add()
        accepting.listener.statistics.activeConnections.add(1)
    }

    /// Gives back the places that the connection had, too.
    private func countClosed(age: UInt64) {
        let statistics = accepting.listener.statistics
        statistics.activeConnections.add(-1)
        statistics.destroyed.add()
        statistics.connectionLength.record(age)
        for limiter in limiters { limiter.leave() }
        worker.leave(accepting.listener)
    }

    // MARK: Handshakes

    func handshakeSucceeded(_ connection: HandshakingClient, _ transport: NIOTransport) {
        tls = transport.tls
        handshakeEnd = WallClock.nanoseconds()
        peer = PeerFacts(
            remote: remote,
            local: local,
            proxy: worker.localAddress,
            isTLS: true,
            certificate: tls?.certificateElement(chain.configuration.connectionManager.clientCertificate) ?? []
        )
        accepting.statistics.tlsConnections.add()
        accepting.statistics.activeTLSConnections.add(1)
        worker.connectionHandedOver(connection)
        worker.serve(self, on: transport, received: ByteBuffer())
    }

    func handshakeFailed(_ connection: HandshakingClient) {
        accepting.statistics.tlsConnections.add()
        counters.connections.add()
        counters.activeConnections.add(1)
        refusedClosed(age: connection.age, byPeer: connection.wasEndedByPeer, handshake: connection)
        worker.connectionClosed(connection)
    }

    /// A filter refuses the connection.
    func refusedOpened() {
        countOpened()
        counters.connections.add()
        counters.activeConnections.add(1)
    }

    func refusedClosed(age: UInt64, byPeer: Bool, handshake: HandshakingClient? = nil) {
        countClosed(age: age)
        counters.activeConnections.add(-1)
        counters.connectionLength.record(age)
        counters.destroyed.add()
        (byPeer ? counters.destroyedRemotely : counters.destroyedLocally).add()
        guard !chain.listener.connectionLogs.isEmpty else { return }
        writeConnectionLine(age: age, hasServed: false, handshake: handshake)
    }

    func connectionClosed(_ connection: any ServerConnection) {
        countClosed(age: connection.age)
        if tls != nil { accepting.statistics.activeTLSConnections.add(-1) }
        if !chain.listener.connectionLogs.isEmpty {
            writeConnectionLine(age: connection.age, hasServed: connection.hasServed)
        }
        worker.connectionClosed(connection)
    }

    func connectionReplaced(_ old: any ServerConnection, by new: any ServerConnection) {
        isHTTP2 = new is HTTP2ServerConnection
        worker.connectionReplaced(old, by: new)
    }

    /// Adds what format strings may tell of the connection.
    func describe(_ facts: inout ExchangeFacts) {
        facts.connectionID = number
        facts.directRemote = remote
        facts.downstreamTLS = tls
        facts.handshakeEnd = handshakeEnd
        if isHTTP2 { facts.protocolName = "HTTP/2" }
        facts.local = local
    }
}

extension NetworkAddress {
    init(_ address: SocketAddress) {
        self.init(host: Array((address.ipAddress ?? "").utf8), port: address.port ?? 0)
    }
}

extension ApplicationProtocol {
    /// As format strings tell it.
    var protocolName: StaticString {
        switch self {
        case .http1: "HTTP/1.1"
        case .http2: "HTTP/2"
        }
    }
}
