// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The configuration as every worker sees it: arranged for requests, immutable, shared.

public import UnderstudyCore

/// Made once from a `ServerConfiguration`; goes into each worker and is never changed.
///
/// Clusters that are configured as they were in the snapshot before are the same objects, so that their endpoints,
/// their health and their connections stay.
public final class ConfigurationSnapshot: Sendable {
    public let configuration: ServerConfiguration
    public let clusterNames: NameTable
    public let clusters: [SharedCluster]
    public let served: [ListenerChains]
    /// By cluster: in place of the routes' mirrors; `nil` leaves those.
    let clusterMirrors: [[MirrorRule]?]
    /// What mirrors may take that the routes say nothing of, by cluster.
    let mirrorLimits: [MirrorLimits]
    /// By the number of the mirror rules.
    let books: [MirrorBook]
    private let store: StatisticsStore
    /// By slot.
    private let bySlot: [ListenerChains?]

    /// - Parameter slots: Which socket each listener has.
    /// - Throws: If an access log cannot be opened, or a certificate is of no use.
    public init(
        _ configuration: ServerConfiguration,
        slots: [Int],
        store: StatisticsStore,
        accounts: MirrorAccounts,
        environment: ClusterEnvironment,
        logs: AccessLogRegistry,
        replacing old: ConfigurationSnapshot? = nil
    ) throws(ConfigurationFault) {
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
        clusters = try configuration.clusters.map { cluster throws(ConfigurationFault) in
            let servesClients = clientClusters.contains(cluster.name)
            // Once clients depend on a cluster, nothing that copies have done to it may stay, and the other way round.
            if let shared = known[cluster.name], shared.configuration == cluster,
                shared.servesClients == servesClients
            {
                return shared
            }
            return try SharedCluster(
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
        var served: [ListenerChains] = []
        for (listener, slot) in zip(configuration.listeners, slots) {
            let shared = try SharedListener(listener, slot: slot, store: store, logs: logs)
            var chains: [SharedChain] = []
            for (index, chain) in listener.allFilterChains.enumerated() {
                chains.append(
                    try SharedChain(
                        chain,
                        at: index,
                        of: shared,
                        firstLimit: chains.reduce(0) { $0 + $1.connectionLimiters.count },
                        clusters: names,
                        catalogue: catalogue,
                        server: configuration,
                        store: store,
                        logs: logs
                    )
                )
            }
            served.append(ListenerChains(shared, chains: chains))
        }
        self.served = served
        books = catalogue.keys.map { store.book($0) }
        var bySlot: [ListenerChains?] = Array(repeating: nil, count: (slots.max() ?? -1) + 1)
        for chains in served { bySlot[chains.listener.slot] = chains }
        self.bySlot = bySlot
    }

    var inspections: InspectionStatistics { store.inspections }

    public var listeners: [SharedListener] { served.map(\.listener) }

    var chains: [SharedChain] { served.flatMap(\.chains) }

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
            managers: Set(configuration.listeners.flatMap(\.allFilterChains).map(\.connectionManager.statPrefix)),
            listeners: Set(configuration.listeners.map(\.statName)),
            listenerKeys: Set(configuration.listeners.map(ProxyServer.key)),
            connectionLimits: Set(
                configuration.listeners.flatMap(\.allFilterChains).flatMap(\.connectionLimits).map(\.statPrefix)
            )
        )
    }

    /// The listener that has this socket, if any has it still.
    func listener(at slot: Int) -> ListenerChains? {
        slot < bySlot.count ? bySlot[slot] : nil
    }
}
