// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Where a matched request goes, and how it is changed on the way.

/// Source: Envoy `RouteAction`.
public struct RouteAction: Sendable, Equatable {
    public var clusters: ClusterSelection
    /// The answer when no cluster has the name: 503, 404 or 500.
    ///
    /// Default 503. Source: `cluster_not_found_response_code`.
    public var clusterNotFoundStatus = 503
    public var pathRewrite: PathRewrite?
    public var hostRewrite: HostRewrite?
    /// Keeps the Host before its rewrite in `x-forwarded-host`.
    ///
    /// Source: `append_x_forwarded_host`.
    public var appendsForwardedHost = false
    /// From the end of the request to the end of the answer; zero waits for ever.
    ///
    /// Default 15 s.
    public var timeout: Duration
    /// Longest silence in either direction; zero for none, `nil` for the connection manager's.
    ///
    /// Source: `idle_timeout`.
    public var idleTimeout: Duration?
    /// From the request's head to the end of the answer; zero for none, `nil` for the connection manager's.
    ///
    /// Source: `max_stream_duration.max_stream_duration`.
    public var maxStreamDuration: Duration?
    /// How `grpc-timeout` takes the place of `timeout`; `nil` if it does not.
    ///
    /// Source: `max_grpc_timeout`, `grpc_timeout_offset`.
    public var grpcTimeout: GRPCTimeoutRule?
    /// Requests of gRPC are told their time from head to end in `grpc-timeout`.
    ///
    /// Source: there is a `max_stream_duration`.
    public var tellsStreamDuration = false
    /// How `grpc-timeout` takes the place of `maxStreamDuration`; `nil` if it does not.
    ///
    /// Source: `grpc_timeout_header_max`, `grpc_timeout_header_offset`.
    public var grpcStreamDuration: GRPCTimeoutRule?
    /// The route's own, else the virtual host's.
    public var retryPolicy: RetryPolicy?
    /// Bytes of a request body that are kept for another try; `nil` for the listener's buffer limit.
    ///
    /// Source: `request_body_buffer_limit`, `per_request_buffer_limit_bytes`; the route's, else the virtual host's.
    public var retryBufferLimit: Int?
    public var internalRedirects: InternalRedirectPolicy?
    /// By type in lower case; overrides the connection manager's.
    ///
    /// Source: `upgrade_configs`.
    public var upgrades: [String: UpgradePolicy] = [:]
    /// Which of the cluster's circuit breakers count the request.
    public var priority = RoutingPriority.normal
    /// What endpoints are chosen by, for the balancers that hash.
    public var hashPolicy: [HashPolicy] = []
    /// The effective list: the nearest non-empty one of route, virtual host and route configuration.
    ///
    /// A list on the primary cluster (`Cluster.mirrorPolicies`) wins over it.
    public var mirrorPolicies: [MirrorPolicy]
    /// What one copy may take.
    ///
    /// The nearest of route, virtual host and route configuration that has
    /// `understudy.mirroring.v1.MirroringPerRoute` among its `typed_per_filter_config`; a weighted cluster's wins.
    public var mirrorLimits = MirrorLimits()

    public static let defaultTimeout = Duration.seconds(15)

    public init(
        clusters: ClusterSelection,
        timeout: Duration = RouteAction.defaultTimeout,
        mirrorPolicies: [MirrorPolicy] = []
    ) {
        self.clusters = clusters
        self.timeout = timeout
        self.mirrorPolicies = mirrorPolicies
    }

    public init(
        cluster: ClusterSpecifier,
        timeout: Duration = RouteAction.defaultTimeout,
        mirrorPolicies: [MirrorPolicy] = []
    ) {
        self.init(clusters: .one(cluster), timeout: timeout, mirrorPolicies: mirrorPolicies)
    }
}

public enum ClusterSelection: Sendable, Equatable {
    case one(ClusterSpecifier)
    case weighted(WeightedClusters)
}

/// Source: Envoy `WeightedCluster`.
public struct WeightedClusters: Sendable, Equatable {
    public struct Choice: Sendable, Equatable {
        public var cluster: ClusterSpecifier
        public var weight: UInt32
        public var headers = HeaderOperations()
        /// Wins over the route's own rewrite.
        public var hostRewriteLiteral: String?
        /// What one copy may take when this is chosen, in place of the route's; `nil` leaves it to the route.
        public var mirrorLimits: MirrorLimits?
        /// In place of the route's when this is chosen; `nil` leaves it to the route.
        public var buffering: BodyBuffering?

        public init(cluster: ClusterSpecifier, weight: UInt32) {
            self.cluster = cluster
            self.weight = weight
        }
    }

    /// The sum of the weights is 1 or more and fits 32 bits.
    public var choices: [Choice]
    /// Weights are looked up in the runtime under this prefix, a dot and the cluster's name; empty for none.
    public var runtimeKeyPrefix: String
    /// The request header that holds the number to pick by, instead of chance.
    ///
    /// Lower case. Source: `header_name`.
    public var randomHeader: String?

    public init(choices: [Choice], runtimeKeyPrefix: String = "", randomHeader: String? = nil) {
        self.choices = choices
        self.runtimeKeyPrefix = runtimeKeyPrefix
        self.randomHeader = randomHeader
    }
}

public enum PathRewrite: Sendable, Equatable {
    /// Replaces what the route's prefix or path matched.
    case prefix(String)
    case regex(RegexRewrite)
}

public enum HostRewrite: Sendable, Equatable {
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
public struct UpgradePolicy: Sendable, Equatable {
    public var isEnabled: Bool
    /// CONNECT ends here, and the upstream gets the bytes inside without an HTTP head.
    ///
    /// Source: `connect_config`.
    public var terminatesConnect: Bool

    public init(isEnabled: Bool = true, terminatesConnect: Bool = false) {
        self.isEnabled = isEnabled
        self.terminatesConnect = terminatesConnect
    }
}

/// Source: Envoy `InternalRedirectPolicy`.
public struct InternalRedirectPolicy: Sendable, Equatable {
    /// Default 1.
    public var maximum: Int
    /// Default 302 alone.
    public var statuses: Set<Int>
    public var allowsOtherScheme: Bool
    /// Lower case.
    public var responseHeadersToCopy: [String]

    public init(
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
public struct HashPolicy: Sendable, Equatable {
    public enum Source: Sendable, Equatable {
        case header(name: String, rewrite: RegexRewrite?)
        /// `ttl` of `nil` never makes a cookie; zero makes one that lasts for the session.
        case cookie(name: String, ttl: Duration?, path: String)
        case sourceIP
        case queryParameter(name: String)
    }

    public var source: Source
    /// Later policies are not asked once this one has a value.
    public var isTerminal: Bool

    public init(_ source: Source, isTerminal: Bool = false) {
        self.source = source
        self.isTerminal = isTerminal
    }
}

/// What becomes of the time that a gRPC client gives.
public struct GRPCTimeoutRule: Sendable, Equatable {
    /// Zero for no bound.
    public var maximum: Duration
    /// Taken off.
    public var offset = Duration.zero

    public init(maximum: Duration) {
        self.maximum = maximum
    }
}
