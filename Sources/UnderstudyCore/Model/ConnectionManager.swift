// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How the requests of a listener are read, changed, routed and answered.

/// Source: Envoy `HttpConnectionManager`.
public struct ConnectionManager: Sendable, Equatable {
    public enum ServerHeader: Sendable, Equatable { case overwrite, appendIfAbsent, passThrough }

    /// The `http.<stat_prefix>.` in the names of its statistics.
    ///
    /// Never empty.
    public var statPrefix: String
    /// The value of the `server` answer header.
    ///
    /// Default `understudy`. Source: `server_name`.
    public var serverName = "understudy"
    /// Source: `server_header_transformation`.
    public var serverHeader = ServerHeader.overwrite
    public var forwarding = ForwardingOptions()
    public var requestID = RequestIDOptions()
    public var path = PathOptions()
    public var host = HostOptions()
    /// Source: `codec_type`.
    public var version = HTTPVersionChoice.automatic
    public var http1 = HTTP1Options()
    public var http2 = HTTP2Options()
    public var clientCertificate = ClientCertificateForwarding()
    public var timeouts = DownstreamTimeouts()
    public var limits = DownstreamLimits()
    /// By type in lower case, `connect` included.
    ///
    /// Source: `upgrade_configs`.
    public var upgrades: [String: UpgradePolicy] = [:]
    /// Passes `expect: 100-continue` and the primary's `100 Continue` on.
    public var proxiesContinue = false
    /// Puts the service's own name into `user-agent` and `x-envoy-downstream-service-cluster`.
    public var addsUserAgent = false
    public var localReplies = LocalReplyOptions()
    /// The router adds no `x-envoy-` headers.
    ///
    /// Source: `Router.suppress_envoy_headers`.
    public var suppressesEnvoyHeaders = false
    /// A client's `x-envoy-expected-rq-timeout-ms` is believed.
    ///
    /// Source: `Router.respect_expected_rq_timeout`.
    public var respectsExpectedTimeout = false
    /// A line of each for every request.
    public var accessLogs: [AccessLog] = []
    /// A line of each for every try and every copy.
    ///
    /// Source: `Router.upstream_log`.
    public var upstreamLogs: [AccessLog] = []
    /// In the order of the filters.
    public var healthCheckFilters: [HealthCheckFilter] = []
    /// Of requests that no route is found for; each route has its own.
    ///
    /// Not `none` if there is a buffer filter at all.
    public var buffering = BodyBuffering.none
    /// A buffer filter stands before the first health check filter: it is asked first.
    public var buffersBeforeHealthChecks = false
    public var routes: RouteConfiguration

    public init(statPrefix: String, routes: RouteConfiguration) {
        self.statPrefix = statPrefix
        self.routes = routes
    }
}

/// Whom the proxy believes about where a request comes from, and what it tells upstreams.
public struct ForwardingOptions: Sendable, Equatable {
    public enum Scheme: Sendable, Equatable { case asReceived, overwrite(String), matchUpstream }

    /// The peer is the client: its address is the truth, and is appended to `x-forwarded-for`.
    public var usesRemoteAddress = false
    /// Entries at the end of `x-forwarded-for` that trusted proxies have written.
    public var trustedHops = 0
    public var skipsAppend = false
    /// Whose requests count as internal; empty for nobody's.
    public var internalRanges: [AddressRange] = []
    /// Added to `via` in both directions; empty for none.
    public var via = ""
    /// Source: `represent_ipv4_remote_address_as_ipv4_mapped_ipv6`.
    public var mapsIPv4 = false
    /// Source: `append_x_forwarded_port`.
    public var appendsPort = false
    /// Source: `scheme_header_transformation`.
    public var scheme = Scheme.asReceived

    public init() {}
}

public struct RequestIDOptions: Sendable, Equatable {
    /// Default true.
    ///
    /// Source: `generate_request_id`.
    public var generates = true
    /// Keeps the one that a request from outside carries.
    ///
    /// Source: `preserve_external_request_id`.
    public var preservesExternal = false
    /// Source: `always_set_request_id_in_response`.
    public var isInResponse = false

    public init() {}
}

public struct PathOptions: Sendable, Equatable {
    public enum EscapedSlashes: Sendable, Equatable { case keep, reject, unescapeAndRedirect, unescapeAndForward }

    /// Removes dot segments and decodes unreserved characters (RFC 3986 section 6).
    ///
    /// Source: `normalize_path`; default false.
    public var normalizes = false
    public var mergesSlashes = false
    public var escapedSlashes = EscapedSlashes.keep

    public init() {}

    public var changesNothing: Bool { !normalizes && !mergesSlashes && escapedSlashes == .keep }
}

public struct HostOptions: Sendable, Equatable {
    public enum Port: Sendable, Equatable { case keep, stripIfListener, strip }

    /// Source: `strip_matching_host_port`, `strip_any_host_port`.
    public var port = Port.keep
    public var stripsTrailingDot = false

    public init() {}
}

/// HTTP/1 towards clients or towards one cluster.
///
/// Source: Envoy `Http1ProtocolOptions`.
public struct HTTP1Options: Sendable, Equatable {
    public enum HeaderCase: Sendable, Equatable {
        case lower
        /// The first letter of every word is raised.
        case proper
        /// As received, where it is known.
        ///
        /// Source: the `preserve_case` formatter.
        case preserved
    }

    public var acceptsHTTP10 = false
    /// The Host of an HTTP/1.0 request that has none; empty for none.
    public var defaultHost = ""
    public var passesTrailers = false
    public var headerCase = HeaderCase.lower
    /// Source: `send_fully_qualified_url`.
    public var sendsAbsoluteTarget = false

    public init() {}
}

public struct DownstreamTimeouts: Sendable, Equatable {
    /// Longest silence of a stream; zero for none.
    ///
    /// Default 5 min.
    public var streamIdle = Duration.seconds(300)
    /// From the first byte to the last of a request; zero for none, the default.
    public var request = Duration.zero
    /// From the first byte to the last of a head; zero for none.
    ///
    /// Default 10 s here, none in Envoy.
    public var requestHeaders = Duration.seconds(10)
    /// Longest silence between requests; zero for none.
    ///
    /// Default 1 h.
    public var idle = Duration.seconds(3600)
    /// Zero for none, the default.
    public var maxConnectionDuration = Duration.zero
    /// From a request's head to the end of its answer; zero for none, the default.
    public var maxStreamDuration = Duration.zero
    /// How long a connection whose idle time or longest age is over still serves, so that requests on their way arrive.
    ///
    /// Default 5 s. Source: `drain_timeout`.
    public var drain = Duration.seconds(5)
    /// How long a client may go on sending after an answer that closes its connection.
    ///
    /// Default 1 s.
    public var delayedClose = Duration.seconds(1)

    public init() {}
}

public struct DownstreamLimits: Sendable, Equatable {
    public enum Underscores: Sendable, Equatable { case allow, rejectRequest, dropHeader }

    /// KiB of a head; default 60.
    public var headKilobytes = 60
    /// Header lines; default 100.
    public var headerCount = 100
    /// Zero for no limit, the default.
    public var requestsPerConnection = 0
    public var underscores = Underscores.allow

    public init() {}
}
