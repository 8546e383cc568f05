// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The proxy as a whole: workers on their loops, listeners in front, discovery beside; starts, serves, drains.

public import Logging
public import NIOCore
internal import NIOPosix
internal import Synchronization
public import UnderstudyCore
internal import UnderstudyHTTP

/// `+Reload` replaces the configuration, `+Drain` ends it, `+Operations` and `+Statistics` tell of it.
public final class ProxyServer: Sendable {
    public struct Options: Sendable {
        /// Event loops, each with a worker.
        ///
        /// Default: one for each core. Source: Envoy `--concurrency`.
        public var concurrency = System.coreCount
        /// Names that are not asked of DNS.
        ///
        /// Source: `--add-host`.
        public var hosts: [String: String] = [:]
        /// Longest wait for the first resolution of all names before listening.
        public var startTime = Duration.seconds(5)
        /// Longest wait for the endpoints of clusters that serve no clients, in all.
        public var mirrorStartTime = Duration.seconds(1)
        /// Longest wait for requests in flight at the end, and the length of a graceful drain of listeners.
        ///
        /// Source: `--drain-time-s`.
        public var drainTime = TimeAmount.seconds(600)
        /// How long clients are still accepted after the end was asked for.
        ///
        /// Default zero.
        public var lameDuckTime = TimeAmount.zero
        public var drainStrategy = DrainStrategy.gradual
        /// As many as the process may have open: five sixteenths are for clients, as many for primaries and a quarter for mirrors, so that the
        /// rest is left for primaries and files.
        ///
        /// Default: no limit.
        public var descriptors = Int.max
        /// Between looks at the files of certificates; default half a second.
        public var certificateInterval = Duration.milliseconds(500)
        /// How memory is looked at, for the overload manager.
        public var memory = OverloadMonitor.Memory.ofProcess
        /// Longest time that an access log line waits to be written.
        ///
        /// Source: Envoy `--file-flush-interval-msec`.
        public var logFlushInterval = TimeAmount.seconds(10)
        /// Bytes of lines that are written before that.
        ///
        /// Source: Envoy `--file-flush-min-size-kb`.
        public var logFlushSize = 64 * 1024
        /// For clusters, their health and their names; `nil` for the server's own.
        public var upstreamLogger: Logger?
        public var listenerLogger: Logger?
        public var runtimeLogger: Logger?

        public init() {}
    }

    /// A listener could not be opened.
    public struct BindFailure: Error, CustomStringConvertible {
        public let description: String

        public init(description: String) {
            self.description = description
        }
    }

    /// A socket that is listened on.
    struct Socket: Sendable {
        /// What makes it the same one in another configuration.
        let key: String
        let slot: Int
        let listener: ServerListener
    }

    struct State {
        var snapshot: ConfigurationSnapshot
        var sockets: [Socket] = []
        var services: [ObjectIdentifier: ClusterService] = [:]
        var nextSlot = 0
        var phase = ServerState.preInitializing
        var reload = ReloadStatus()
    }

    let accounts: MirrorAccounts
    let clients = ClientTotal()
    let clientPlaces: ClientPlaces
    let upstreamPlaces: UpstreamPlaces
    let overload: OverloadMonitor
    let sheddingTurn = Turn()
    let acceptFailures: RateLimitedLog
    let acceptFullness: RateLimitedLog
    public let runtime: RuntimeStore
    let store: StatisticsStore
    let serverStatistics = ServerStatistics()
    private let begin = NIODeadline.now()
    let options: Options
    let logger: Logger
    let group: any EventLoopGroup
    let threads: ResolverThreads
    let workers: [NIOLoopBound<Worker>]
    let drains: DrainControl
    let state: Mutex<State>
    let logs: AccessLogRegistry
    let environment: ClusterEnvironment
    /// Carries no traffic; one loop for the checks of what clients depend on, one for those of mirrors.
    let background: MultiThreadedEventLoopGroup
    /// One reload or drain after the other.
    let turn = Turn()
    let resolver: NameResolver

    public init(_ configuration: ServerConfiguration, options: Options, logger: Logger) async throws {
        self.options = options
        self.logger = logger
        let concurrency = max(1, options.concurrency)
        let descriptors = Self.shared(options.descriptors, workers: concurrency)
        accounts = MirrorAccounts(configuration.mirroring, descriptors: descriptors)
        clients.set(configuration.overload)
        clientPlaces = ClientPlaces(Self.share(of: descriptors))
        upstreamPlaces = UpstreamPlaces(Self.share(of: descriptors))
        overload = OverloadMonitor(options.memory)
        let listenerLogger = options.listenerLogger ?? logger
        acceptFailures = RateLimitedLog(listenerLogger, limit: LineLimit(lines: 1))
        acceptFullness = RateLimitedLog(listenerLogger, limit: LineLimit(lines: 1))
        store = StatisticsStore(workers: concurrency)
        runtime = RuntimeStore(configuration.runtime, logger: options.runtimeLogger ?? logger)
        drains = DrainControl(options.drainStrategy, duration: options.drainTime)
        resolver = NameResolver(hosts: options.hosts)
        logs = AccessLogRegistry(flushInterval: options.logFlushInterval, flushSize: options.logFlushSize)
        background = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        environment = ClusterEnvironment(
            logger: options.upstreamLogger ?? logger,
            runtime: { [runtime] in runtime.snapshot },
            probes: ProbeLoop(background.next()),
            mirrorProbes: ProbeLoop(background.next())
        )
        let keys = configuration.listeners.map(Self.key)
        let snapshot: ConfigurationSnapshot
        do throws(ConfigurationFault) {
            snapshot = try ConfigurationSnapshot(
                configuration,
                slots: Array(keys.indices),
                store: store,
                accounts: accounts,
                environment: environment,
                logs: logs
            )
        } catch {
            throw BindFailure(description: error.description)
        }
        var state = State(snapshot: snapshot)
        state.nextSlot = keys.count
        self.state = Mutex(state)
        group = try WorkerLoops.make(concurrency)
        threads = ResolverThreads()
        workers = try await Self.makeWorkers(
            in: group,
            WorkerParts(
                snapshot: snapshot,
                runtime: runtime.snapshot,
                accounts: accounts,
                drains: drains,
                logs: logs,
                machine: Machine.current(),
                clients: clients,
                upstreamPlaces: upstreamPlaces
            )
        )
        shareConnections()
        for cluster in snapshot.clusters { cluster.apply(runtime.snapshot) }
        runtime.subscribe { [unowned self] values in
            for cluster in self.snapshot.clusters { cluster.apply(values) }
            for worker in self.workers { try? await worker.eventLoop.submit { worker.value.runtime = values }.get() }
        }
    }

    /// The descriptors of which an eighth is enough for what the process needs for itself.
    ///
    /// Each loop has three, and there are two more loops than workers.
    private static func shared(_ descriptors: Int, workers: Int) -> Int {
        let own = 3 * (workers + 2) + 16
        return own <= descriptors / 8 ? descriptors : max(0, descriptors - own) / 7 * 8
    }

    /// Five sixteenths for clients, and as many for their primaries; mirrors have a quarter, and an eighth is left for
    /// files and the admin server.
    private static func share(of descriptors: Int) -> Int { descriptors / 16 * 5 + descriptors % 16 * 5 / 16 }

    private static func makeWorkers(
        in group: any EventLoopGroup,
        _ parts: WorkerParts
    ) async throws -> [NIOLoopBound<Worker>] {
        var workers: [NIOLoopBound<Worker>] = []
        for (number, eventLoop) in group.makeIterator().enumerated() {
            workers.append(
                try await eventLoop.submit {
                    NIOLoopBound(Worker(number: number, eventLoop: eventLoop, parts), eventLoop: eventLoop)
                }.get()
            )
        }
        return workers
    }

    public var snapshot: ConfigurationSnapshot { state.withLock { $0.snapshot } }

    /// Resolves the clusters, opens the listeners, serves until the task is cancelled, then drains.
    ///
    /// - Parameter isListening: Called once with the addresses in use, in the order of the configuration.
    public func run(isListening: @Sendable ([SocketAddress]) async -> Void) async throws {
        let runtime = self.runtime
        let disk = Task { await runtime.watch() }
        let watch = Task { await watchOverload() }
        let ticker = Task { await takeIntervals() }
        let certificates = Task { await watchCertificates() }
        defer {
            certificates.cancel()
            disk.cancel()
            ticker.cancel()
            watch.cancel()
        }
        let snapshot = self.snapshot
        await start(snapshot.clusters)
        let sockets: [Socket]
        do {
            sockets = try await bind(snapshot.listeners)
        } catch {
            try await shutDown()
            throw error
        }
        state.withLock { state in
            state.sockets = sockets
            state.phase = .live
        }
        // It may have begun before there was anything to tell of it.
        await shedLoad()
        for socket in sockets { try? await socket.listener.startAccepting() }
        serverStatistics.count(snapshot, replacing: nil, opened: sockets.count)
        serverStatistics.startTime.record(UInt64(max(0, (NIODeadline.now() - begin).nanoseconds / 1_000_000)))
        await isListening(sockets.compactMap(\.listener.localAddress))
        await Cancellation.wait()
        await drain()
        try await shutDown()
    }

    /// Histograms show what was recorded once an interval is over.
    ///
    /// - Source: Envoy `stats_flush_interval`.
    private func takeIntervals() async {
        // The interval of the configuration, not a wait for something else to happen.
        while (try? await Task.sleep(for: snapshot.configuration.statsFlushInterval)) != nil {
            for scope in statistics() { scope.takeIntervals() }
        }
    }

    // MARK: Sockets

    /// A listener on port 0 is known by its name, since every such port is another.
    static func key(_ listener: Listener) -> String {
        listener.address.port == 0 ? "\(listener.address) \(listener.name)" : "\(listener.address)"
    }

    /// Binds without accepting yet.
    func bind(_ listeners: [SharedListener]) async throws(BindFailure) -> [Socket] {
        var sockets: [Socket] = []
        for shared in listeners {
            do {
                sockets.append(try await bind(shared))
            } catch {
                for socket in sockets { try? await socket.listener.close() }
                let reason = Self.reason(error)
                throw BindFailure(description: "cannot listen on \(shared.configuration.address): \(reason)")
            }
        }
        return sockets
    }

    private func bind(_ shared: SharedListener) async throws -> Socket {
        let byLoop = Dictionary(uniqueKeysWithValues: zip(group.makeIterator().map { ObjectIdentifier($0) }, workers))
        let endpoint = shared.configuration.address
        let listener = try await ServerListener.bind(
            to: try SocketAddress(ipAddress: endpoint.host, port: Int(endpoint.port)),
            group: group,
            bufferedBytes: ServerLimits.bufferedBytes(of: shared.configuration),
            watch: acceptWatch(shared),
            isAccepting: false
        ) { eventLoop, transport, remote, local in
            byLoop[ObjectIdentifier(eventLoop)]?.value.accept(transport, on: shared, remote: remote, local: local)
        }
        return Socket(key: Self.key(shared.configuration), slot: shared.slot, listener: listener)
    }

    private static func reason(_ error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        return SystemErrorText.text(error.errnoCode)
    }
}

extension NIOLoopBound {
    func execute(_ body: @escaping @Sendable (Value) -> Void) {
        let bound = self
        eventLoop.execute { body(bound.value) }
    }

    func submit(_ body: @escaping @Sendable (Value) -> Void) async {
        let bound = self
        try? await eventLoop.submit { body(bound.value) }.get()
    }
}
