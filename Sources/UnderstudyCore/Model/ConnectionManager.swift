// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How the requests of a listener are read, changed, routed and answered.

/// Source: Envoy `HttpConnectionManager`.
package struct ConnectionManager: Sendable, Equatable {
    package enum ServerHeader: Sendable, Equatable { case overwrite, appendIfAbsent, passThrough }

    /// The `http.<stat_prefix>.` in the names of its statistics.
    ///
    /// Never empty.
    package var statPrefix: String
    /// The value of the `server` answer header.
    ///
    /// Default `understudy`. Source: `server_name`.
    package var serverName = "understudy"
    /// Source: `server_header_transformation`.
    package var serverHeader = ServerHeader.overwrite
    package var forwarding = ForwardingOptions()
    package var requestID = RequestIDOptions()
    package var path = PathOptions()
    package var host = HostOptions()
    /// Source: `codec_type`.
    package var version = HTTPVersionChoice.automatic
    package var http1 = HTTP1Options()
    package var http2 = HTTP2Options()
    package var clientCertificate = ClientCertificateForwarding()
    package var timeouts = DownstreamTimeouts()
    package var limits = DownstreamLimits()
    /// By type in lower case, `connect` included.
    ///
    /// Source: `upgrade_configs`.
    package var upgrades: [String: UpgradePolicy] = [:]
    /// Passes `expect: 100-continue` and the primary's `100 Continue` on.
    package var proxiesContinue = false
    /// Puts the service's own name into `user-agent` and `x-envoy-downstream-service-cluster`.
    package var addsUserAgent = false
    package var localReplies = LocalReplyOptions()
    /// The router adds no `x-envoy-` headers.
    ///
    /// Source: `Router.suppress_envoy_headers`.
    package var suppressesEnvoyHeaders = false
    /// A client's `x-envoy-expected-rq-timeout-ms` is believed.
    ///
    /// Source: `Router.respect_expected_rq_timeout`.
    package var respectsExpectedTimeout = false
    /// A line of each for every request.
    package var accessLogs: [AccessLog] = []
    /// A line of each for every try and every copy.
    ///
    /// Source: `Router.upstream_log`.
    package var upstreamLogs: [AccessLog] = []
    /// In the order of the filters.
    package var healthCheckFilters: [HealthCheckFilter] = []
    /// Of requests that no route is found for; each route has its own.
    ///
    /// Not `none` if there is a buffer filter at all.
    package var buffering = BodyBuffering.none
    /// A buffer filter stands before the first health check filter: it is asked first.
    package var buffersBeforeHealthChecks = false
    package var routes: RouteConfiguration

    package init(statPrefix: String, routes: RouteConfiguration) {
        self.statPrefix = statPrefix
        self.routes = routes
    }
}

/// Whom the proxy believes about where a request comes from, and what it tells upstreams.
package struct ForwardingOptions: Sendable, Equatable {
    package enum Scheme: Sendable, Equatable { case asReceived, overwrite(String), matchUpstream }

    /// The peer is the client: its address is the truth, and is appended to `x-forwarded-for`.
    package var usesRemoteAddress = false
    /// Entries at the end of `x-forwarded-for` that trusted proxies have written.
    package var trustedHops = 0
    package var skipsAppend = false
    /// Whose requests count as internal; empty for nobody's.
    package var internalRanges: [AddressRange] = []
    /// Added to `via` in both directions; empty for none.
    package var via = ""
    /// Source: `represent_ipv4_remote_address_as_ipv4_mapped_ipv6`.
    package var mapsIPv4 = false
    /// Source: `append_x_forwarded_port`.
    package var appendsPort = false
    /// Source: `scheme_header_transformation`.
    package var scheme = Scheme.asReceived

    package init() {}
}

package struct RequestIDOptions: Sendable, Equatable {
    /// Default true.
    ///
    /// Source: `generate_request_id`.
    package var generates = true
    /// Keeps the one that a request from outside carries.
    ///
    /// Source: `preserve_external_request_id`.
    package var preservesExternal = false
    /// Source: `always_set_request_id_in_response`.
    package var isInResponse = false

    package init() {}
}

package struct PathOptions: Sendable, Equatable {
    package enum EscapedSlashes: Sendable, Equatable { case keep, reject, unescapeAndRedirect, unescapeAndForward }

    /// Removes dot segments and decodes unreserved characters (RFC 3986 section 6).
    ///
    /// Source: `normalize_path`; default false.
    package var normalizes = false
    package var mergesSlashes = false
    package var escapedSlashes = EscapedSlashes.keep

    package init() {}

    package var changesNothing: Bool { !normalizes && !mergesSlashes && escapedSlashes == .keep }
}

package struct HostOptions: Sendable, Equatable {
    package enum Port: Sendable, Equatable { case keep, stripIfListener, strip }

    /// Source: `strip_matching_host_port`, `strip_any_host_port`.
    package var port = Port.keep
    package var stripsTrailingDot = false

    package init() {}
}

/// HTTP/1 towards clients or towards one cluster.
///
/// Source: Envoy `Http1ProtocolOptions`.
package struct HTTP1Options: Sendable, Equatable {
    package enum HeaderCase: Sendable, Equatable {
        case lower
        /// The first letter of every word is raised.
        case proper
        /// As received, where it is known.
        ///
        /// Source: the `preserve_case` formatter.
        case preserved
    }

    package var acceptsHTTP10 = false
    /// The Host of an HTTP/1.0 request that has none; empty for none.
    package var defaultHost = ""
    package var passesTrailers = false
    package var headerCase = HeaderCase.lower
    /// Source: `send_fully_qualified_url`.
    package var sendsAbsoluteTarget = false

    package init() {}
}

package struct DownstreamTimeouts: Sendable, Equatable {
    /// Longest silence of a stream; zero for none.
    ///
    /// Default 5 min.
    package var streamIdle = Duration.seconds(300)
    /// From the first byte to the last of a request; zero for none, the default.
    package var request = Duration.zero
    /// From the first byte to the last of a head; zero for none.
    ///
    /// Default 10 s here, none in Envoy.
    package var requestHeaders = Duration.seconds(10)
    /// Longest silence between requests; zero for none.
    ///
    /// Default 1 h.
    package var idle = Duration.seconds(3600)
    /// Zero for none, the default.
    package var maxConnectionDuration = Duration.zero
    /// From a request's head to the end of its answer; zero for none, the default.
    package var maxStreamDuration = Duration.zero
    /// How long a connection whose idle time or longest age is over still serves, so that requests on their way arrive.
    ///
    /// Default 5 s. Source: `drain_timeout`.
    package var drain = Duration.seconds(5)
    /// How long a client may go on sending after an answer that closes its connection.
    ///
    /// Default 1 s.
    package var delayedClose = Duration.seconds(1)

    package init() {}
}

package struct DownstreamLimits: Sendable, Equatable {
    package enum Underscores: Sendable, Equatable { case allow, rejectRequest, dropHeader }

    /// KiB of a head; default 60.
    package var headKilobytes = 60
    /// Header lines; default 100.
    package var headerCount = 100
    /// Zero for no limit, the default.
    package var requestsPerConnection = 0
    package var underscores = Underscores.allow

    package init() {}
}
