// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Keeps the endpoints of clusters up to date, away from the event loops.

package import Logging
package import NIOPosix
package import UnderstudyCore

/// Resolves the endpoints of clusters: once for `STATIC`, again and again for `STRICT_DNS`.
package struct ClusterDiscovery: Sendable {
    private let resolver: NameResolver
    private let threads: NIOThreadPool
    private let logger: Logger

    package init(resolver: NameResolver, threads: NIOThreadPool, logger: Logger) {
        self.resolver = resolver
        self.threads = threads
        self.logger = logger
    }

    /// The endpoints of a cluster now.
    ///
    /// - Returns: `nil` if a name could not be resolved; whoever has endpoints already keeps them then.
    package func resolve(_ cluster: Cluster) async -> [ResolvedEndpoint]? {
        let family: Cluster.DNSFamily =
            switch cluster.discovery {
            case .static: .all
            case .strictDNS(_, let family): family
            }
        let resolver = self.resolver
        var endpoints: [ResolvedEndpoint] = []
        for endpoint in cluster.endpoints {
            do {
                let addresses = try await threads.runIfActive { try resolver.resolve(endpoint.address, family: family) }
                endpoints += addresses.map { ResolvedEndpoint(address: $0, weight: endpoint.weight) }
            } catch {
                logger.debug(
                    "a name could not be resolved",
                    metadata: ["cluster": "\(cluster.name)", "name": "\(endpoint.address.host)", "reason": "\(error)"]
                )
                return nil
            }
        }
        return endpoints
    }

    /// Asks again every refresh interval, for ever, and reports each answer that differs from the last.
    package func watch(
        _ cluster: Cluster,
        known: [ResolvedEndpoint]?,
        report: @Sendable ([ResolvedEndpoint]) -> Void
    ) async {
        guard case .strictDNS(let refreshRate, _) = cluster.discovery else { return }
        var known = known
        while !Task.isCancelled {
            // The interval of the configuration, not a wait for something else to happen.
            guard (try? await Task.sleep(for: refreshRate)) != nil else { return }
            guard let endpoints = await resolve(cluster), endpoints != known else { continue }
            logger.info(
                "the endpoints of a cluster changed",
                metadata: ["cluster": "\(cluster.name)", "endpoints": "\(endpoints.count)"]
            )
            known = endpoints
            report(endpoints)
        }
    }
}
