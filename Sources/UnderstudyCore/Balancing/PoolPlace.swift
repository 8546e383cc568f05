// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Names for the pools of a plan, so that turns survive a change of the endpoints.

struct PoolPlace: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        case all, healthy, degraded
        case zoneHealthy(Int)
        case zoneDegraded(Int)

        /// Among the pools of one priority.
        var offset: Int {
            switch self {
            case .all: 0
            case .healthy: 1
            case .degraded: 2
            case .zoneHealthy(let zone): 3 + 2 * zone
            case .zoneDegraded(let zone): 4 + 2 * zone
            }
        }
    }

    var priority: Int
    var kind: Kind
}

struct PlacedPool: Sendable {
    let place: PoolPlace
    let pool: HostPool
}

extension HostSet {
    var poolCount: Int { 3 + 2 * zones.count }

    /// By their offset.
    func pools(priority: Int) -> [PlacedPool] {
        func placed(_ kind: PoolPlace.Kind, _ pool: HostPool) -> PlacedPool {
            PlacedPool(place: PoolPlace(priority: priority, kind: kind), pool: pool)
        }
        return [placed(.all, all), placed(.healthy, healthy), placed(.degraded, degraded)]
            + zones.enumerated().flatMap { index, zone in
                [placed(.zoneHealthy(index), zone.healthy), placed(.zoneDegraded(index), zone.degraded)]
            }
    }
}
