// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Keeps the endpoints of clusters up to date, away from the event loops.

package import Logging
package import NIOCore
package import NIOPosix
package import UnderstudyCore

/// Resolves the endpoints of clusters: once for `STATIC`, again and again for `STRICT_DNS`.
package struct ClusterDiscovery: Sendable {
    /// All addresses of an endpoint; blocks.
    package typealias Resolve = @Sendable (SocketEndpoint, Cluster.DNSFamily) throws -> [SocketAddress]

    private let resolve: Resolve
    private let threads: NIOThreadPool
    private let logger: Logger

    package init(threads: NIOThreadPool, logger: Logger, resolve: @escaping Resolve) {
        self.resolve = resolve
        self.threads = threads
        self.logger = logger
    }

    /// Starts to watch all clusters, and waits until each is resolved or has failed to be, but no longer than `bound`.
    ///
    /// The watchers are tasks of their own: a name server that does not answer cannot be interrupted, and must hold up
    /// neither the start nor the end.
    /// - Parameter report: Gets a cluster's index and its endpoints whenever they differ from the last.
    /// - Returns: The watchers, to be cancelled.
    package func watch(
        _ clusters: [Cluster],
        bound: Duration,
        report: @escaping @Sendable (Int, [ResolvedEndpoint]) -> Void
    ) async -> [Task<Void, Never>] {
        let (firstAnswers, continuation) = AsyncStream<Void>.makeStream()
        let watchers = clusters.enumerated().map { index, cluster in
            Task {
                await watch(cluster, answered: { continuation.yield() }) { report(index, $0) }
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

    private func watch(
        _ cluster: Cluster,
        answered: @Sendable () -> Void,
        report: @Sendable ([ResolvedEndpoint]) -> Void
    ) async {
        var known: [[SocketAddress]] = Array(repeating: [], count: cluster.endpoints.count)
        await update(&known, cluster)
        report(Self.endpoints(cluster, known))
        answered()
        guard let options = cluster.discovery.dnsOptions else { return }
        // The interval of the configuration, not a wait for something else to happen.
        while (try? await Task.sleep(for: options.refreshRate)) != nil {
            let before = known
            await update(&known, cluster)
            guard known != before else { continue }
            logger.info(
                "the endpoints of a cluster changed",
                metadata: ["cluster": "\(cluster.name)", "endpoints": "\(known.joined().count)"]
            )
            report(Self.endpoints(cluster, known))
        }
    }

    /// Asks for every endpoint's addresses.
    ///
    /// One that cannot be resolved keeps those it has.
    private func update(_ known: inout [[SocketAddress]], _ cluster: Cluster) async {
        let family = cluster.discovery.dnsOptions?.family ?? .all
        let resolve = self.resolve
        for (index, endpoint) in cluster.endpoints.enumerated() {
            do {
                known[index] = try await threads.runIfActive { try resolve(endpoint.address, family) }
            } catch {
                logger.debug(
                    "a name could not be resolved",
                    metadata: ["cluster": "\(cluster.name)", "name": "\(endpoint.address.host)", "reason": "\(error)"]
                )
            }
        }
    }

    /// What `auto_host_rewrite` writes; an address of a `STATIC` cluster is no name.
    private static func hostname(of endpoint: Endpoint, in cluster: Cluster) -> [UInt8] {
        if !endpoint.hostname.isEmpty { return Array(endpoint.hostname.utf8) }
        return cluster.discovery == .static ? [] : Array(endpoint.address.host.utf8)
    }

    private static func endpoints(_ cluster: Cluster, _ known: [[SocketAddress]]) -> [ResolvedEndpoint] {
        zip(cluster.endpoints, known).flatMap { endpoint, addresses in
            let hostname = hostname(of: endpoint, in: cluster)
            return addresses.map { ResolvedEndpoint(address: $0, endpoint: endpoint, hostname: hostname) }
        }
    }
}
