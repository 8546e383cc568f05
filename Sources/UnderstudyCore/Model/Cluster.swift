// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A group of endpoints that requests can be sent to, as primary or as mirror.

/// Endpoints under one name, with how to find and reach them.
///
/// - Source: Envoy `config.cluster.v3.Cluster`.
package struct Cluster: Sendable, Equatable {
    package enum Discovery: Sendable, Equatable {
        /// Endpoints are IP literals.
        case `static`
        /// Every address that each name resolves to is an endpoint, asked again and again.
        case strictDNS(DNSOptions)
        /// The first address of the one name is the endpoint; connections to earlier ones are used to their end.
        case logicalDNS(DNSOptions)
    }

    package struct DNSOptions: Sendable, Equatable {
        /// Default 5 s.
        ///
        /// Source: `dns_refresh_rate`.
        package var refreshRate = Duration.seconds(5)
        package var family = DNSFamily.auto
        /// Between tries while a name does not resolve; `nil` as `refreshRate`.
        ///
        /// Source: `dns_failure_refresh_rate`.
        package var failureRefresh: FailureRefresh?
        /// Up to this is added to every wait, by chance.
        ///
        /// Source: `dns_jitter`.
        package var jitter = Duration.zero

        package init() {}
    }

    /// Begins at `base` and doubles up to `maximum`.
    package struct FailureRefresh: Sendable, Equatable {
        package var base: Duration
        package var maximum: Duration

        package init(base: Duration, maximum: Duration) {
            self.base = base
            self.maximum = maximum
        }
    }

    package enum DNSFamily: Sendable, Equatable {
        /// IPv6 answers if there are any, else IPv4.
        ///
        /// Envoy's default.
        case auto
        case v4Only
        case v6Only
        /// IPv4 answers if there are any, else IPv6.
        case v4Preferred
        case all
    }

    package var name: String
    package var discovery: Discovery
    /// In file order.
    package var endpoints: [Endpoint]
    /// The `cluster.<name>.` in the names of its statistics; empty for `name`.
    ///
    /// Source: `alt_stat_name`.
    package var statName = ""
    package var balancing = LoadBalancing()
    package var healthChecks: [HealthCheck] = []
    package var outlierDetection: OutlierDetection?
    package var circuitBreakers = CircuitBreakers()
    /// Source: `upstream_connection_options.tcp_keepalive`; `nil` for none.
    package var keepalive: TCPKeepalive?
    /// Publishes the current and the remaining time of requests with a timeout.
    ///
    /// Source: `track_cluster_stats.timeout_budgets`.
    package var tracksTimeoutBudgets = false
    /// Longest wait for a TCP connection.
    ///
    /// Default 5 s. Source: `connect_timeout`.
    package var connectTimeout: Duration
    /// Bytes that may wait for a slow endpoint before reading from the client pauses (primaries only).
    ///
    /// `nil`: the default of `UnderstudyHTTP`. Source: `per_connection_buffer_limit_bytes`.
    package var connectionBufferLimit: Int?
    /// Replaces the lists of the routes that lead here; `nil` leaves them.
    ///
    /// Source: `HttpProtocolOptions.request_mirror_policies`.
    package var mirrorPolicies: [MirrorPolicy]?
    /// For routes that have none.
    ///
    /// Source: `HttpProtocolOptions.retry_policy`.
    package var retryPolicy: RetryPolicy?
    /// Source: `HttpProtocolOptions.upstream_protocol_options`.
    package var version = HTTPVersionChoice.http1
    package var http1 = HTTP1Options()
    package var http2 = HTTP2Options()
    /// `nil` for plain text.
    ///
    /// Source: `transport_socket`.
    package var tls: UpstreamTLS?
    /// The request's Host, without its port, is the SNI.
    ///
    /// Source: `upstream_http_protocol_options.auto_sni`.
    package var usesHostAsSNI = false
    /// The certificate has to be for that name.
    ///
    /// Source: `upstream_http_protocol_options.auto_san_validation`.
    package var validatesHostAsName = false
    /// The header to take the SNI from instead, in lower case; empty for Host.
    ///
    /// Source: `upstream_http_protocol_options.override_auto_sni_header`.
    package var sniHeader = ""
    /// Longest time a connection is kept unused; zero for ever.
    ///
    /// Default 1 h. Source: `common_http_protocol_options.idle_timeout`.
    package var idleTimeout = Duration.seconds(3600)
    /// From a request's head to the end of its answer; zero for none, the default.
    ///
    /// Source: `common_http_protocol_options.max_stream_duration`.
    package var maxStreamDuration = Duration.zero
    /// Zero for no limit, the default.
    package var requestsPerConnection = 0
    /// Bytes of an answer's head, in KiB; default 60.
    package var responseHeadKilobytes = 60
    /// Header lines of an answer; default 100.
    package var responseHeaderCount = 100

    package static let defaultConnectTimeout = Duration.seconds(5)

    package init(
        name: String,
        discovery: Discovery,
        endpoints: [Endpoint],
        connectTimeout: Duration = Cluster.defaultConnectTimeout,
        connectionBufferLimit: Int? = nil
    ) {
        self.name = name
        self.discovery = discovery
        self.endpoints = endpoints
        self.connectTimeout = connectTimeout
        self.connectionBufferLimit = connectionBufferLimit
    }
}

extension Cluster.Discovery {
    /// `nil` for IP literals.
    package var dnsOptions: Cluster.DNSOptions? {
        switch self {
        case .static: nil
        case .strictDNS(let options), .logicalDNS(let options): options
        }
    }
}

/// One place to connect to.
///
/// - Source: Envoy `LbEndpoint`.
package struct Endpoint: Sendable, Equatable {
    package var address: SocketEndpoint
    /// Relative share of the requests, 1 or more.
    ///
    /// Source: `load_balancing_weight`.
    package var weight: UInt32
    /// The name for `auto_host_rewrite`; empty for the one that is resolved.
    ///
    /// Source: `Endpoint.hostname`.
    package var hostname: String
    package var locality = Locality()
    /// Of the locality within its priority; zero gives it no requests if localities are weighted.
    ///
    /// Source: `LocalityLbEndpoints.load_balancing_weight`.
    package var localityWeight: UInt32 = 0
    /// 0 comes first.
    ///
    /// Source: `LocalityLbEndpoints.priority`.
    package var priority: UInt32 = 0
    /// What the file says of its health; `unknown` and `healthy` are well.
    package var health = HealthStatus.unknown
    /// Where health checks go instead of `address`; a port of zero is that of `address`.
    ///
    /// Source: `Endpoint.HealthCheckConfig`.
    package var healthCheckAddress: SocketEndpoint?
    /// The Host of health checks; empty for none of its own.
    package var healthCheckHostname = ""
    package var isHealthChecked = true

    /// - Source: Envoy `core.v3.HealthStatus`.
    package enum HealthStatus: Sendable, Equatable {
        case unknown, healthy, unhealthy, draining, timeout, degraded
    }

    package init(address: SocketEndpoint, weight: UInt32 = 1, hostname: String = "") {
        self.address = address
        self.weight = weight
        self.hostname = hostname
    }
}
