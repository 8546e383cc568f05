// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How one of a cluster's endpoints is chosen for a request.

/// - Source: Envoy `Cluster.lb_policy` with its `..._lb_config`, `load_balancing_policy`, `common_lb_config` and
///   `ClusterLoadAssignment.policy`.
public struct LoadBalancing: Sendable, Equatable {
    public enum Policy: Sendable, Equatable {
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

    public struct RingHash: Sendable, Equatable {
        public enum Function: Sendable, Equatable { case xxHash, murmurHash2 }

        public var function = Function.xxHash
        /// Default 1,024.
        public var minimumSize: UInt64 = 1024
        /// Default 8,388,608.
        public var maximumSize: UInt64 = 8_388_608

        public init() {}
    }

    public enum LocalityChoice: Sendable, Equatable {
        /// Localities are not told apart.
        case none
        /// By `LocalityLbEndpoints.load_balancing_weight`.
        case weighted
    }

    public var policy: Policy
    /// Percent of healthy endpoints below which all count as healthy; zero never.
    ///
    /// Default 50. Source: `healthy_panic_threshold`, which the runtime key `upstream.healthy_panic_threshold` replaces.
    public var panicThreshold = 50.0
    /// Instead of a panic there is no endpoint at all.
    ///
    /// Source: `zone_aware_lb_config.fail_traffic_on_panic`.
    public var failsOnPanic = false
    /// Percent; default 140.
    ///
    /// Source: `ClusterLoadAssignment.Policy.overprovisioning_factor`.
    public var overprovisioningFactor: UInt32 = 140
    public var localities = LocalityChoice.none
    /// Hash by the endpoint's name instead of its address, for ring hash and maglev.
    ///
    /// Source: `consistent_hashing_lb_config.use_hostname_for_hashing`.
    public var hashesHostnames = false
    /// Percent of the mean load that an endpoint may have in ring hash and maglev; `nil` for no bound.
    ///
    /// Source: `consistent_hashing_lb_config.hash_balance_factor`.
    public var hashBalanceFactor: UInt32?
    /// Endpoints that health checks have not seen yet get no requests.
    ///
    /// Source: `ignore_new_hosts_until_first_hc`.
    public var ignoresUncheckedHosts = false
    /// Idle connections are closed when endpoints come or go.
    ///
    /// Source: `close_connections_on_host_set_change`.
    public var closesConnectionsOnChange = false
    /// Endpoints that leave are kept while their health checks pass, unless this is set.
    ///
    /// Source: `ignore_health_on_host_removal`.
    public var ignoresHealthOnRemoval = false

    public init(_ policy: Policy = .roundRobin) {
        self.policy = policy
    }

    /// Whether requests are spread by their hash.
    public var hashes: Bool {
        switch policy {
        case .ringHash, .maglev: true
        case .roundRobin, .leastRequest, .random: false
        }
    }
}

/// Where an endpoint stands.
///
/// - Source: Envoy `core.v3.Locality`.
public struct Locality: Sendable, Hashable {
    public var region: String
    public var zone: String
    public var subZone: String

    public init(region: String = "", zone: String = "", subZone: String = "") {
        self.region = region
        self.zone = zone
        self.subZone = subZone
    }
}
