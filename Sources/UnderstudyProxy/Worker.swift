// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Everything that serves requests on one event loop; nothing here is shared with another.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

/// Loop-bound.
final class Worker {
    let loop: LoopContext
    let snapshot: ConfigurationSnapshot
    let clusters: [WorkerCluster]
    let budget: MirrorBudget
    /// Added to `x-forwarded-for` of mirrors: the proxy is their client.
    let localAddress: [UInt8]
    /// Where a mirror's head is put together.
    var mirrorHead = RequestHead()

    private(set) var isDraining = false
    private var services: [ListenerService] = []
    private var connections = ConnectionRegistry()
    private var spareExchanges: [Exchange] = []
    private var spareCopies: [MirrorCopy] = []
    private var copiesInFlight = 0
    private var drained: EventLoopPromise<Void>?
    /// When copies have run on long enough after the last client; set while draining.
    var mirrorDeadline: NIODeadline?

    private static let mostSpares = 256

    init(eventLoop: any EventLoop, snapshot: ConfigurationSnapshot, budget: MirrorBudget, localAddress: [UInt8]) {
        loop = LoopContext(eventLoop: eventLoop)
        self.snapshot = snapshot
        self.budget = budget
        self.localAddress = localAddress
        let loop = self.loop
        clusters = snapshot.clusters.map { WorkerCluster($0, loop: loop) }
        services = snapshot.listeners.map { ListenerService($0, worker: self) }
    }

    /// Takes over a client connection that was accepted on the listener with this number.
    func accept(_ transport: NIOTransport, listener: Int) {
        let limits = snapshot.listeners[listener].limits
        let service = services[listener]
        transport.attach(HTTP1ServerConnection(transport: transport, service: service, loop: loop, limits: limits))
    }

    // MARK: Objects that are used again

    func takeExchange(for listener: SharedListener) -> Exchange {
        let exchange = spareExchanges.popLast() ?? Exchange(worker: self)
        exchange.listener = listener
        return exchange
    }

    func recycle(_ exchange: Exchange) {
        guard spareExchanges.count < Self.mostSpares else { return }
        spareExchanges.append(exchange)
    }

    func takeCopy() -> MirrorCopy {
        copiesInFlight += 1
        return spareCopies.popLast() ?? MirrorCopy(worker: self)
    }

    func recycle(_ copy: MirrorCopy) {
        copiesInFlight -= 1
        if spareCopies.count < Self.mostSpares { spareCopies.append(copy) }
        checkDrained()
    }

    // MARK: Local replies

    func send(_ reply: LocalReply, on stream: any ServerStream, listener: SharedListener, closing: Bool) {
        listener.countAnswer(reply.status)
        loop.withResponseHead { head in
            head.become(reply, date: loop.date, server: listener.serverName)
            stream.sendHead(head, closing: closing)
        }
        stream.sendBody(ByteBuffer(staticString: reply.body))
        stream.endResponse()
    }

    // MARK: Draining

    func connectionOpened(_ connection: HTTP1ServerConnection) {
        connections.insert(connection)
    }

    func connectionClosed(_ connection: HTTP1ServerConnection) {
        connections.remove(connection)
        checkDrained()
    }

    /// Lets requests in flight end; idle connections close at once.
    ///
    /// - Returns: Succeeds when no client and no copy is left.
    func drain() -> EventLoopFuture<Void> {
        isDraining = true
        let promise = drained ?? loop.eventLoop.makePromise()
        drained = promise
        for connection in connections.all { connection.drain() }
        checkDrained()
        return promise.futureResult
    }

    /// Whether a client still waits for something.
    var hasClients: Bool { connections.count > 0 }

    /// Ends whatever is left.
    func stop() {
        for connection in connections.all { connection.kill() }
        for cluster in clusters { cluster.retire() }
        copiesInFlight = 0
        checkDrained()
    }

    private func checkDrained() {
        guard let promise = drained, connections.count == 0, copiesInFlight == 0 else { return }
        promise.succeed()
    }
}

@available(*, unavailable)
extension Worker: Sendable {}
