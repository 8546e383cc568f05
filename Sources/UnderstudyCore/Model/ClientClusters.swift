// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which clusters clients depend on: the others must never be waited for.

/// The clusters that a route may forward a client's request to.
///
/// Every other one is only ever sent copies, or nothing at all. A choice whose weight is zero counts, since a runtime
/// value may raise it.
public struct ClientClusters: Sendable, Equatable {
    private var names: Set<String> = []
    /// A header of the request says which.
    private var isAny = false

    public init(_ configuration: ServerConfiguration) {
        for listener in configuration.listeners {
            for host in listener.allFilterChains.flatMap(\.connectionManager.routes.virtualHosts) {
                for route in host.routes {
                    guard case .forward(let action) = route.action else { continue }
                    add(action.clusters)
                }
            }
        }
    }

    private mutating func add(_ clusters: ClusterSelection) {
        switch clusters {
        case .one(let cluster): add(cluster)
        case .weighted(let weighted): for choice in weighted.choices { add(choice.cluster) }
        }
    }

    private mutating func add(_ cluster: ClusterSpecifier) {
        switch cluster {
        case .name(let name): names.insert(name)
        case .header: isAny = true
        }
    }

    public func contains(_ cluster: String) -> Bool { isAny || names.contains(cluster) }
}
