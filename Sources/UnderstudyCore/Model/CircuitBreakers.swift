// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How much of a cluster may be in use at a time.

/// - Source: Envoy `cluster.v3.CircuitBreakers`.
package struct CircuitBreakers: Sendable, Equatable {
    package struct Thresholds: Sendable, Equatable {
        package var connections: UInt32 = 1024
        package var pendingRequests: UInt32 = 1024
        package var requests: UInt32 = 1024
        package var retries: UInt32 = 3
        package var retryBudget: RetryBudget?
        /// Publishes what is left in `remaining_...` gauges.
        package var tracksRemaining = false

        package init() {}
    }

    /// Retries as a share of the requests in flight, instead of a fixed number.
    package struct RetryBudget: Sendable, Equatable {
        /// Default 20.
        package var percent = 20.0
        /// Default 3.
        package var minimumConcurrency: UInt32 = 3

        package init() {}
    }

    /// For requests of routes whose `priority` is default, and high.
    package var normal = Thresholds()
    package var high = Thresholds()
    /// Connections to one endpoint, for all priorities; `nil` for no limit.
    ///
    /// Source: `per_host_thresholds`.
    package var connectionsPerHost: UInt32?

    package init() {}
}

/// - Source: Envoy `core.v3.RoutingPriority`.
package enum RoutingPriority: Int, Sendable, CaseIterable {
    case normal
    case high
}

/// - Source: Envoy `core.v3.TcpKeepalive`; `nil` leaves the system's value.
package struct TCPKeepalive: Sendable, Equatable {
    package var probes: UInt32?
    /// Seconds of silence before the first probe.
    package var time: UInt32?
    /// Seconds between probes.
    package var interval: UInt32?

    package init() {}
}
