// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One cluster as one worker sees it: whose turn it is, and a pool of connections to each endpoint.

package import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

/// An address that a cluster's requests may go to.
package struct ResolvedEndpoint: Sendable, Hashable {
    package let address: SocketAddress
    package let weight: UInt32
    /// As configured, for `auto_host_rewrite`.
    package let hostname: [UInt8]

    package init(address: SocketAddress, weight: UInt32, hostname: [UInt8] = []) {
        self.address = address
        self.weight = weight
        self.hostname = hostname
    }
}

/// An endpoint with its connections, as one worker sees it.
///
/// Loop-bound.
final class WorkerEndpoint {
    let resolved: ResolvedEndpoint
    let pool: ConnectionPool

    init(_ resolved: ResolvedEndpoint, pool: ConnectionPool) {
        self.resolved = resolved
        self.pool = pool
    }
}

@available(*, unavailable)
extension WorkerEndpoint: Sendable {}

/// A connection together with the endpoint that it leads to.
struct PickedConnection {
    let connection: HTTP1ClientConnection
    let endpoint: WorkerEndpoint
}

/// Loop-bound.
final class WorkerCluster {
    let shared: SharedCluster
    private let loop: LoopContext
    private var pools: [WorkerEndpoint] = []
    private var balancer = RoundRobin(weights: [])
    /// Handles of the answers counted here so far, by status less 100.
    private var answers = ClusterStatistics.Origin.allCases.map { _ in [Counter?]() }

    private static let statuses = 100..<1000

    init(_ shared: SharedCluster, loop: LoopContext) {
        self.shared = shared
        self.loop = loop
    }

    /// Replaces the endpoints.
    ///
    /// Pools of endpoints that stay are kept, the others let their connections end.
    func update(_ endpoints: [ResolvedEndpoint]) {
        guard endpoints != pools.map(\.resolved) else { return }
        var old = pools
        pools = endpoints.map { endpoint in
            if let index = old.firstIndex(where: { $0.resolved.address == endpoint.address }) {
                return WorkerEndpoint(endpoint, pool: old.remove(at: index).pool)
            }
            return WorkerEndpoint(endpoint, pool: makePool(endpoint))
        }
        for endpoint in old { endpoint.pool.retire() }
        balancer = RoundRobin(weights: endpoints.map(\.weight))
    }

    /// A connection to the endpoint whose turn it is.
    ///
    /// - Parameters:
    ///   - fresh: Only a connection that has carried nothing yet will do.
    ///   - avoiding: Addresses that are passed over, if one of `picks` picks finds another.
    func acquire(
        for origin: ClusterStatistics.Origin,
        fresh: Bool = false,
        avoiding: [SocketAddress] = [],
        picks: Int = 1
    ) -> Result<PickedConnection, UpstreamFailure> {
        guard var index = balancer.pick() else { return .failure(.noHealthyUpstream) }
        var left = picks
        while left > 1, avoiding.contains(pools[index].resolved.address), let next = balancer.pick() {
            index = next
            left -= 1
        }
        let limit = shared.limit(for: origin)
        let endpoint = pools[index]
        guard let connection = endpoint.pool.acquire(within: limit, fresh: fresh) else {
            return .failure(.overflow)
        }
        return .success(PickedConnection(connection: connection, endpoint: endpoint))
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
    func countFailure(_ failure: UpstreamFailure, for origin: ClusterStatistics.Origin) {
        switch failure {
        case .connectFailure, .connectTimeout: shared.statistics.connectFailures.add()
        case .timeout: shared.statistics.timeouts.add()
        case .noHealthyUpstream: shared.statistics.noneHealthy.add()
        case .overflow: shared.statistics.overflows.add()
        case .closed, .reset, .protocolError: break
        }
        countAnswer(failure.status, for: origin)
    }

    func retire() {
        for endpoint in pools { endpoint.pool.retire() }
        pools = []
        balancer = RoundRobin(weights: [])
    }

    private func makePool(_ endpoint: ResolvedEndpoint) -> ConnectionPool {
        let settings = ConnectionPool.Settings(shared.configuration, address: endpoint.address)
        return ConnectionPool(
            settings,
            loop: loop,
            connectionsMade: shared.statistics.connections
        )
    }
}
