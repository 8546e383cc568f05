// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How one of a cluster's endpoints is chosen for a request.

/// - Source: Envoy `Cluster.lb_policy` with its `..._lb_config`, `load_balancing_policy`, `common_lb_config` and
///   `ClusterLoadAssignment.policy`.
package struct LoadBalancing: Sendable, Equatable {
    package enum Policy: Sendable, Equatable {
        case roundRobin
        /// The one with the fewest requests in flight among `choices` that were drawn; weighted if weights differ.
        ///
        /// Defaults 2 and 1.0. Source: `choice_count`, `active_request_bias`.
        case leastRequest(choices: UInt32, activeRequestBias: Double)
        case random
        case ringHash(RingHash)
        /// A prime number of slots; default 65,537.
        case maglev(tableSize: UInt32)
    }

    package struct RingHash: Sendable, Equatable {
        package enum Function: Sendable, Equatable { case xxHash, murmurHash2 }

        package var function = Function.xxHash
        /// Default 1,024.
        package var minimumSize: UInt64 = 1024
        /// Default 8,388,608.
        package var maximumSize: UInt64 = 8_388_608

        package init() {}
    }

    package enum LocalityChoice: Sendable, Equatable {
        /// Localities are not told apart.
        case none
        /// By `LocalityLbEndpoints.load_balancing_weight`.
        case weighted
    }

    package var policy: Policy
    /// Percent of healthy endpoints below which all count as healthy; zero never.
    ///
    /// Default 50. Source: `healthy_panic_threshold`, which the runtime key `upstream.healthy_panic_threshold` replaces.
    package var panicThreshold = 50.0
    /// Instead of a panic there is no endpoint at all.
    ///
    /// Source: `zone_aware_lb_config.fail_traffic_on_panic`.
    package var failsOnPanic = false
    /// Percent; default 140.
    ///
    /// Source: `ClusterLoadAssignment.Policy.overprovisioning_factor`.
    package var overprovisioningFactor: UInt32 = 140
    package var localities = LocalityChoice.none
    /// Hash by the endpoint's name instead of its address, for ring hash and maglev.
    ///
    /// Source: `consistent_hashing_lb_config.use_hostname_for_hashing`.
    package var hashesHostnames = false
    /// Percent of the mean load that an endpoint may have in ring hash and maglev; `nil` for no bound.
    ///
    /// Source: `consistent_hashing_lb_config.hash_balance_factor`.
    package var hashBalanceFactor: UInt32?
    /// Endpoints that health checks have not seen yet get no requests.
    ///
    /// Source: `ignore_new_hosts_until_first_hc`.
    package var ignoresUncheckedHosts = false
    /// Idle connections are closed when endpoints come or go.
    ///
    /// Source: `close_connections_on_host_set_change`.
    package var closesConnectionsOnChange = false
    /// Endpoints that leave are kept while their health checks pass, unless this is set.
    ///
    /// Source: `ignore_health_on_host_removal`.
    package var ignoresHealthOnRemoval = false

    package init(_ policy: Policy = .roundRobin) {
        self.policy = policy
    }

    /// Whether requests are spread by their hash.
    package var hashes: Bool {
        switch policy {
        case .ringHash, .maglev: true
        case .roundRobin, .leastRequest, .random: false
        }
    }
}

/// Where an endpoint stands.
///
/// - Source: Envoy `core.v3.Locality`.
package struct Locality: Sendable, Hashable {
    package var region: String
    package var zone: String
    package var subZone: String

    package init(region: String = "", zone: String = "", subZone: String = "") {
        self.region = region
        self.zone = zone
        self.subZone = subZone
    }
}
