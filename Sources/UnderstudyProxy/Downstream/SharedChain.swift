// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A filter chain's configuration, arranged for requests, and the numbers that all workers add to.

internal import NIOCore
public import UnderstudyCore
internal import UnderstudyHTTP

/// What the connections of one filter chain are served by.
///
/// Immutable; after a reload another of these takes its place.
public final class SharedChain: Sendable {
    public let configuration: FilterChain
    /// Where it stands among the chains of its listener.
    let index: Int
    let listener: SharedListener
    /// `nil` for plain text.
    let tls: ServerTLSContext?
    public let routes: RouteTable
    public let serverName: [UInt8]
    public let statistics: ManagerStatistics
    /// Those of this manager on this listener.
    private let listenerAnswers: AnswerCounts
    let limits: ServerLimits
    let connectionLimiters: [ConnectionLimiter]
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
    /// `nil` for no limit.
    let handshakeTime: TimeAmount?
    let maxStreamDuration: TimeAmount?
    let retryBufferLimit: Int
    let healthChecks: HealthCheckRules
    /// `nil`: whatever a request says of its mirrors is believed.
    let mirrorTrust: MirrorTrust?
    /// Of requests without a route.
    let buffering: BodyBuffering
    let buffersBeforeHealthChecks: Bool
    /// A line of each for every request, and for every try and copy.
    let requestLogs: OpenLogs
    let upstreamLogs: OpenLogs
    /// A log line may tell of the primary's TLS.
    let tellsUpstreamTLS: Bool

    /// Envoy's default of `per_connection_buffer_limit_bytes`.
    private static let defaultRetryBuffer = 1024 * 1024

    /// - Parameter firstLimit: How many connection limits the chains before it have.
    init(
        _ configuration: FilterChain,
        at index: Int,
        of listener: SharedListener,
        firstLimit: Int,
        clusters: NameTable,
        catalogue: MirrorCatalogue,
        server: ServerConfiguration,
        store: StatisticsStore,
        logs: AccessLogRegistry
    ) throws(ConfigurationFault) {
        self.configuration = configuration
        self.index = index
        self.listener = listener
        let manager = configuration.connectionManager
        tls = try Self.makeTLS(configuration, of: listener)
        handshakeTime = TimeAmount(limit: configuration.handshakeTime)
        routes = RouteTable(
            manager.routes,
            clusters: clusters,
            upgrades: manager.upgrades,
            catalogue: catalogue,
            buffering: manager.buffering
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
        retryBufferLimit = listener.configuration.connectionBufferLimit ?? Self.defaultRetryBuffer
        limits = ServerLimits(configuration, of: listener.configuration)
        buffering = manager.buffering
        buffersBeforeHealthChecks = manager.buffersBeforeHealthChecks
        serverName = Array(manager.serverName.utf8)
        statistics = store.manager(manager.statPrefix)
        listenerAnswers = listener.statistics.answers(manager.statPrefix)
        let key = ProxyServer.key(listener.configuration)
        connectionLimiters = configuration.connectionLimits.enumerated().map { index, limit in
            ConnectionLimiter(
                limit: limit,
                statistics: store.connectionLimit(limit.statPrefix),
                open: store.openConnections(key, limit: firstLimit + index)
            )
        }
        healthChecks = HealthCheckRules(
            manager.healthCheckFilters,
            serviceCluster: Array(server.serviceCluster.utf8),
            statistics: statistics.healthChecks,
            now: Int64(NIODeadline.now().uptimeNanoseconds)
        )
        mirrorTrust = MirrorTrust(
            server.mirroring,
            policies: manager.routes.mirrorPolicies + server.clusters.flatMap { $0.mirrorPolicies ?? [] },
            clusters: clusters
        )
        do throws(AccessLogFault) {
            requestLogs = try OpenLogs(manager.accessLogs, logs)
            upstreamLogs = try OpenLogs(manager.upstreamLogs, logs)
        } catch {
            throw .accessLog(error)
        }
        tellsUpstreamTLS = requestLogs.needs.union(upstreamLogs.needs).contains(.tls)
    }

    private static func makeTLS(
        _ configuration: FilterChain,
        of listener: SharedListener
    ) throws(ConfigurationFault) -> ServerTLSContext? {
        guard let tls = configuration.tls else { return nil }
        do throws(TLSFault) {
            return try ServerTLSContext(
                tls,
                tellsChain: configuration.connectionManager.clientCertificate.tellsChain,
                counters: listener.statistics.tls
            )
        } catch {
            throw .tls(error, of: "listener '\(listener.configuration.name)'")
        }
    }

    func countAnswer(_ status: Int) {
        statistics.countAnswer(status)
        listenerAnswers.count(status)
    }
}

extension TimeAmount {
    /// `nil` for zero, which means no limit.
    init?(limit: Duration) {
        guard limit > .zero else { return nil }
        self.init(limit)
    }
}
