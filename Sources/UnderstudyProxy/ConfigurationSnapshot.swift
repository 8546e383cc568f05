// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The configuration as every worker sees it: arranged for requests, immutable, shared.

package import UnderstudyCore

/// Made once from a `ServerConfiguration`; goes into each worker and is never changed.
///
/// Clusters that are configured as they were in the snapshot before are the same objects, so that their endpoints,
/// their health and their connections stay.
package final class ConfigurationSnapshot: Sendable {
    package let configuration: ServerConfiguration
    package let clusterNames: NameTable
    package let clusters: [SharedCluster]
    package let listeners: [SharedListener]
    /// By cluster: in place of the routes' mirrors; `nil` leaves those.
    let clusterMirrors: [[MirrorRule]?]
    /// What mirrors may take that the routes say nothing of, by cluster.
    let mirrorLimits: [MirrorLimits]
    /// By the number of the mirror rules.
    let books: [MirrorBook]
    private let store: StatisticsStore
    /// By slot.
    private let bySlot: [SharedListener?]

    /// - Parameter slots: Which socket each listener has.
    /// - Throws: If an access log cannot be opened.
    package init(
        _ configuration: ServerConfiguration,
        slots: [Int],
        store: StatisticsStore,
        accounts: MirrorAccounts,
        environment: ClusterEnvironment,
        logs: AccessLogRegistry,
        replacing old: ConfigurationSnapshot? = nil
    ) throws(AccessLogFault) {
        self.configuration = configuration
        self.store = store
        let catalogue = MirrorCatalogue()
        let mirroring = configuration.mirroring
        let names = NameTable(configuration.clusters.enumerated().map { (Array($1.name.utf8), $0) })
        clusterNames = names
        let clientClusters = ClientClusters(configuration)
        let known = Dictionary(
            (old?.clusters ?? []).map { ($0.configuration.name, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        clusters = configuration.clusters.map { cluster in
            let servesClients = clientClusters.contains(cluster.name)
            // Once clients depend on a cluster, nothing that copies have done to it may stay, and the other way round.
            if let shared = known[cluster.name], shared.configuration == cluster,
                shared.servesClients == servesClients
            {
                return shared
            }
            return SharedCluster(
                cluster,
                statistics: store.cluster(cluster.name),
                accounts: accounts,
                mirroring: mirroring,
                environment: environment,
                servesClients: servesClients
            )
        }
        mirrorLimits = configuration.clusters.map { mirroring[$0.name].limits }
        clusterMirrors = configuration.clusters.map { cluster in
            cluster.mirrorPolicies.map { policies in
                policies.map {
                    MirrorRule($0, clusters: names, route: "cluster:\(cluster.name)", catalogue: catalogue)
                }
            }
        }
        var listeners: [SharedListener] = []
        for (listener, slot) in zip(configuration.listeners, slots) {
            listeners.append(
                try SharedListener(
                    listener,
                    slot: slot,
                    clusters: names,
                    catalogue: catalogue,
                    server: configuration,
                    store: store,
                    logs: logs
                )
            )
        }
        self.listeners = listeners
        books = catalogue.keys.map { store.book($0) }
        var bySlot: [SharedListener?] = Array(repeating: nil, count: (slots.max() ?? -1) + 1)
        for listener in listeners { bySlot[listener.slot] = listener }
        self.bySlot = bySlot
    }

    /// How many endpoints a cluster has, for the health check filter; `nil` if there is no such cluster.
    func membership(_ cluster: String) -> ClusterMembership? {
        guard let index = clusterNames[Array(cluster.utf8)] else { return nil }
        let counts = clusters[index].hostList.plan.counts
        return ClusterMembership(
            total: UInt64(counts.total),
            healthy: UInt64(counts.healthy),
            degraded: UInt64(counts.degraded)
        )
    }

    /// Where a policy's copies to a cluster that a request has named are written down.
    func book(_ key: MirrorKey) -> MirrorBook { store.book(key) }

    /// Lets the store forget what no name here asks for.
    func trim(_ store: StatisticsStore) {
        let clusters = Set(configuration.clusters.map(\.name))
        let routes = Set(books.map(\.key.route))
        let keys = Set(books.map(\.key))
        // Of clusters that requests have named.
        store.keepBooks { keys.contains($0) || routes.contains($0.route) && clusters.contains($0.mirror) }
        store.keep(
            clusters: clusters,
            managers: Set(configuration.listeners.map(\.connectionManager.statPrefix)),
            listeners: Set(configuration.listeners.map(\.statName))
        )
    }

    /// The listener that has this socket, if any has it still.
    func listener(at slot: Int) -> SharedListener? {
        slot < bySlot.count ? bySlot[slot] : nil
    }
}
