// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A group of endpoints that requests can be sent to, as primary or as mirror.

/// Endpoints under one name, with how to find and reach them.
///
/// - Source: Envoy `config.cluster.v3.Cluster`.
public struct Cluster: Sendable, Equatable {
    public enum Discovery: Sendable, Equatable {
        /// Endpoints are IP literals.
        case `static`
        /// Every address that each name resolves to is an endpoint, asked again and again.
        case strictDNS(DNSOptions)
        /// The first address of the one name is the endpoint; connections to earlier ones are used to their end.
        case logicalDNS(DNSOptions)
    }

    public struct DNSOptions: Sendable, Equatable {
        /// Default 5 s.
        ///
        /// Source: `dns_refresh_rate`.
        public var refreshRate = Duration.seconds(5)
        public var family = DNSFamily.auto
        /// Between tries while a name does not resolve; `nil` as `refreshRate`.
        ///
        /// Source: `dns_failure_refresh_rate`.
        public var failureRefresh: FailureRefresh?
        /// Up to this is added to every wait, by chance.
        ///
        /// Source: `dns_jitter`.
        public var jitter = Duration.zero

        public init() {}
    }

    /// Begins at `base` and doubles up to `maximum`.
    public struct FailureRefresh: Sendable, Equatable {
        public var base: Duration
        public var maximum: Duration

        public init(base: Duration, maximum: Duration) {
            self.base = base
            self.maximum = maximum
        }
    }

    public enum DNSFamily: Sendable, Equatable {
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

    public var name: String
    public var discovery: Discovery
    /// In file order.
    public var endpoints: [Endpoint]
    /// The `cluster.<name>.` in the names of its statistics; empty for `name`.
    ///
    /// Source: `alt_stat_name`.
    public var statName = ""
    public var balancing = LoadBalancing()
    public var healthChecks: [HealthCheck] = []
    public var outlierDetection: OutlierDetection?
    public var circuitBreakers = CircuitBreakers()
    /// Source: `upstream_connection_options.tcp_keepalive`; `nil` for none.
    public var keepalive: TCPKeepalive?
    /// Publishes the current and the remaining time of requests with a timeout.
    ///
    /// Source: `track_cluster_stats.timeout_budgets`.
    public var tracksTimeoutBudgets = false
    /// Longest wait for a TCP connection.
    ///
    /// Default 5 s. Source: `connect_timeout`.
    public var connectTimeout: Duration
    /// Bytes that may wait for a slow endpoint before reading from the client pauses (primaries only).
    ///
    /// `nil`: the default of `UnderstudyHTTP`. Source: `per_connection_buffer_limit_bytes`.
    public var connectionBufferLimit: Int?
    /// Replaces the lists of the routes that lead here; `nil` leaves them.
    ///
    /// Source: `HttpProtocolOptions.request_mirror_policies`.
    public var mirrorPolicies: [MirrorPolicy]?
    /// For routes that have none.
    ///
    /// Source: `HttpProtocolOptions.retry_policy`.
    public var retryPolicy: RetryPolicy?
    /// Source: `HttpProtocolOptions.upstream_protocol_options`.
    public var version = HTTPVersionChoice.http1
    public var http1 = HTTP1Options()
    public var http2 = HTTP2Options()
    /// `nil` for plain text.
    ///
    /// Source: `transport_socket`.
    public var tls: UpstreamTLS?
    /// The request's Host, without its port, is the SNI.
    ///
    /// Source: `upstream_http_protocol_options.auto_sni`.
    public var usesHostAsSNI = false
    /// The certificate has to be for that name.
    ///
    /// Source: `upstream_http_protocol_options.auto_san_validation`.
    public var validatesHostAsName = false
    /// The header to take the SNI from instead, in lower case; empty for Host.
    ///
    /// Source: `upstream_http_protocol_options.override_auto_sni_header`.
    public var sniHeader = ""
    /// Longest time a connection is kept unused; zero for ever.
    ///
    /// Default 1 h. Source: `common_http_protocol_options.idle_timeout`.
    public var idleTimeout = Duration.seconds(3600)
    /// From a request's head to the end of its answer; zero for none, the default.
    ///
    /// Source: `common_http_protocol_options.max_stream_duration`.
    public var maxStreamDuration = Duration.zero
    /// Zero for no limit, the default.
    public var requestsPerConnection = 0
    /// Bytes of an answer's head, in KiB; default 60.
    public var responseHeadKilobytes = 60
    /// Header lines of an answer; default 100.
    public var responseHeaderCount = 100

    public static let defaultConnectTimeout = Duration.seconds(5)

    public init(
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
    public var dnsOptions: Cluster.DNSOptions? {
        switch self {
        case .static: nil
        case .strictDNS(let options), .logicalDNS(let options): options
        }
    }
}

/// One place to connect to.
///
/// - Source: Envoy `LbEndpoint`.
public struct Endpoint: Sendable, Equatable {
    public var address: SocketEndpoint
    /// Relative share of the requests, 1 or more.
    ///
    /// Source: `load_balancing_weight`.
    public var weight: UInt32
    /// The name for `auto_host_rewrite`; empty for the one that is resolved.
    ///
    /// Source: `Endpoint.hostname`.
    public var hostname: String
    public var locality = Locality()
    /// Of the locality within its priority; zero gives it no requests if localities are weighted.
    ///
    /// Source: `LocalityLbEndpoints.load_balancing_weight`.
    public var localityWeight: UInt32 = 0
    /// 0 comes first.
    ///
    /// Source: `LocalityLbEndpoints.priority`.
    public var priority: UInt32 = 0
    /// What the file says of its health; `unknown` and `healthy` are well.
    public var health = HealthStatus.unknown
    /// Where health checks go instead of `address`; a port of zero is that of `address`.
    ///
    /// Source: `Endpoint.HealthCheckConfig`.
    public var healthCheckAddress: SocketEndpoint?
    /// The Host of health checks; empty for none of its own.
    public var healthCheckHostname = ""
    public var isHealthChecked = true

    /// - Source: Envoy `core.v3.HealthStatus`.
    public enum HealthStatus: Sendable, Equatable {
        case unknown, healthy, unhealthy, draining, timeout, degraded
    }

    public init(address: SocketEndpoint, weight: UInt32 = 1, hostname: String = "") {
        self.address = address
        self.weight = weight
        self.hostname = hostname
    }
}
