// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The configuration as every worker sees it: arranged for requests, immutable, shared.

package import UnderstudyCore
internal import UnderstudyHTTP

/// Made once from a `ServerConfiguration`; goes into each worker and is never changed.
package final class ConfigurationSnapshot: Sendable {
    package let configuration: ServerConfiguration
    package let clusterNames: NameTable
    package let clusters: [SharedCluster]
    package let listeners: [SharedListener]

    package init(_ configuration: ServerConfiguration) {
        self.configuration = configuration
        let names = NameTable(configuration.clusters.enumerated().map { (Array($1.name.utf8), $0) })
        clusterNames = names
        clusters = configuration.clusters.map { SharedCluster($0) }
        listeners = configuration.listeners.map { SharedListener($0, clusters: names) }
    }
}

/// A cluster's facts and the numbers that all workers add to.
package final class SharedCluster: Sendable {
    package let configuration: Cluster
    package let statistics = ClusterStatistics()
    /// Requests for clients and copies have limits of their own, so that copies never take a client's place.
    private let clientLimit = ConnectionLimit()
    private let copyLimit = ConnectionLimit()

    init(_ configuration: Cluster) {
        self.configuration = configuration
    }

    func limit(for origin: ClusterStatistics.Origin) -> ConnectionLimit {
        switch origin {
        case .external: clientLimit
        case .internal: copyLimit
        }
    }
}

/// A listener's routes and the numbers that all workers add to.
package final class SharedListener: Sendable {
    package let configuration: Listener
    package let routes: RouteTable
    package let serverName: [UInt8]
    let limits: ServerLimits
    package let requests = Counter()
    /// Requests that were sent on to a primary.
    package let routed = Counter()
    /// Answers to clients by hundreds, 1xx to 5xx.
    package let answerClasses = (0..<5).map { _ in Counter() }

    /// Copies that were not sent because the request gave no cluster for them, by reason.
    package let notSent = Dictionary(uniqueKeysWithValues: MirrorOutcome.NotSent.allCases.map { ($0, Counter()) })

    init(_ configuration: Listener, clusters: NameTable) {
        self.configuration = configuration
        routes = RouteTable(configuration.connectionManager.routes, clusters: clusters)
        var limits = ServerLimits()
        // Zero asks Envoy for no limit at all; here it leaves the default one.
        if let bytes = configuration.connectionBufferLimit, bytes > 0 { limits.bufferedBytes = bytes }
        self.limits = limits
        serverName = Array(configuration.connectionManager.serverName.utf8)
    }

    func countAnswer(_ status: Int) {
        guard (100..<600).contains(status) else { return }
        answerClasses[status / 100 - 1].add()
    }
}
