// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One configuration in place of another while requests are under way.

internal import Logging
internal import NIOCore
internal import Synchronization
public import UnderstudyCore
internal import UnderstudyHTTP

extension ProxyServer {
    /// Serves new requests by another configuration; those under way end by the one they began with.
    ///
    /// New listeners are opened before anything changes, so a configuration that cannot be served changes nothing.
    /// Clusters and sockets that are configured as before stay as they are, with all their connections.
    /// - Parameter time: Seconds since 1970, for `ReloadStatus`.
    public func replace(with configuration: ServerConfiguration, time: Int64) async throws(BindFailure) {
        // Not after the turn of a drain, which has no end but the process's.
        guard phase != .draining || drains.isHealthCheckFailing else {
            let failure = BindFailure(description: "the proxy is ending")
            refused([failure.description], time: time)
            throw failure
        }
        await turn.take()
        do throws(BindFailure) {
            try await exchange(for: configuration)
        } catch {
            refused(["\(error)"], time: time)
            await turn.give()
            throw error
        }
        serverStatistics.reloadAttempts.add()
        serverStatistics.reloadSuccesses.add()
        state.withLock { state in
            state.reload = ReloadStatus()
            state.reload.result = .loaded
            state.reload.time = time
        }
        await turn.give()
    }

    /// A configuration could not be used; the one before it still serves.
    public func refused(_ errors: [String], time: Int64) {
        serverStatistics.reloadAttempts.add()
        serverStatistics.reloadFailures.add()
        state.withLock { state in
            state.reload.result = .refused
            state.reload.time = time
            state.reload.errors = errors
        }
    }

    private func exchange(for configuration: ServerConfiguration) async throws(BindFailure) {
        let (old, sockets, phase) = state.withLock { ($0.snapshot, $0.sockets, $0.phase) }
        guard phase == .live else { throw BindFailure(description: "the proxy is ending") }
        let snapshot = try snapshot(of: configuration, replacing: old)
        let known = Set(old.clusters.map(ObjectIdentifier.init))
        let added = snapshot.clusters.filter { !known.contains(ObjectIdentifier($0)) }
        let values = runtime.snapshot
        for cluster in added { cluster.apply(values) }
        await start(added)
        let open = Set(sockets.map(\.slot))
        let opened: [Socket]
        do throws(BindFailure) {
            opened = try await bind(snapshot.listeners.filter { !open.contains($0.slot) })
        } catch {
            serverStatistics.listenerFailures.add()
            stop(added)
            forgetOthers(than: old)
            throw error
        }
        await serve(snapshot, opened: opened)
        // What has changed while they were resolved went to the clusters before.
        let latest = runtime.snapshot
        for cluster in added { cluster.apply(latest) }
        serverStatistics.count(snapshot, replacing: old, opened: opened.count)
        let kept = Set(snapshot.clusters.map(ObjectIdentifier.init))
        stop(old.clusters.filter { !kept.contains(ObjectIdentifier($0)) })
        forgetOthers(than: snapshot)
        accounts.set(configuration.mirroring)
        clients.set(configuration.overload)
        // Another listener may be exempt, or other pressures count.
        _ = overload.look(configuration.overload)
        await shedLoad()
    }

    private func snapshot(
        of configuration: ServerConfiguration,
        replacing old: ConfigurationSnapshot
    ) throws(BindFailure) -> ConfigurationSnapshot {
        do throws(ConfigurationFault) {
            return try ConfigurationSnapshot(
                configuration,
                slots: slots(configuration),
                store: store,
                accounts: accounts,
                environment: environment,
                logs: logs,
                replacing: old
            )
        } catch {
            forgetOthers(than: old)
            throw BindFailure(description: error.description)
        }
    }

    /// Forgets the numbers, books and accounts of names that this configuration does not have.
    private func forgetOthers(than snapshot: ConfigurationSnapshot) {
        snapshot.trim(store)
        accounts.keep(Set(snapshot.configuration.clusters.map(\.name)))
    }

    /// The socket of each listener; those not open yet get a number of their own.
    private func slots(_ configuration: ServerConfiguration) -> [Int] {
        state.withLock { state in
            configuration.listeners.map { listener in
                let key = Self.key(listener)
                if let socket = state.sockets.first(where: { $0.key == key }) { return socket.slot }
                defer { state.nextSlot += 1 }
                return state.nextSlot
            }
        }
    }

    private func serve(_ snapshot: ConfigurationSnapshot, opened: [Socket]) async {
        let slots = Set(snapshot.listeners.map(\.slot))
        let closed = state.withLock { state in
            let closed = state.sockets.filter { !slots.contains($0.slot) }
            state.sockets = state.sockets.filter { slots.contains($0.slot) } + opened
            state.snapshot = snapshot
            return closed
        }
        for socket in closed { try? await socket.listener.close() }
        for worker in workers { await worker.submit { $0.serve(snapshot) } }
        for socket in opened { try? await socket.listener.startAccepting() }
        let logger = options.listenerLogger ?? logger
        for socket in closed { logger.info("no longer listening", metadata: ["address": "\(socket.key)"]) }
        for socket in opened { logger.info("listening", metadata: ["address": "\(socket.key)"]) }
    }

    // MARK: Clusters

    /// Begins to keep clusters up to date, and waits within bounds until their endpoints are known.
    func start(_ clusters: [SharedCluster]) async {
        guard !clusters.isEmpty else { return }
        for cluster in clusters {
            // The cluster keeps the closure, which must not keep the cluster.
            cluster.subscribe { [workers, weak cluster] hosts in
                guard let cluster else { return }
                for worker in workers { worker.execute { $0.update(cluster, hosts) } }
            }
        }
        let resolver = self.resolver
        let discovery = ClusterDiscovery(threads: threads, logger: environment.logger) {
            try resolver.resolve($0, family: $1)
        }
        let outliers = clusters.map { cluster in cluster.outliers.map { service in Task { await service.run() } } }
        async let forCopies = prepare(clusters.filter { !$0.servesClients }, discovery, within: options.mirrorStartTime)
        let watchers = await prepare(clusters.filter(\.servesClients), discovery, within: options.startTime)
            .merging(await forCopies) { first, _ in first }
        state.withLock { state in
            for (cluster, outlier) in zip(clusters, outliers) {
                let tasks = [watchers[ObjectIdentifier(cluster)], outlier].compactMap(\.self)
                state.services[ObjectIdentifier(cluster)] = ClusterService(cluster, tasks: tasks)
            }
        }
        // What was resolved is on its way to the loops: the first request must find it there.
        for worker in workers { await worker.submit { _ in } }
    }

    /// Waits until every endpoint is known and then until it has been checked, each no longer than `bound`; mirrors
    /// have no more than that for both.
    ///
    /// - Returns: The watchers, by cluster.
    private func prepare(
        _ clusters: [SharedCluster],
        _ discovery: ClusterDiscovery,
        within bound: Duration
    ) async -> [ObjectIdentifier: Task<Void, Never>] {
        let begin = ContinuousClock.now
        let watchers = await discovery.watch(clusters, bound: bound)
        let forCopies = clusters.filter { !$0.servesClients }
        await firstChecks(of: clusters, within: forCopies.isEmpty ? bound : max(.zero, bound - (.now - begin)))
        return Dictionary(uniqueKeysWithValues: zip(clusters.map(ObjectIdentifier.init), watchers))
    }

    /// Requests come once every endpoint has been checked, or the time for it is over.
    private func firstChecks(of clusters: [SharedCluster], within bound: Duration) async {
        await withTaskGroup(of: Void.self) { tasks in
            for checker in clusters.flatMap(\.checkers) {
                tasks.addTask { await checker.firstChecksDone(within: bound) }
            }
        }
    }

    func stop(_ clusters: [SharedCluster]) {
        let services = state.withLock { state in
            clusters.compactMap { state.services.removeValue(forKey: ObjectIdentifier($0)) }
        }
        for service in services { service.cancel() }
    }

    func stopAllClusters() {
        let services = state.withLock { state in
            defer { state.services = [:] }
            return Array(state.services.values)
        }
        for service in services { service.cancel() }
    }
}

/// What keeps one cluster up to date.
struct ClusterService: Sendable {
    /// Kept as long as the service, so that no other object takes its identity.
    private let cluster: SharedCluster
    private let tasks: [Task<Void, Never>]

    init(_ cluster: SharedCluster, tasks: [Task<Void, Never>]) {
        self.cluster = cluster
        self.tasks = tasks
    }

    func cancel() {
        for task in tasks { task.cancel() }
        let checkers = cluster.checkers
        guard !checkers.isEmpty else { return }
        Task { for checker in checkers { await checker.stop() } }
    }
}
