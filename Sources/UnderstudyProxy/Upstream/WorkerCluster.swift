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
}

/// Loop-bound.
final class WorkerCluster {
    let shared: SharedCluster
    private let loop: LoopContext
    private var pools: [(endpoint: ResolvedEndpoint, pool: ConnectionPool)] = []
    private var balancer = RoundRobin(weights: [])

    init(_ shared: SharedCluster, loop: LoopContext) {
        self.shared = shared
        self.loop = loop
    }

    /// Replaces the endpoints.
    ///
    /// Pools of endpoints that stay are kept, the others let their connections end.
    func update(_ endpoints: [ResolvedEndpoint]) {
        guard endpoints != pools.map(\.endpoint) else { return }
        var old = pools
        pools = endpoints.map { endpoint in
            if let index = old.firstIndex(where: { $0.endpoint.address == endpoint.address }) {
                return (endpoint, old.remove(at: index).pool)
            }
            return (endpoint, makePool(endpoint))
        }
        for (_, pool) in old { pool.retire() }
        balancer = RoundRobin(weights: endpoints.map(\.weight))
    }

    /// A connection to the endpoint whose turn it is.
    func acquire(fresh: Bool = false) -> Result<HTTP1ClientConnection, UpstreamFailure> {
        guard let index = balancer.pick() else {
            shared.statistics.noneHealthy.add()
            return .failure(.noHealthyUpstream)
        }
        guard let connection = pools[index].pool.acquire(fresh: fresh) else {
            shared.statistics.overflows.add()
            return .failure(.overflow)
        }
        return .success(connection)
    }

    func retire() {
        for (_, pool) in pools { pool.retire() }
        pools = []
        balancer = RoundRobin(weights: [])
    }

    private func makePool(_ endpoint: ResolvedEndpoint) -> ConnectionPool {
        var settings = ConnectionPool.Settings(
            address: endpoint.address,
            connectTimeout: TimeAmount(shared.configuration.connectTimeout)
        )
        if let limit = shared.configuration.connectionBufferLimit { settings.bufferedBytes = limit }
        return ConnectionPool(
            settings,
            loop: loop,
            limit: shared.limit,
            connectionsMade: shared.statistics.connections
        )
    }
}
