// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// An endpoint with its connections, as one worker sees it.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

/// What a request asks of the connection that carries it, besides its endpoint.
struct ConnectionWish {
    /// The client speaks HTTP/2.
    var isHTTP2 = false
    /// It carries bytes with no HTTP around them.
    var isRaw = false
    /// A number of the cluster's; zero for none.
    var serverName = 0
}

/// What the connections of a pool speak.
enum PoolKind {
    case http1, http2, automatic

    init(_ version: HTTPVersionChoice, _ wish: ConnectionWish) {
        switch version {
        case _ where wish.isRaw: self = .http1
        case .http1: self = .http1
        case .http2: self = .http2
        case .automatic: self = .automatic
        case .sameAsDownstream: self = wish.isHTTP2 ? .http2 : .http1
        }
    }
}

/// Tells the pools of one endpoint apart.
struct PoolKey: Equatable {
    /// Requests of high priority wait for no others.
    var priority: RoutingPriority
    var kind: PoolKind
    var serverName: Int
}

/// Loop-bound.
final class WorkerEndpoint {
    let host: SharedHost
    /// As format strings tell it.
    let networkAddress: NetworkAddress
    private let makePool: (PoolKey) -> any ClientPool
    /// One, or a few.
    private var pools: [(key: PoolKey, pool: any ClientPool)] = []
    private var isFailing = false
    private var isRetired = false

    init(_ host: SharedHost, makePool: @escaping (PoolKey) -> any ClientPool) {
        self.host = host
        networkAddress = NetworkAddress(host.address)
        self.makePool = makePool
    }

    func pool(_ key: PoolKey) -> any ClientPool {
        for index in pools.indices where pools[index].key == key { return pools[index].pool }
        let pool = makePool(key)
        // A request that began before may still come here for another try.
        if isRetired { pool.retire() }
        pools.append((key, pool))
        return pool
    }

    /// No later request asks for the name.
    func forget(serverName: Int) {
        for entry in pools where entry.key.serverName == serverName { entry.pool.retire() }
        pools.removeAll { $0.key.serverName == serverName }
    }

    func retire() {
        isRetired = true
        for entry in pools { entry.pool.retire() }
    }

    func closeIdle() {
        for entry in pools { entry.pool.closeIdle() }
    }

    /// Whether the endpoint is unwell, and was not at the last call: new connections to it may do better than old ones.
    ///
    /// - Source: measured on Envoy 1.40, without `close_connections_on_host_health_failure` too.
    func hasBegunToFail() -> Bool {
        let hasFailed = isFailing
        isFailing = !host.health.isDisjoint(with: [.failedActiveCheck, .failedOutlierCheck])
        return isFailing && !hasFailed
    }
}

@available(*, unavailable)
extension WorkerEndpoint: Sendable {}
