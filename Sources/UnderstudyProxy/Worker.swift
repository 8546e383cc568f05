// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Everything that serves requests on one event loop; nothing here is shared with another.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

/// What a worker is made of, the same for all.
struct WorkerParts: Sendable {
    let snapshot: ConfigurationSnapshot
    let runtime: RuntimeSnapshot
    let accounts: MirrorAccounts
    let drains: DrainControl
    let logs: AccessLogRegistry
    let machine: Machine
}

/// Loop-bound.
final class Worker {
    let loop: LoopContext
    /// What new requests are served by.
    private(set) var serving: WorkerSnapshot
    let drains: DrainControl
    let logs: AccessLogBuffers
    let accounts: MirrorAccounts
    let pacer: AnswerPacer
    /// Which worker it is.
    private let number: Int
    /// Added to `x-forwarded-for` of mirrors: the proxy is their client.
    let localAddress: [UInt8]
    /// The machine's name, for format strings.
    let hostname: [UInt8]
    /// Where heads are put together that differ from the client's.
    var spareHead = RequestHead()
    /// Replaced whenever a runtime value changes.
    var runtime: RuntimeSnapshot

    private(set) var isDraining = false
    private var connections = ConnectionRegistry()
    private var spareExchanges: [Exchange] = []
    private var spareCopies: [MirrorCopy] = []
    /// In no order; each knows its place.
    private var copies: [MirrorCopy] = []
    private var connectionNumber: UInt64 = 0
    private var drained: EventLoopPromise<Void>?
    /// When copies have run on long enough after the last client; set while draining.
    var mirrorDeadline: NIODeadline?

    private static let mostSpares = 256

    init(number: Int, eventLoop: any EventLoop, _ parts: WorkerParts) {
        self.number = number
        loop = LoopContext(eventLoop: eventLoop)
        accounts = parts.accounts
        pacer = AnswerPacer(parts.accounts, loop: loop)
        drains = parts.drains
        logs = parts.logs.buffers(on: eventLoop)
        localAddress = parts.machine.address
        hostname = parts.machine.name
        runtime = parts.runtime
        serving = WorkerSnapshot(parts.snapshot, worker: number, loop: loop)
    }

    /// Serves new requests by another configuration; those under way end as they began.
    ///
    /// Clients of sockets that are no longer listened on are asked to go.
    func serve(_ snapshot: ConfigurationSnapshot) {
        let old = serving
        serving = WorkerSnapshot(snapshot, worker: number, replacing: old, loop: loop)
        let kept = Set(serving.clusters.map(ObjectIdentifier.init))
        for cluster in old.clusters where !kept.contains(ObjectIdentifier(cluster)) { cluster.retire() }
        for connection in connections.all {
            guard let link = connection.service as? ClientLink else { continue }
            link.renew()
            if link.isOrphaned { connection.drain(waitingForLast: true) }
        }
    }

    func update(_ cluster: SharedCluster, _ hosts: HostList) {
        // One that is no longer there, or not yet, has nobody to tell.
        serving.clusters.first { $0.shared === cluster }?.update(hosts)
    }

    /// Takes over a client connection that was accepted on a listening socket.
    ///
    /// One that comes from a socket that is no longer listened on is closed, as those in the system's queue are.
    ///
    /// - Parameter listener: As the socket was opened for it; a later configuration takes its place.
    func accept(_ transport: NIOTransport, on listener: SharedListener, remote: SocketAddress?, local: SocketAddress?) {
        guard let shared = serving.listener(at: listener.slot) else { return transport.close() }
        let link = ClientLink(shared, worker: self, remote: remote, local: local)
        transport.attach(
            HTTP1ServerConnection(transport: transport, service: link, loop: loop, limits: shared.limits)
        )
    }

    func nextConnectionNumber() -> UInt64 {
        connectionNumber += 1
        return connectionNumber
    }

    // MARK: Objects that are used again

    func takeExchange(for client: ClientLink) -> Exchange {
        let exchange = spareExchanges.popLast() ?? Exchange(worker: self)
        exchange.client = client
        exchange.listener = client.listener
        exchange.serving = client.serving
        return exchange
    }

    func recycle(_ exchange: Exchange) {
        guard spareExchanges.count < Self.mostSpares else { return }
        spareExchanges.append(exchange)
    }

    /// `copyEnded` and `recycle` follow.
    func takeCopy() -> MirrorCopy {
        accounts.copies.take()
        let copy = spareCopies.popLast() ?? MirrorCopy(worker: self)
        copy.slot = copies.count
        copies.append(copy)
        return copy
    }

    func copyEnded(_ copy: MirrorCopy) {
        accounts.copies.free()
        let slot = copy.slot
        copy.slot = -1
        let last = copies.removeLast()
        if slot < copies.count {
            copies[slot] = last
            last.slot = slot
        }
        checkDrained()
    }

    func recycle(_ copy: MirrorCopy) {
        if spareCopies.count < Self.mostSpares { spareCopies.append(copy) }
    }

    // MARK: Draining

    func connectionOpened(_ connection: HTTP1ServerConnection) {
        connections.insert(connection)
    }

    func connectionClosed(_ connection: HTTP1ServerConnection) {
        connections.remove(connection)
        checkDrained()
    }

    /// From here on answers end their connections.
    func beginDraining() {
        isDraining = true
    }

    /// Lets requests in flight end; idle connections may carry a last one within the drain time.
    ///
    /// - Returns: Succeeds when no client and no copy is left.
    func drain() -> EventLoopFuture<Void> {
        beginDraining()
        let promise = drained ?? loop.eventLoop.makePromise()
        drained = promise
        for connection in connections.all { connection.drain(waitingForLast: true) }
        checkDrained()
        return promise.futureResult
    }

    /// Asks clients to go, of these listeners only.
    func drain(_ isMeant: (SharedListener) -> Bool) {
        for connection in connections.all {
            guard let link = connection.service as? ClientLink, isMeant(link.listener) else { continue }
            connection.drain(waitingForLast: true)
        }
    }

    /// Whether a client still waits for something.
    var hasClients: Bool { connections.count > 0 }

    /// Ends whatever is left.
    func stop() {
        for connection in connections.all { connection.kill() }
        for copy in copies.reversed() { copy.stop() }
        for cluster in serving.clusters { cluster.retire() }
        checkDrained()
    }

    private func checkDrained() {
        guard let promise = drained, connections.count == 0, copies.isEmpty else { return }
        promise.succeed()
    }
}

@available(*, unavailable)
extension Worker: Sendable {}
