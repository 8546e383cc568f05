// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The proxy as a whole: workers on their loops, listeners in front, discovery beside; starts, serves, drains.

package import Logging
package import NIOCore
internal import NIOPosix
internal import Synchronization
package import UnderstudyCore
internal import UnderstudyHTTP

package final class ProxyServer: Sendable {
    package struct Options: Sendable {
        /// Event loops, each with a worker.
        ///
        /// Default: one for each core. Source: Envoy `--concurrency`.
        package var concurrency = System.coreCount
        /// Names that are not asked of DNS.
        ///
        /// Source: `--add-host`.
        package var hosts: [String: String] = [:]
        /// Longest wait for the first resolution of all names before listening.
        package var startTime = Duration.seconds(5)

        package init() {}
    }

    /// A listener could not be opened.
    package struct BindFailure: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) {
            self.description = description
        }
    }

    package let snapshot: ConfigurationSnapshot
    package let budget = MirrorBudget()
    package let runtime: RuntimeStore
    private let options: Options
    private let logger: Logger
    private let group: MultiThreadedEventLoopGroup
    private let threads: NIOThreadPool
    private let workers: [NIOLoopBound<Worker>]
    private let isServing = Atomic(false)

    private static let resolverThreads = 2
    /// How long copies may run on once the last client has gone.
    private static let mirrorGrace = TimeAmount.seconds(1)

    package init(_ configuration: ServerConfiguration, options: Options, logger: Logger) async throws {
        self.options = options
        self.logger = logger
        runtime = RuntimeStore(configuration.runtime, logger: logger)
        let snapshot = ConfigurationSnapshot(configuration, runtime: runtime.snapshot)
        self.snapshot = snapshot
        group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, options.concurrency))
        threads = NIOThreadPool(numberOfThreads: Self.resolverThreads)
        threads.start()
        let machine = Machine.current()
        let budget = self.budget
        var workers: [NIOLoopBound<Worker>] = []
        for eventLoop in group.makeIterator() {
            workers.append(
                try await eventLoop.submit {
                    let worker = Worker(
                        eventLoop: eventLoop,
                        snapshot: snapshot,
                        budget: budget,
                        machine: machine
                    )
                    return NIOLoopBound(worker, eventLoop: eventLoop)
                }.get()
            )
        }
        self.workers = workers
        runtime.subscribe { [workers] snapshot in
            for worker in workers { try? await worker.eventLoop.submit { worker.value.runtime = snapshot }.get() }
        }
    }

    /// Resolves the clusters, opens the listeners, serves until the task is cancelled, then drains.
    ///
    /// - Parameters:
    ///   - drainTime: Longest wait for requests in flight once the task is cancelled.
    ///   - isListening: Called once with the addresses in use, in the order of the configuration.
    package func run(
        drainTime: TimeAmount,
        isListening: @Sendable ([SocketAddress]) async -> Void
    ) async throws {
        let resolver = NameResolver(hosts: options.hosts)
        let discovery = ClusterDiscovery(threads: threads, logger: logger) { try resolver.resolve($0, family: $1) }
        let watchers = await discovery.watch(snapshot.clusters.map(\.configuration), bound: options.startTime) {
            self.update($0, $1)
        }
        let runtime = self.runtime
        let disk = Task { await runtime.watch() }
        defer {
            disk.cancel()
            for watcher in watchers { watcher.cancel() }
        }
        let listeners: [ServerListener]
        do {
            listeners = try await bindAll()
        } catch {
            try await shutDown()
            throw error
        }
        isServing.store(true, ordering: .relaxed)
        await isListening(listeners.compactMap(\.localAddress))
        await Cancellation.wait()
        isServing.store(false, ordering: .relaxed)
        await drain(listeners, within: drainTime)
        try await shutDown()
    }

    package var isReady: Bool { isServing.load(ordering: .relaxed) }

    // MARK: Starting

    private func update(_ cluster: Int, _ endpoints: [ResolvedEndpoint]) {
        for worker in workers {
            worker.execute { $0.clusters[cluster].update(endpoints) }
        }
    }

    private func bindAll() async throws -> [ServerListener] {
        let byLoop = Dictionary(uniqueKeysWithValues: zip(group.makeIterator().map { ObjectIdentifier($0) }, workers))
        var listeners: [ServerListener] = []
        for (index, shared) in snapshot.listeners.enumerated() {
            let endpoint = shared.configuration.address
            do {
                let address = try SocketAddress(ipAddress: endpoint.host, port: Int(endpoint.port))
                listeners.append(
                    try await ServerListener.bind(to: address, group: group, limits: shared.limits) {
                        eventLoop,
                        transport,
                        remote,
                        local in
                        let worker = byLoop[ObjectIdentifier(eventLoop)]?.value
                        worker?.accept(transport, listener: index, remote: remote, local: local)
                    }
                )
            } catch {
                for listener in listeners { try? await listener.close() }
                throw BindFailure(description: "cannot listen on \(endpoint): \(Self.reason(error))")
            }
        }
        return listeners
    }

    private static func reason(_ error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        return SystemErrorText.text(error.errnoCode)
    }

    // MARK: Ending

    private func drain(_ listeners: [ServerListener], within drainTime: TimeAmount) async {
        for listener in listeners { try? await listener.close() }
        let deadline = NIODeadline.now() + drainTime
        await withTaskGroup(of: Void.self) { tasks in
            for worker in workers {
                tasks.addTask { await Self.drain(worker, until: deadline) }
            }
        }
    }

    /// Drains one worker and then ends what is left: clients at the deadline, copies a little after the last client.
    private static func drain(_ worker: NIOLoopBound<Worker>, until deadline: NIODeadline) async {
        let eventLoop = worker.eventLoop
        let drained: EventLoopFuture<Void> = eventLoop.flatSubmit {
            let drained = worker.value.drain()
            let watch = eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: DeadlineTable.tick) { task in
                let worker = worker.value
                if worker.hasClients {
                    worker.mirrorDeadline = nil
                    if .now() >= deadline { worker.stop() }
                    return
                }
                let mirrorDeadline = worker.mirrorDeadline ?? min(deadline, .now() + mirrorGrace)
                worker.mirrorDeadline = mirrorDeadline
                if .now() >= mirrorDeadline { worker.stop() }
            }
            drained.whenComplete { _ in watch.cancel() }
            return drained
        }
        try? await drained.get()
    }

    private func shutDown() async throws {
        for worker in workers {
            try await worker.eventLoop.submit { worker.value.stop() }.get()
        }
        // Not awaited: a thread may still be waiting for a name server.
        threads.shutdownGracefully { _ in }
        try await group.shutdownGracefully()
    }
}

extension NIOLoopBound {
    fileprivate func execute(_ body: @escaping @Sendable (Value) -> Void) {
        let bound = self
        eventLoop.execute { body(bound.value) }
    }
}
