// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How endpoints are asked whether they are well.

/// One active health check of a cluster.
///
/// - Source: Envoy `core.v3.HealthCheck`.
package struct HealthCheck: Sendable, Equatable {
    package enum Probe: Sendable, Equatable {
        case http(HTTPProbe)
        case tcp(TCPProbe)
    }

    /// - Source: Envoy `HealthCheck.HttpHealthCheck`.
    package struct HTTPProbe: Sendable, Equatable {
        /// Empty for the endpoint's own name or else the cluster's.
        package var host = ""
        package var path: String
        /// Source: `codec_client_type`.
        package var version = HTTPVersionChoice.http1
        /// Upper case; default `GET`.
        package var method = "GET"
        package var headers = HeaderOperations()
        /// Statuses that are well, as half-open ranges; empty for 200 only.
        package var expectedStatuses: [Range<Int>] = []
        /// Statuses that are ill but do not fail an endpoint at once.
        package var retriableStatuses: [Range<Int>] = []
        /// Must be in the answer's body, in this order; empty looks at no body.
        package var receive: [[UInt8]] = []
        /// Bytes of the body that are looked at; zero for no limit.
        ///
        /// Default 1,024. Source: `response_buffer_size`.
        package var bodyLimit = 1024
        /// What `x-envoy-upstream-healthchecked-cluster` of the answer has to match.
        package var serviceName: StringMatcher?

        package init(path: String) {
            self.path = path
        }
    }

    /// - Source: Envoy `HealthCheck.TcpHealthCheck`.
    package struct TCPProbe: Sendable, Equatable {
        /// Sent once connected; `nil` only connects.
        package var send: [UInt8]?
        /// Must come back, in this order.
        package var receive: [[UInt8]] = []

        package init() {}
    }

    package var probe: Probe
    package var timeout: Duration
    package var interval: Duration
    package var unhealthyThreshold: UInt32
    package var healthyThreshold: UInt32
    /// Up to this is added to the first wait, by chance.
    package var initialJitter = Duration.zero
    package var intervalJitter = Duration.zero
    package var intervalJitterPercent: UInt32 = 0
    /// While the cluster has had no request yet.
    ///
    /// Default 60 s.
    package var noTrafficInterval = Duration.seconds(60)
    /// Like it, for endpoints that are well; `nil` as `noTrafficInterval`.
    package var noTrafficHealthyInterval: Duration?
    /// `nil` as `interval`.
    package var unhealthyInterval: Duration?
    /// After a check that has just failed an endpoint; `nil` as `unhealthyInterval`.
    package var unhealthyEdgeInterval: Duration?
    package var healthyEdgeInterval: Duration?
    /// Default true.
    package var reusesConnection = true
    package var alwaysLogsFailures = false
    package var alwaysLogsSuccesses = false

    package init(
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
package struct HealthCheckFilter: Sendable, Equatable {
    /// Lets checks through to the upstream, and remembers the answer for `cacheTime`.
    package var passesThrough: Bool
    package var cacheTime = Duration.zero
    /// Which requests are checks: all of these match.
    package var headers: [HeaderMatch] = []
    /// By cluster: percent of endpoints that have to be well for a 200; empty asks nothing.
    package var minimumHealthyPercentages: [String: Double] = [:]

    package init(passesThrough: Bool) {
        self.passesThrough = passesThrough
    }
}
