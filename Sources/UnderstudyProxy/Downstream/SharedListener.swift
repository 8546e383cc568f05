// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A listener's configuration, arranged for requests, and the numbers that all workers add to.

internal import NIOCore
package import UnderstudyCore
internal import UnderstudyHTTP

/// Immutable; a later configuration of the same socket is another of these under the same `slot`.
package final class SharedListener: Sendable {
    package let configuration: Listener
    /// Which socket it is, for as long as the process lives.
    package let slot: Int
    package let routes: RouteTable
    package let serverName: [UInt8]
    package let statistics: ManagerStatistics
    package let listenerStatistics: ListenerStatistics
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
    let healthChecks: HealthCheckRules
    /// A line of each for every request, for every try and copy, and for every connection.
    let requestLogs: OpenLogs
    let upstreamLogs: OpenLogs
    let connectionLogs: OpenLogs

    /// Envoy's default of `per_connection_buffer_limit_bytes`.
    private static let defaultRetryBuffer = 1024 * 1024

    init(
        _ configuration: Listener,
        slot: Int,
        clusters: NameTable,
        catalogue: MirrorCatalogue,
        server: ServerConfiguration,
        store: StatisticsStore,
        logs: AccessLogRegistry
    ) throws(AccessLogFault) {
        self.configuration = configuration
        self.slot = slot
        let manager = configuration.connectionManager
        routes = RouteTable(
            manager.routes,
            clusters: clusters,
            upgrades: manager.upgrades,
            catalogue: catalogue
        )
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
        statistics = store.manager(manager.statPrefix)
        listenerStatistics = store.listener(configuration.statName)
        healthChecks = HealthCheckRules(
            manager.healthCheckFilters,
            serviceCluster: Array(server.serviceCluster.utf8),
            statistics: statistics.healthChecks,
            now: Int64(NIODeadline.now().uptimeNanoseconds)
        )
        requestLogs = try OpenLogs(manager.accessLogs, logs)
        upstreamLogs = try OpenLogs(manager.upstreamLogs, logs)
        connectionLogs = try OpenLogs(configuration.accessLogs, logs)
    }

    func countAnswer(_ status: Int) {
        statistics.countAnswer(status)
        listenerStatistics.countAnswer(status)
    }
}

extension Listener {
    /// What stands between `listener.` and the names of its statistics.
    package var statName: String { statPrefix.isEmpty ? address.description : statPrefix }
}

extension TimeAmount {
    /// `nil` for zero, which means no limit.
    init?(limit: Duration) {
        guard limit > .zero else { return nil }
        self.init(limit)
    }
}
