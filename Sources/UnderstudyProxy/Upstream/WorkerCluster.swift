// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One cluster as one worker sees it: whose turn it is, and a pool of connections to each endpoint.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

/// What becomes of the wish for a connection.
enum Acquisition {
    case picked(PickedConnection)
    /// - Parameter endpoint: Whose ready connection must carry no more requests; `nil` if it came to none.
    case refused(UpstreamFailure, at: WorkerEndpoint?)
    /// All mirrors together have as many connections as they may.
    case beyondBudget
}

/// A connection together with the endpoint that it leads to.
struct PickedConnection {
    let connection: any ClientStream
    let endpoint: WorkerEndpoint
}

/// Loop-bound.
final class WorkerCluster {
    let shared: SharedCluster
    private let loop: LoopContext
    private var endpoints: [WorkerEndpoint] = []
    private var hosts: HostList
    private var balancer: Balancer
    private var serverNames: ServerNames
    /// Connections ask for what the requests' Host says.
    let asksByHost: Bool
    /// Handles of the answers counted here so far, by status less 100.
    private var answers = ClusterStatistics.Origin.allCases.map { _ in [Counter?]() }

    private static let statuses = 100..<1000

    init(_ shared: SharedCluster, loop: LoopContext) {
        self.shared = shared
        self.loop = loop
        let configuration = shared.configuration
        serverNames = ServerNames(header: configuration.sniHeader, keepsAddresses: configuration.validatesHostAsName)
        asksByHost = configuration.usesHostAsSNI || configuration.validatesHostAsName
        let none = HostList([], shared.configuration.balancing, panicThreshold: 0, replacing: nil)
        hosts = none
        balancer = Balancer(none.plan, seed: loop.nextRandom())
        update(shared.hostList)
    }

    /// Replaces the endpoints.
    ///
    /// Pools of endpoints that stay are kept, the others let their connections end.
    func update(_ hosts: HostList) {
        guard hosts !== self.hosts else { return }
        var old = Dictionary(uniqueKeysWithValues: endpoints.map { (ObjectIdentifier($0.host), $0) })
        endpoints = hosts.hosts.map { host in
            old.removeValue(forKey: ObjectIdentifier(host))
                ?? WorkerEndpoint(host) { [unowned self] in
                    makePool($0, to: host)
                }
        }
        for endpoint in old.values { endpoint.retire() }
        let hasChanged = hosts.hosts.count != self.hosts.hosts.count || !old.isEmpty
        if hasChanged, shared.configuration.balancing.closesConnectionsOnChange {
            for endpoint in endpoints { endpoint.closeIdle() }
        }
        for endpoint in endpoints where endpoint.hasBegunToFail() { endpoint.closeIdle() }
        self.hosts = hosts
        balancer.replace(hosts.plan)
    }

    /// A connection to the endpoint whose turn it is.
    ///
    /// - Parameters:
    ///   - fresh: Only a connection that has carried nothing yet will do.
    ///   - patient: A new connection may be made a little later.
    ///   - wish: What else the connection has to be.
    ///   - hash: What the request has in common with others that are to go the same way.
    ///   - avoiding: Addresses that are passed over, if one of `picks` picks finds another.
    func acquire(
        for origin: ClusterStatistics.Origin,
        priority: RoutingPriority = .normal,
        fresh: Bool = false,
        patient: Bool = false,
        wish: ConnectionWish = ConnectionWish(),
        hash: UInt64? = nil,
        avoiding: [SocketAddress] = [],
        picks: Int = 1
    ) -> Acquisition {
        let index = pick(hash, picks: picks) { avoiding.contains(self.endpoints[$0].host.address) }
        guard let index else {
            shared.warnings.refused(.noHealthyUpstream, for: origin)
            return .refused(.noHealthyUpstream, at: nil)
        }
        let endpoint = endpoints[index]
        let limits = shared.limits(for: origin, priority)
        let kind = PoolKind(shared.configuration.version, wish)
        let pool = endpoint.pool(PoolKey(priority: priority, kind: kind, serverName: wish.serverName))
        guard pool.hasIdle(limits) || hasRoom(limits) else { return .beyondBudget }
        guard let connection = pool.acquire(within: limits, fresh: fresh, patient: patient) else {
            shared.warnings.refused(.overflow, for: origin)
            let isReady = !fresh && pool.hasIdle(limits)
            return .refused(.overflow, at: isReady ? endpoint : nil)
        }
        return .picked(PickedConnection(connection: connection, endpoint: endpoint))
    }

    /// Whether there may be another connection, in place of one that has long been idle if need be.
    private func hasRoom(_ limits: UpstreamLimits) -> Bool {
        guard let total = limits.total, total.isExhausted else { return true }
        if loop.resting.closeLongest(), !total.isExhausted { return true }
        shared.warnings.beyondBudget()
        shared.makeRoom()
        return false
    }

    private func pick(_ hash: UInt64?, picks: Int, isRefused: (Int) -> Bool) -> Int? {
        let pick = balancer.pick(
            hash: hash,
            random: loop.nextRandom,
            load: { endpoints[$0].host.counters.activeRequests.current },
            total: shared.statistics.upstream.activeRequests.current,
            picks: picks,
            isRefused: isRefused
        )
        if pick.isPanic { shared.statistics.panics.add() }
        return pick.host
    }

    /// An endpoint has answered.
    ///
    /// What it answers to copies says nothing of its health where clients depend on it: a copy of a request is not the
    /// request, and may fail for being one.
    func answered(_ answer: borrowing ResponseHead, for origin: ClusterStatistics.Origin, at endpoint: WorkerEndpoint?)
    {
        guard let host = endpoint?.host else { return }
        (answer.status >= 500 ? host.counters.requestErrors : host.counters.requestSuccesses).add()
        guard shared.judgesEndpoints(by: origin) else { return }
        if let outliers = shared.outliers {
            outliers.record(.connected, of: host)
            outliers.record(.answered(status: answer.status), of: host)
        }
        guard !shared.checkers.isEmpty else { return }
        if answer.headers.firstIndex(named: Self.immediateFailure) != nil {
            for checker in shared.checkers { checker.failImmediately(host) }
        }
    }

    private static let immediateFailure = Array("x-envoy-immediate-health-check-fail".utf8)

    /// An answer is complete.
    ///
    /// - Parameter time: Since the end of the request, in milliseconds.
    func completed(for origin: ClusterStatistics.Origin, time: UInt64) {
        let statistics = shared.statistics
        switch origin {
        case .external: statistics.clientTime.record(time)
        case .internal: statistics.copyTime.record(time)
        }
        statistics.requestTime.record(time)
    }

    /// Counts an answer, be it the upstream's or the proxy's own for want of one.
    func countAnswer(_ status: Int, for origin: ClusterStatistics.Origin) {
        guard Self.statuses.contains(status) else { return }
        let index = status - Self.statuses.lowerBound
        if answers[origin.rawValue].isEmpty {
            answers[origin.rawValue] = Array(repeating: nil, count: Self.statuses.count)
        }
        if let counter = answers[origin.rawValue][index] { return counter.add() }
        let counter = shared.statistics.answers(status, for: origin)
        answers[origin.rawValue][index] = counter
        counter.add()
    }

    /// Counts what kept an upstream from answering.
    ///
    /// - Parameter ofTry: It was the time of one try that ran out.
    func countFailure(
        _ failure: UpstreamFailure,
        for origin: ClusterStatistics.Origin,
        at endpoint: WorkerEndpoint?,
        ofTry: Bool = false
    ) {
        let statistics = shared.statistics
        switch failure {
        case .timeout:
            (ofTry ? statistics.tryTimeouts : statistics.timeouts).add()
            endpoint?.host.counters.requestTimeouts.add()
        case .noHealthyUpstream: statistics.noneHealthy.add()
        case .closed, .reset, .streamReset, .streamRefused, .goneAway, .protocolError, .connectFailure, .connectTimeout,
            .overflow:
            break
        }
        if failure == .overflow { endpoint?.host.counters.requestErrors.add() }
        if failure != .overflow, failure != .noHealthyUpstream, let host = endpoint?.host {
            host.counters.requestErrors.add()
            guard shared.judgesEndpoints(by: origin) else { return }
            if failure != .connectFailure, failure != .connectTimeout { shared.outliers?.record(.connected, of: host) }
            shared.outliers?.record(.failed(failure), of: host)
        }
    }

    /// No later request comes here: idle connections close now, the others when they are done.
    func retire() {
        for endpoint in endpoints { endpoint.retire() }
    }

    private func makePool(_ key: PoolKey, to host: SharedHost) -> any ClientPool {
        var settings = ConnectionPool.Settings(shared.configuration, address: host.address)
        settings.hostConnections = host.connectionLimits
        settings.tls = shared.tls
        settings.hostname = host.hostname
        settings.serverName = serverNames[key.serverName]
        settings.applicationProtocol =
            switch key.kind {
            case .http1: .http1
            case .http2: .http2
            case .automatic: nil
            }
        let upstream = shared.statistics.upstream
        let http2 = shared.statistics.http2
        switch key.kind {
        case .http1: return ConnectionPool(settings, loop: loop, counters: upstream, host: host.counters)
        case .http2:
            return HTTP2ClientPool(
                settings,
                loop: loop,
                counters: upstream,
                http2Counters: http2,
                host: host.counters
            )
        case .automatic:
            return AutomaticPool(
                settings,
                loop: loop,
                counters: upstream,
                http2Counters: http2,
                host: host.counters
            )
        }
    }

    /// What a request's connections are to ask the upstream for, where that is up to requests.
    func serverName(of head: borrowing RequestHead) -> Int {
        guard asksByHost else { return 0 }
        let (number, forgotten) = serverNames.number(of: head)
        if let forgotten { for endpoint in endpoints { endpoint.forget(serverName: forgotten) } }
        return number
    }
}

@available(*, unavailable)
extension WorkerCluster: Sendable {}
