// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A cluster as all workers share it: what it is, how much of it is in use, and which endpoints it has now.

internal import NIOCore
internal import Synchronization
public import UnderstudyCore
internal import UnderstudyHTTP

public final class SharedCluster: Sendable {
    public let configuration: Cluster
    public let statistics: ClusterStatistics
    /// `nil` for plain text.
    let tls: ClientTLSContext?
    /// For routes without one.
    let retryRule: RetryRule?
    /// Of one try; `nil` for no limit.
    let maxStreamDuration: TimeAmount?
    /// By origin and then by priority: copies have limits of their own, so that they never take a client's place.
    private let limits: [[UpstreamLimits]]
    private let budgets: [RetryBudget?]
    /// `nil` where nothing is detected.
    let outliers: OutlierService?
    let checkers: [HealthChecker]
    let warnings: ClusterWarnings
    /// What its copies hold, and whether they are wanted.
    let mirrorAccount: MirrorAccount
    /// A route may forward clients to it; otherwise nothing may ever wait for it, and nothing else be kept from clients.
    let servesClients: Bool
    private let accounts: MirrorAccounts
    private let members: Mutex<Members>

    private struct Members {
        var current: HostList
        var panicThreshold: Double
        var subscriber: (@Sendable (HostList) -> Void)?
    }

    init(
        _ configuration: Cluster,
        statistics: ClusterStatistics,
        accounts: MirrorAccounts,
        mirroring: MirroringOptions,
        environment: ClusterEnvironment,
        servesClients: Bool = true
    ) throws(ConfigurationFault) {
        self.configuration = configuration
        tls = try Self.makeTLS(configuration, statistics.tls)
        self.servesClients = servesClients
        self.accounts = accounts
        mirrorAccount = accounts.account(configuration.name, mirroring)
        self.statistics = statistics
        maxStreamDuration = TimeAmount(limit: configuration.maxStreamDuration)
        retryRule = configuration.retryPolicy.map { RetryRule($0) }
        let thresholds = RoutingPriority.allCases.map { configuration.circuitBreakers[$0] }
        limits = ClusterStatistics.Origin.allCases.map { origin in
            let total = origin == .internal ? accounts.connections : nil
            let isRestrained = origin == .internal
            return thresholds.map {
                UpstreamLimits($0, total: total, isRestrained: isRestrained, slot: origin.rawValue)
            }
        }
        budgets = thresholds.map { $0.retryBudget.map { RetryBudget($0) } }
        let threshold = configuration.balancing.panicThreshold
        let empty = HostList([], configuration.balancing, panicThreshold: threshold, replacing: nil)
        members = Mutex(Members(current: empty, panicThreshold: threshold))
        warnings = ClusterWarnings(configuration.name, logger: environment.logger)
        let hook = ChangeHook()
        let outliers = environment.outlierService(configuration, statistics) { hook.call() }
        self.outliers = outliers
        let probes = servesClients ? environment.probes : environment.mirrorProbes
        checkers = environment.healthCheckers(configuration, statistics, outliers, tls, on: probes) { hook.call() }
        hook.set { [weak self] in self?.publish() }
    }

    private static func makeTLS(
        _ configuration: Cluster,
        _ counters: TLSCounters
    ) throws(ConfigurationFault) -> ClientTLSContext? {
        guard let tls = configuration.tls else { return nil }
        do throws(TLSFault) {
            return try ClientTLSContext(
                tls,
                version: configuration.version,
                sendsRequestName: configuration.usesHostAsSNI,
                validatesRequestName: configuration.validatesHostAsName,
                servesChecks: !configuration.healthChecks.isEmpty,
                counters: counters
            )
        } catch {
            throw .tls(error, of: "cluster '\(configuration.name)'")
        }
    }

    /// What clients depend on is to be judged by what clients get.
    func judgesEndpoints(by origin: ClusterStatistics.Origin) -> Bool { origin == .external || !servesClients }

    func limits(for origin: ClusterStatistics.Origin, _ priority: RoutingPriority) -> UpstreamLimits {
        limits[origin.rawValue][priority.rawValue]
    }

    /// Mirrors have used up their connections; other workers may have idle ones.
    func makeRoom() {
        accounts.askForRoom()
    }

    // MARK: Retries

    /// Whether another retry may be under way.
    func mayRetry(_ priority: RoutingPriority) -> Bool {
        let limits = limits(for: .external, priority)
        guard let budget = budgets[priority.rawValue] else { return !limits.retries.isExhausted }
        let inUse = limits.requests.current + limits.pending.current
        return limits.retries.current < budget.most(of: inUse)
    }

    func takeRetry(_ priority: RoutingPriority) {
        limits(for: .external, priority).retries.take()
    }

    func freeRetry(_ priority: RoutingPriority) {
        limits(for: .external, priority).retries.free()
    }

    /// Replaces the thresholds by what the runtime has for them.
    ///
    /// - Source: Envoy's keys `circuit_breakers.<cluster>.<priority>.max_connections` and the like.
    func apply(_ runtime: RuntimeSnapshot) {
        for priority in RoutingPriority.allCases {
            let thresholds = configuration.circuitBreakers[priority]
            let prefix = "circuit_breakers.\(configuration.name).\(priority.label)."
            func value(_ name: String, _ configured: UInt32) -> Int {
                Int(clamping: runtime.integer(prefix + name) ?? UInt64(configured))
            }
            for limits in limits.map({ $0[priority.rawValue] }) {
                limits.connections.setMaximum(value("max_connections", thresholds.connections))
                limits.pending.setMaximum(value("max_pending_requests", thresholds.pendingRequests))
                limits.requests.setMaximum(value("max_requests", thresholds.requests))
                limits.retries.setMaximum(value("max_retries", thresholds.retries))
            }
        }
        let key = "upstream.healthy_panic_threshold"
        let threshold = runtime.integer(key).map(Double.init) ?? configuration.balancing.panicThreshold
        let changes = members.withLock { members in
            defer { members.panicThreshold = threshold }
            return members.panicThreshold != threshold
        }
        if changes { publish() }
    }

    // MARK: Endpoints

    var hostList: HostList { members.withLock { $0.current } }

    /// - Parameter body: Gets the endpoints as they are now, and again whenever they change.
    func subscribe(_ body: @escaping @Sendable (HostList) -> Void) {
        let current = members.withLock { members in
            members.subscriber = body
            return members.current
        }
        body(current)
    }

    /// Replaces the endpoints; those that stay are the same objects.
    ///
    /// - Returns: The hosts in use from here on.
    @discardableResult
    func replace(_ endpoints: [ResolvedEndpoint]) -> [SharedHost] {
        let most = configuration.circuitBreakers.connectionsPerHost
        var old = hostList.hosts
        var hosts = endpoints.map { resolved in
            let same = old.firstIndex { $0.address == resolved.address && $0.endpoint == resolved.endpoint }
            if let same { return old.remove(at: same) }
            return SharedHost(
                address: resolved.address,
                hostname: resolved.hostname,
                endpoint: resolved.endpoint,
                health: HealthChecker.initialHealth(of: resolved.endpoint, in: configuration),
                mostConnections: most,
                outlierMonitor: outliers?.makeMonitor()
            )
        }
        for host in hosts { host.set(.pendingRemoval, false) }
        hosts += old.filter(keepsAfterRemoval)
        statistics.membershipChanges.add()
        publish(hosts)
        outliers?.update(hosts: hosts)
        for checker in checkers { checker.update(hosts: hosts) }
        return hosts
    }

    /// An endpoint that is no longer resolved stays while its health checks pass.
    ///
    /// - Source: Envoy, unless `ignore_health_on_host_removal`.
    private func keepsAfterRemoval(_ host: SharedHost) -> Bool {
        guard !checkers.isEmpty, !configuration.balancing.ignoresHealthOnRemoval,
            host.endpoint.isHealthChecked, !host.health.contains(.failedActiveCheck)
        else { return false }
        host.set(.pendingRemoval, true)
        return true
    }

    /// The health of an endpoint changed.
    func publish() {
        publish(nil)
    }

    private func publish(_ hosts: [SharedHost]?) {
        // Within the lock, so that subscribers hear of changes in their order.
        members.withLock { members in
            let gone: HostHealth = [.pendingRemoval, .failedActiveCheck]
            members.current = HostList(
                (hosts ?? members.current.hosts).filter { !$0.health.isSuperset(of: gone) },
                configuration.balancing,
                panicThreshold: members.panicThreshold,
                replacing: members.current
            )
            members.subscriber?(members.current)
        }
    }
}

/// How many retries there may be for the requests in flight.
///
/// - Source: Envoy `circuit_breakers.thresholds.retry_budget`.
private struct RetryBudget: Sendable {
    private let percent: Double
    private let minimum: Int

    init(_ budget: CircuitBreakers.RetryBudget) {
        percent = budget.percent
        minimum = Int(budget.minimumConcurrency)
    }

    func most(of requests: Int) -> Int { max(minimum, Int(Double(requests) * percent / 100)) }
}

extension RoutingPriority {
    /// Envoy's word in names.
    var label: String {
        switch self {
        case .normal: "default"
        case .high: "high"
        }
    }
}

extension CircuitBreakers {
    subscript(_ priority: RoutingPriority) -> Thresholds {
        switch priority {
        case .normal: normal
        case .high: high
        }
    }
}

extension UpstreamLimits {
    convenience init(_ thresholds: CircuitBreakers.Thresholds, total: ResourceLimit?, isRestrained: Bool, slot: Int) {
        self.init(
            connections: Int(thresholds.connections),
            pending: Int(thresholds.pendingRequests),
            requests: Int(thresholds.requests),
            retries: Int(thresholds.retries),
            total: total,
            isRestrained: isRestrained,
            slot: slot
        )
    }
}
