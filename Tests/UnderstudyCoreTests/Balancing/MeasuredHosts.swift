// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Endpoints for the tests of balancing, with the addresses that they had when Envoy 1.40 was measured.

import UnderstudyCore

extension BalancedHost {
    /// Endpoint `index` of the measurements.
    static func measured(
        _ index: Int,
        weight: UInt32 = 1,
        _ level: HostHealth.Level = .healthy,
        priority: UInt32 = 0,
        zone: String = "",
        zoneWeight: UInt32 = 0
    ) -> BalancedHost {
        var host = BalancedHost(address: Array("127.0.0.\(1 + index % 3):\(21_001 + index)".utf8))
        host.hostname = Array("host-\(index).example".utf8)
        host.weight = weight
        host.level = level
        host.priority = priority
        host.locality = Locality(region: zone)
        host.localityWeight = zoneWeight
        return host
    }

    static func measured(weights: [UInt32]) -> [BalancedHost] {
        weights.enumerated().map { measured($0, weight: $1) }
    }

    static let tenWeights: [UInt32] = [1, 2, 3, 5, 8, 1, 1, 4, 20, 7]

    /// Localities a, b, c and d, of which c has no weight; one endpoint is down.
    static let fourZones = [
        measured(0, zone: "b", zoneWeight: 3), measured(1, weight: 2, zone: "b", zoneWeight: 3),
        measured(2, zone: "a", zoneWeight: 1),
        measured(3, zone: "c"),
        measured(4, zone: "d", zoneWeight: 2), measured(5, .unhealthy, zone: "d", zoneWeight: 2),
    ]

    /// A first priority with two of three down, and two more.
    static let threePriorities = [
        measured(0), measured(1, .unhealthy), measured(2, .unhealthy),
        measured(3, priority: 1), measured(4, priority: 1),
        measured(5, priority: 2),
    ]
}

extension LoadBalancing {
    static func ring(_ change: (inout RingHash) -> Void = { _ in }) -> LoadBalancing {
        var ring = RingHash()
        change(&ring)
        return LoadBalancing(.ringHash(ring))
    }

    static let maglev = LoadBalancing(.maglev(tableSize: 65_537))

    func with(_ change: (inout LoadBalancing) -> Void) -> LoadBalancing {
        var copy = self
        change(&copy)
        return copy
    }
}
