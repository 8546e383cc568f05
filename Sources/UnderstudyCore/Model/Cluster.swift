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
        /// Every address that each name resolves to is an endpoint, asked again every `refreshRate`.
        ///
        /// Default 5 s. Source: `dns_refresh_rate`.
        case strictDNS(refreshRate: Duration, family: DNSFamily)
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
    /// In file order; localities are not distinguished.
    package var endpoints: [Endpoint]
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
    package var http1 = HTTP1Options()
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
    package static let defaultRefreshRate = Duration.seconds(5)

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

    package init(address: SocketEndpoint, weight: UInt32 = 1, hostname: String = "") {
        self.address = address
        self.weight = weight
        self.hostname = hostname
    }
}
