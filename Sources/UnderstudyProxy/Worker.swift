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
    let clients: ClientTotal
    let upstreamPlaces: UpstreamPlaces
}

/// Loop-bound.
final class Worker {
    let loop: LoopContext
    /// What new requests are served by.
    private(set) var serving: WorkerSnapshot
    let drains: DrainControl
    let logs: AccessLogBuffers
    let accounts: MirrorAccounts
    let clients: ClientTotal
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
    /// What the overload manager has on.
    var overload: OverloadState = []

    private(set) var isDraining = false
    private var connections = ConnectionRegistry()
    /// In no order; each knows its place.
    private var inspections: [InspectedClient] = []
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
        loop.pools.places = parts.upstreamPlaces
        accounts = parts.accounts
        clients = parts.clients
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

    func nextConnectionNumber() -> UInt64 {
        connectionNumber += 1
        return connectionNumber
    }

    // MARK: Objects that are used again

    func takeExchange(for client: ClientLink) -> Exchange {
        let exchange = spareExchanges.popLast() ?? Exchange(worker: self)
        exchange.client = client
        exchange.chain = client.chain
        exchange.serving = client.serving
        return exchange
    }

    func recycle(_ exchange: Exchange) {
        // Spares know their worker, so that they are not to outlast it.
        if spareExchanges.count < Self.mostSpares, drained == nil { spareExchanges.append(exchange) }
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
        if spareCopies.count < Self.mostSpares, drained == nil { spareCopies.append(copy) }
    }

    // MARK: Draining

    func connectionOpened(_ connection: any ServerConnection) {
        connections.insert(connection)
    }

    func connectionReplaced(_ old: any ServerConnection, by new: any ServerConnection) {
        connections.replace(old, by: new)
    }

    func connectionClosed(_ connection: any ServerConnection) {
        connections.remove(connection)
        checkDrained()
    }

    /// Another object goes on with a connection.
    func connectionHandedOver(_ connection: any ServerConnection) {
        connections.remove(connection)
    }

    func inspectionBegan(_ client: InspectedClient) {
        client.slot = inspections.count
        inspections.append(client)
    }

    func inspectionEnded(_ client: InspectedClient) {
        let slot = client.slot
        guard slot >= 0 else { return }
        client.slot = -1
        let last = inspections.removeLast()
        if slot < inspections.count {
            inspections[slot] = last
            last.slot = slot
        }
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
        spareExchanges = []
        spareCopies = []
        for client in inspections.reversed() { client.end() }
        for connection in connections.all { connection.drain(waitingForLast: true) }
        checkDrained()
        return promise.futureResult
    }

    /// Asks clients to go, of these listeners only.
    func drain(_ isMeant: (SharedListener) -> Bool) {
        for client in inspections.reversed() where isMeant(client.listener) { client.end() }
        for connection in connections.all {
            guard let link = connection.service as? ClientLink, isMeant(link.chain.listener) else { continue }
            connection.drain(waitingForLast: true)
        }
    }

    /// Whether a client still waits for something.
    var hasClients: Bool { connections.count + inspections.count > 0 }

    /// Ends whatever is left.
    func stop() {
        for client in inspections.reversed() { client.end() }
        for connection in connections.all { connection.kill() }
        for copy in copies.reversed() { copy.stop() }
        for cluster in serving.clusters { cluster.retire() }
        checkDrained()
    }

    func checkDrained() {
        guard let promise = drained, !hasClients, copies.isEmpty else { return }
        promise.succeed()
    }
}

@available(*, unavailable)
extension Worker: Sendable {}
