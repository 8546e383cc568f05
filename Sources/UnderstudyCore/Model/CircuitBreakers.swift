// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How much of a cluster may be in use at a time.

/// - Source: Envoy `cluster.v3.CircuitBreakers`.
public struct CircuitBreakers: Sendable, Equatable {
    public struct Thresholds: Sendable, Equatable {
        public var connections: UInt32 = 1024
        public var pendingRequests: UInt32 = 1024
        public var requests: UInt32 = 1024
        public var retries: UInt32 = 3
        public var retryBudget: RetryBudget?
        /// Publishes what is left in `remaining_...` gauges.
        public var tracksRemaining = false

        public init() {}
    }

    /// Retries as a share of the requests in flight, instead of a fixed number.
    public struct RetryBudget: Sendable, Equatable {
        /// Default 20.
        public var percent = 20.0
        /// Default 3.
        public var minimumConcurrency: UInt32 = 3

        public init() {}
    }

    /// For requests of routes whose `priority` is default, and high.
    public var normal = Thresholds()
    public var high = Thresholds()
    /// Connections to one endpoint, for all priorities; `nil` for no limit.
    ///
    /// Source: `per_host_thresholds`.
    public var connectionsPerHost: UInt32?

    public init() {}
}

/// - Source: Envoy `core.v3.RoutingPriority`.
public enum RoutingPriority: Int, Sendable, CaseIterable {
    case normal
    case high
}

/// - Source: Envoy `core.v3.TcpKeepalive`; `nil` leaves the system's value.
public struct TCPKeepalive: Sendable, Equatable {
    public var probes: UInt32?
    /// Seconds of silence before the first probe.
    public var time: UInt32?
    /// Seconds between probes.
    public var interval: UInt32?

    public init() {}
}
