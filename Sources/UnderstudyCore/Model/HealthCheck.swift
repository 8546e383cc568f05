// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How endpoints are asked whether they are well.

/// One active health check of a cluster.
///
/// - Source: Envoy `core.v3.HealthCheck`.
public struct HealthCheck: Sendable, Equatable {
    public enum Probe: Sendable, Equatable {
        case http(HTTPProbe)
        case tcp(TCPProbe)
    }

    /// - Source: Envoy `HealthCheck.HttpHealthCheck`.
    public struct HTTPProbe: Sendable, Equatable {
        /// Empty for the endpoint's own name or else the cluster's.
        public var host = ""
        public var path: String
        /// Source: `codec_client_type`.
        public var version = HTTPVersionChoice.http1
        /// Upper case; default `GET`.
        public var method = "GET"
        public var headers = HeaderOperations()
        /// Statuses that are well, as half-open ranges; empty for 200 only.
        public var expectedStatuses: [Range<Int>] = []
        /// Statuses that are ill but do not fail an endpoint at once.
        public var retriableStatuses: [Range<Int>] = []
        /// Must be in the answer's body, in this order; empty looks at no body.
        public var receive: [[UInt8]] = []
        /// Bytes of the body that are looked at; zero for no limit.
        ///
        /// Default 1,024. Source: `response_buffer_size`.
        public var bodyLimit = 1024
        /// What `x-envoy-upstream-healthchecked-cluster` of the answer has to match.
        public var serviceName: StringMatcher?

        public init(path: String) {
            self.path = path
        }
    }

    /// - Source: Envoy `HealthCheck.TcpHealthCheck`.
    public struct TCPProbe: Sendable, Equatable {
        /// Sent once connected; `nil` only connects.
        public var send: [UInt8]?
        /// Must come back, in this order.
        public var receive: [[UInt8]] = []

        public init() {}
    }

    public var probe: Probe
    public var timeout: Duration
    public var interval: Duration
    public var unhealthyThreshold: UInt32
    public var healthyThreshold: UInt32
    /// Up to this is added to the first wait, by chance.
    public var initialJitter = Duration.zero
    public var intervalJitter = Duration.zero
    public var intervalJitterPercent: UInt32 = 0
    /// While the cluster has had no request yet.
    ///
    /// Default 60 s.
    public var noTrafficInterval = Duration.seconds(60)
    /// Like it, for endpoints that are well; `nil` as `noTrafficInterval`.
    public var noTrafficHealthyInterval: Duration?
    /// `nil` as `interval`.
    public var unhealthyInterval: Duration?
    /// After a check that has just failed an endpoint; `nil` as `unhealthyInterval`.
    public var unhealthyEdgeInterval: Duration?
    public var healthyEdgeInterval: Duration?
    /// Default true.
    public var reusesConnection = true
    public var alwaysLogsFailures = false
    public var alwaysLogsSuccesses = false

    public init(
        _ probe: Probe,
        timeout: Duration,
        interval: Duration,
        unhealthyThreshold: UInt32,
        healthyThreshold: UInt32
    ) {
        self.probe = probe
        self.timeout = timeout
        self.interval = interval
        self.unhealthyThreshold = unhealthyThreshold
        self.healthyThreshold = healthyThreshold
    }
}

/// Answers of the proxy to health checks of its own.
///
/// - Source: Envoy `HealthCheck` HTTP filter.
public struct HealthCheckFilter: Sendable, Equatable {
    /// Lets checks through to the upstream, and remembers the answer for `cacheTime`.
    public var passesThrough: Bool
    public var cacheTime = Duration.zero
    /// Which requests are checks: all of these match.
    public var headers: [HeaderMatch] = []
    /// By cluster: percent of endpoints that have to be well for a 200; empty asks nothing.
    public var minimumHealthyPercentages: [String: Double] = [:]

    public init(passesThrough: Bool) {
        self.passesThrough = passesThrough
    }
}
