// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The configuration as every worker sees it: arranged for requests, immutable, shared.

internal import NIOCore
package import UnderstudyCore
internal import UnderstudyHTTP

/// Made once from a `ServerConfiguration`; goes into each worker and is never changed.
package final class ConfigurationSnapshot: Sendable {
    package let configuration: ServerConfiguration
    package let clusterNames: NameTable
    package let clusters: [SharedCluster]
    package let listeners: [SharedListener]
    /// The runtime as it is at start.
    package let runtime: RuntimeSnapshot

    package init(_ configuration: ServerConfiguration, runtime: RuntimeSnapshot = .empty) {
        self.configuration = configuration
        let names = NameTable(configuration.clusters.enumerated().map { (Array($1.name.utf8), $0) })
        clusterNames = names
        clusters = configuration.clusters.map { SharedCluster($0, clusters: names) }
        listeners = configuration.listeners.map { SharedListener($0, clusters: names, server: configuration) }
        self.runtime = runtime
    }
}

/// A cluster's facts and the numbers that all workers add to.
package final class SharedCluster: Sendable {
    package let configuration: Cluster
    package let statistics = ClusterStatistics()
    /// Requests for clients and copies have limits of their own, so that copies never take a client's place.
    private let clientLimit = ConnectionLimit()
    private let copyLimit = ConnectionLimit()
    /// In place of the routes' mirrors; `nil` leaves those.
    let mirrors: [MirrorRule]?
    /// For routes without one.
    let retryRule: RetryRule?
    /// Of one try; `nil` for no limit.
    let maxStreamDuration: TimeAmount?
    /// Requests to this cluster that are at another try than their first.
    let retriesInFlight = Gauge()
    /// - Source: Envoy `circuit_breakers.thresholds.max_retries`, its default.
    static let mostRetries = 3

    init(_ configuration: Cluster, clusters: NameTable) {
        self.configuration = configuration
        mirrors = configuration.mirrorPolicies.map { policies in policies.map { MirrorRule($0, clusters: clusters) } }
        maxStreamDuration = TimeAmount(limit: configuration.maxStreamDuration)
        retryRule = configuration.retryPolicy.map { RetryRule($0) }
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
    let forwarding: ForwardingRules
    let answers: AnswerRules
    let localReplies: LocalReplyRules
    let pathOptions: PathOptions
    let hostOptions: HostOptions
    let respectsExpectedTimeout: Bool
    let changesPaths: Bool
    let changesHosts: Bool
    let proxiesContinue: Bool
    let suppressesEnvoyHeaders: Bool
    /// `nil` for no limit.
    let streamIdleTime: TimeAmount?
    let maxStreamDuration: TimeAmount?
    let retryBufferLimit: Int
    package let requests = Counter()
    /// Requests that were sent on to a primary.
    package let routed = Counter()
    /// Answers to clients by hundreds, 1xx to 5xx.
    package let answerClasses = (0..<5).map { _ in Counter() }

    /// Copies that were not sent because the request gave no cluster for them, by reason.
    package let notSent = Dictionary(uniqueKeysWithValues: MirrorOutcome.NotSent.allCases.map { ($0, Counter()) })

    /// Envoy's default of `per_connection_buffer_limit_bytes`.
    private static let defaultRetryBuffer = 1024 * 1024

    init(_ configuration: Listener, clusters: NameTable, server: ServerConfiguration) {
        self.configuration = configuration
        let manager = configuration.connectionManager
        routes = RouteTable(manager.routes, clusters: clusters, upgrades: manager.upgrades)
        forwarding = ForwardingRules(
            manager,
            serviceCluster: server.serviceCluster,
            serviceNode: server.serviceNode
        )
        answers = AnswerRules(manager)
        localReplies = LocalReplyRules(manager.localReplies)
        pathOptions = manager.path
        hostOptions = manager.host
        respectsExpectedTimeout = manager.respectsExpectedTimeout
        changesPaths = !manager.path.changesNothing
        changesHosts = manager.host != HostOptions()
        proxiesContinue = manager.proxiesContinue
        suppressesEnvoyHeaders = manager.suppressesEnvoyHeaders
        streamIdleTime = TimeAmount(limit: manager.timeouts.streamIdle)
        maxStreamDuration = TimeAmount(limit: manager.timeouts.maxStreamDuration)
        retryBufferLimit = configuration.connectionBufferLimit ?? Self.defaultRetryBuffer
        limits = ServerLimits(configuration)
        serverName = Array(manager.serverName.utf8)
    }

    func countAnswer(_ status: Int) {
        guard (100..<600).contains(status) else { return }
        answerClasses[status / 100 - 1].add()
    }
}

extension TimeAmount {
    /// `nil` for zero, which means no limit.
    init?(limit: Duration) {
        guard limit > .zero else { return nil }
        self.init(limit)
    }
}
