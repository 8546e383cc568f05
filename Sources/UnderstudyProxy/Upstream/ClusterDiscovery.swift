// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Keeps the endpoints of clusters up to date, away from the event loops.

public import Logging
public import NIOCore
internal import NIOPosix
public import UnderstudyCore

/// Resolves the endpoints of clusters: once for `STATIC`, again and again for `STRICT_DNS`.
public struct ClusterDiscovery: Sendable {
    /// All addresses of an endpoint; blocks.
    public typealias Resolve = @Sendable (SocketEndpoint, Cluster.DNSFamily) throws -> [SocketAddress]

    private let resolve: Resolve
    private let threads: ResolverThreads
    private let logger: Logger

    public init(threads: ResolverThreads, logger: Logger, resolve: @escaping Resolve) {
        self.resolve = resolve
        self.threads = threads
        self.logger = logger
    }

    /// Starts to watch all clusters, and waits until each is resolved or has failed to be, but no longer than `bound`.
    ///
    /// The watchers are tasks of their own: a name server that does not answer cannot be interrupted, and must hold up
    /// neither the start nor the end.
    /// - Returns: A watcher for each, to be cancelled.
    public func watch(_ clusters: [SharedCluster], bound: Duration) async -> [Task<Void, Never>] {
        let (firstAnswers, continuation) = AsyncStream<Void>.makeStream()
        let watchers = clusters.map { cluster in
            Task {
                await watch(cluster) { continuation.yield() }
            }
        }
        let alarm = Task {
            try await Task.sleep(for: bound)
            continuation.finish()
        }
        var missing = clusters.count
        if missing > 0 {
            for await _ in firstAnswers {
                missing -= 1
                if missing == 0 { break }
            }
        }
        alarm.cancel()
        if missing > 0 {
            logger.warning(
                "some names are not resolved yet, serving without them",
                metadata: ["clusters": "\(missing)"]
            )
        }
        return watchers
    }

    private func watch(_ shared: SharedCluster, answered: @Sendable () -> Void) async {
        let cluster = shared.configuration
        var known: [[SocketAddress]] = Array(repeating: [], count: cluster.endpoints.count)
        var isResolved = await update(&known, shared)
        shared.replace(Self.endpoints(cluster, known))
        answered()
        guard let options = cluster.discovery.dnsOptions else { return }
        var waits = ResolveWaits(options)
        // The interval of the configuration, not a wait for something else to happen.
        while (try? await Task.sleep(for: waits.next(isResolved, random: .random(in: .min ... .max)))) != nil {
            let before = known
            isResolved = await update(&known, shared)
            guard known != before else {
                shared.statistics.updatesWithoutChange.add()
                continue
            }
            logger.info(
                "the endpoints of a cluster changed",
                metadata: ["cluster": "\(cluster.name)", "endpoints": "\(known.joined().count)"]
            )
            shared.replace(Self.endpoints(cluster, known))
        }
    }

    /// Asks for every endpoint's addresses.
    ///
    /// One that cannot be resolved keeps those it has.
    /// - Returns: Whether all could be.
    private func update(_ known: inout [[SocketAddress]], _ shared: SharedCluster) async -> Bool {
        let cluster = shared.configuration
        let family = cluster.discovery.dnsOptions?.family ?? .all
        let resolve = self.resolve
        var areResolved = true
        // Fixed addresses are no updates.
        let counters = cluster.discovery.dnsOptions == nil ? nil : shared.statistics
        for (index, endpoint) in cluster.endpoints.enumerated() {
            counters?.updateAttempts.add()
            do {
                // An address needs no thread, so that it does not wait behind names that nobody answers for.
                known[index] =
                    cluster.discovery == .static
                    ? try resolve(endpoint.address, family)
                    : try await threads.pool(for: shared).runIfActive { try resolve(endpoint.address, family) }
                counters?.updateSuccesses.add()
                if known[index].isEmpty { counters?.emptyUpdates.add() }
            } catch {
                areResolved = false
                counters?.updateFailures.add()
                logger.debug(
                    "a name could not be resolved",
                    metadata: ["cluster": "\(cluster.name)", "name": "\(endpoint.address.host)", "reason": "\(error)"]
                )
            }
        }
        return areResolved
    }

    /// What `auto_host_rewrite` writes; an address of a `STATIC` cluster is no name.
    private static func hostname(of endpoint: Endpoint, in cluster: Cluster) -> [UInt8] {
        if !endpoint.hostname.isEmpty { return Array(endpoint.hostname.utf8) }
        return cluster.discovery == .static ? [] : Array(endpoint.address.host.utf8)
    }

    private static func endpoints(_ cluster: Cluster, _ known: [[SocketAddress]]) -> [ResolvedEndpoint] {
        zip(cluster.endpoints, known).flatMap { endpoint, addresses in
            let hostname = hostname(of: endpoint, in: cluster)
            return addresses.prefix(cluster.discovery.mostAddresses).map {
                ResolvedEndpoint(address: $0, endpoint: endpoint, hostname: hostname)
            }
        }
    }
}

extension Cluster.Discovery {
    /// Of one name.
    fileprivate var mostAddresses: Int {
        switch self {
        case .logicalDNS: 1
        case .static, .strictDNS: .max
        }
    }
}

/// How long to wait before names are asked for again.
private struct ResolveWaits {
    private let options: Cluster.DNSOptions
    private var failureWait: Duration?

    init(_ options: Cluster.DNSOptions) {
        self.options = options
    }

    mutating func next(_ isResolved: Bool, random: UInt64) -> Duration {
        let wait = isResolved ? options.refreshRate : nextAfterFailure()
        if isResolved { failureWait = nil }
        guard options.jitter > .zero else { return wait }
        let milliseconds = UInt64(options.jitter / .milliseconds(1))
        return wait + .milliseconds(Int64(random % max(1, milliseconds)))
    }

    private mutating func nextAfterFailure() -> Duration {
        guard let failure = options.failureRefresh else { return options.refreshRate }
        let wait = failureWait ?? failure.base
        failureWait = min(wait * 2, failure.maximum)
        return wait
    }
}
