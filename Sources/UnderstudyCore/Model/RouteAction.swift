// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Where a matched request goes, and how it is changed on the way.

/// Source: Envoy `RouteAction`.
package struct RouteAction: Sendable, Equatable {
    package var clusters: ClusterSelection
    /// The answer when no cluster has the name: 503, 404 or 500.
    ///
    /// Default 503. Source: `cluster_not_found_response_code`.
    package var clusterNotFoundStatus = 503
    package var pathRewrite: PathRewrite?
    package var hostRewrite: HostRewrite?
    /// Keeps the Host before its rewrite in `x-forwarded-host`.
    ///
    /// Source: `append_x_forwarded_host`.
    package var appendsForwardedHost = false
    /// From the end of the request to the end of the answer; zero waits for ever.
    ///
    /// Default 15 s.
    package var timeout: Duration
    /// Longest silence in either direction; zero for none, `nil` for the connection manager's.
    ///
    /// Source: `idle_timeout`.
    package var idleTimeout: Duration?
    /// From the request's head to the end of the answer; zero for none, `nil` for the connection manager's.
    ///
    /// Source: `max_stream_duration.max_stream_duration`.
    package var maxStreamDuration: Duration?
    /// How `grpc-timeout` takes the place of `timeout`; `nil` if it does not.
    ///
    /// Source: `max_grpc_timeout`, `grpc_timeout_offset`.
    package var grpcTimeout: GRPCTimeoutRule?
    /// Requests of gRPC are told their time from head to end in `grpc-timeout`.
    ///
    /// Source: there is a `max_stream_duration`.
    package var tellsStreamDuration = false
    /// How `grpc-timeout` takes the place of `maxStreamDuration`; `nil` if it does not.
    ///
    /// Source: `grpc_timeout_header_max`, `grpc_timeout_header_offset`.
    package var grpcStreamDuration: GRPCTimeoutRule?
    /// The route's own, else the virtual host's.
    package var retryPolicy: RetryPolicy?
    /// Bytes of a request body that are kept for another try; `nil` for the listener's buffer limit.
    ///
    /// Source: `request_body_buffer_limit`, `per_request_buffer_limit_bytes`; the route's, else the virtual host's.
    package var retryBufferLimit: Int?
    package var internalRedirects: InternalRedirectPolicy?
    /// By type in lower case; overrides the connection manager's.
    ///
    /// Source: `upgrade_configs`.
    package var upgrades: [String: UpgradePolicy] = [:]
    /// Which of the cluster's circuit breakers count the request.
    package var priority = RoutingPriority.normal
    /// What endpoints are chosen by, for the balancers that hash.
    package var hashPolicy: [HashPolicy] = []
    /// The effective list: the nearest non-empty one of route, virtual host and route configuration.
    ///
    /// A list on the primary cluster (`Cluster.mirrorPolicies`) wins over it.
    package var mirrorPolicies: [MirrorPolicy]
    /// What one copy may take.
    ///
    /// The nearest of route, virtual host and route configuration that has
    /// `understudy.mirroring.v1.MirroringPerRoute` among its `typed_per_filter_config`; a weighted cluster's wins.
    package var mirrorLimits = MirrorLimits()

    package static let defaultTimeout = Duration.seconds(15)

    package init(
        clusters: ClusterSelection,
        timeout: Duration = RouteAction.defaultTimeout,
        mirrorPolicies: [MirrorPolicy] = []
    ) {
        self.clusters = clusters
        self.timeout = timeout
        self.mirrorPolicies = mirrorPolicies
    }

    package init(
        cluster: ClusterSpecifier,
        timeout: Duration = RouteAction.defaultTimeout,
        mirrorPolicies: [MirrorPolicy] = []
    ) {
        self.init(clusters: .one(cluster), timeout: timeout, mirrorPolicies: mirrorPolicies)
    }
}

package enum ClusterSelection: Sendable, Equatable {
    case one(ClusterSpecifier)
    case weighted(WeightedClusters)
}

/// Source: Envoy `WeightedCluster`.
package struct WeightedClusters: Sendable, Equatable {
    package struct Choice: Sendable, Equatable {
        package var cluster: ClusterSpecifier
        package var weight: UInt32
        package var headers = HeaderOperations()
        /// Wins over the route's own rewrite.
        package var hostRewriteLiteral: String?
        /// What one copy may take when this is chosen, in place of the route's; `nil` leaves it to the route.
        package var mirrorLimits: MirrorLimits?
        /// In place of the route's when this is chosen; `nil` leaves it to the route.
        package var buffering: BodyBuffering?

        package init(cluster: ClusterSpecifier, weight: UInt32) {
            self.cluster = cluster
            self.weight = weight
        }
    }

    /// The sum of the weights is 1 or more and fits 32 bits.
    package var choices: [Choice]
    /// Weights are looked up in the runtime under this prefix, a dot and the cluster's name; empty for none.
    package var runtimeKeyPrefix: String
    /// The request header that holds the number to pick by, instead of chance.
    ///
    /// Lower case. Source: `header_name`.
    package var randomHeader: String?

    package init(choices: [Choice], runtimeKeyPrefix: String = "", randomHeader: String? = nil) {
        self.choices = choices
        self.runtimeKeyPrefix = runtimeKeyPrefix
        self.randomHeader = randomHeader
    }
}

package enum PathRewrite: Sendable, Equatable {
    /// Replaces what the route's prefix or path matched.
    case prefix(String)
    case regex(RegexRewrite)
}

package enum HostRewrite: Sendable, Equatable {
    case literal(String)
    /// The value of this lower-case request header, if it is there and not empty.
    case header(String)
    /// The path without its query, rewritten.
    case pathRegex(RegexRewrite)
    /// The name of the endpoint that is picked; mirrors do not see it.
    ///
    /// Source: `auto_host_rewrite`.
    case endpoint
}

/// Source: Envoy `RouteAction.UpgradeConfig`, `HttpConnectionManager.UpgradeConfig`.
package struct UpgradePolicy: Sendable, Equatable {
    package var isEnabled: Bool
    /// CONNECT ends here, and the upstream gets the bytes inside without an HTTP head.
    ///
    /// Source: `connect_config`.
    package var terminatesConnect: Bool

    package init(isEnabled: Bool = true, terminatesConnect: Bool = false) {
        self.isEnabled = isEnabled
        self.terminatesConnect = terminatesConnect
    }
}

/// Source: Envoy `InternalRedirectPolicy`.
package struct InternalRedirectPolicy: Sendable, Equatable {
    /// Default 1.
    package var maximum: Int
    /// Default 302 alone.
    package var statuses: Set<Int>
    package var allowsOtherScheme: Bool
    /// Lower case.
    package var responseHeadersToCopy: [String]

    package init(
        maximum: Int = 1,
        statuses: Set<Int> = [302],
        allowsOtherScheme: Bool = false,
        responseHeadersToCopy: [String] = []
    ) {
        self.maximum = maximum
        self.statuses = statuses
        self.allowsOtherScheme = allowsOtherScheme
        self.responseHeadersToCopy = responseHeadersToCopy
    }
}

/// Source: Envoy `RouteAction.HashPolicy`.
package struct HashPolicy: Sendable, Equatable {
    package enum Source: Sendable, Equatable {
        case header(name: String, rewrite: RegexRewrite?)
        /// `ttl` of `nil` never makes a cookie; zero makes one that lasts for the session.
        case cookie(name: String, ttl: Duration?, path: String)
        case sourceIP
        case queryParameter(name: String)
    }

    package var source: Source
    /// Later policies are not asked once this one has a value.
    package var isTerminal: Bool

    package init(_ source: Source, isTerminal: Bool = false) {
        self.source = source
        self.isTerminal = isTerminal
    }
}

/// What becomes of the time that a gRPC client gives.
package struct GRPCTimeoutRule: Sendable, Equatable {
    /// Zero for no bound.
    package var maximum: Duration
    /// Taken off.
    package var offset = Duration.zero

    package init(maximum: Duration) {
        self.maximum = maximum
    }
}
