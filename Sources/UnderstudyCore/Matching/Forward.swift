// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Where a route sends its requests, and on which terms.

/// A `RouteAction` whose names are resolved.
public final class Forward: Sendable {
    /// The status of the answer when no cluster has the name.
    public let clusterNotFoundStatus: Int
    /// From the end of the request to the end of the answer; `nil` waits for ever.
    ///
    /// In nanoseconds.
    public let timeout: Int64?
    /// Zero for none, `nil` for the connection manager's.
    public let idleTimeout: Duration?
    /// Zero for none, `nil` for the connection manager's.
    public let maxStreamDuration: Duration?
    /// Requests of gRPC are told that duration.
    public let tellsStreamDuration: Bool
    let grpcTimeout: GRPCTimeoutRule?
    let grpcStreamDuration: GRPCTimeoutRule?
    /// A request's own word on its time may count.
    public let readsGRPCTimeout: Bool
    /// It has something to say about the time of whole streams, or of silence on them.
    public let limitsStreams: Bool
    public let mirrors: [MirrorRule]
    /// What the route says of its copies.
    public let mirrorLimits: MirrorLimits
    /// `nil` leaves it to the cluster and the request.
    public let retry: RetryRule?
    public let retryBufferLimit: Int?
    public let internalRedirects: InternalRedirectPolicy?
    /// What endpoints are chosen by, for the balancers that hash.
    public let hash: RequestHash
    public let priority: RoutingPriority
    /// The destination of every request, where there is no choice.
    public let onlyDestination: Destination?
    /// Whether requests wait for their bodies depends on the destination.
    public let differsInBuffering: Bool
    private let clusters: ClusterChoice
    private let rewriter: RequestRewriter

    /// - Parameters:
    ///   - route: What the books of its mirrors are called.
    ///   - catalogue: Has the numbers of the books.
    public init(
        _ action: RouteAction,
        matcher: PathMatcher,
        clusters: NameTable,
        route: String = "",
        catalogue: MirrorCatalogue = MirrorCatalogue()
    ) {
        clusterNotFoundStatus = action.clusterNotFoundStatus
        timeout = action.timeout > .zero ? action.timeout.inNanoseconds : nil
        idleTimeout = action.idleTimeout
        maxStreamDuration = action.maxStreamDuration
        tellsStreamDuration = action.tellsStreamDuration
        grpcTimeout = action.grpcTimeout
        grpcStreamDuration = action.grpcStreamDuration
        readsGRPCTimeout = action.grpcTimeout != nil
        limitsStreams =
            action.idleTimeout != nil || action.maxStreamDuration != nil || action.grpcStreamDuration != nil
        mirrors = action.mirrorPolicies.map {
            MirrorRule($0, clusters: clusters, route: route, catalogue: catalogue)
        }
        mirrorLimits = action.mirrorLimits
        retry = action.retryPolicy.map { RetryRule($0) }
        retryBufferLimit = action.retryBufferLimit
        internalRedirects = action.internalRedirects
        hash = RequestHash(action.hashPolicy)
        priority = action.priority
        self.clusters = ClusterChoice(action.clusters, clusters: clusters)
        onlyDestination = self.clusters.only
        differsInBuffering = self.clusters.differsInBuffering
        rewriter = RequestRewriter(action, matcher: matcher)
    }

    /// Whether Host or path change before the endpoint is known.
    public var rewrites: Bool { rewriter.rewrites }

    /// Whether the endpoint's name becomes the Host.
    public var rewritesHostByEndpoint: Bool { rewriter.rewritesHostByEndpoint }

    /// The cluster for this request.
    ///
    /// - Parameter random: The number that the route was matched with.
    public func destination(
        for head: borrowing RequestHead,
        random: UInt64,
        runtime: RuntimeSnapshot = .empty
    ) -> Destination {
        clusters.destination(for: head, random: random, runtime: runtime)
    }

    /// Rewrites the Host and then the path, once all header operations have been applied.
    ///
    /// - Parameters:
    ///   - keepsOriginal: Keeps what was there in `x-envoy-original-host` and `x-envoy-original-path`.
    ///   - connectPort: The port that `settleHost` took from a CONNECT request; the upstream gets it back.
    public func rewrite(_ head: inout RequestHead, keepsOriginal: Bool, connectPort: UInt32? = nil) {
        if let connectPort { head.restorePort(connectPort) }
        rewriter.rewriteHost(&head, keepsOriginal: keepsOriginal)
        rewriter.rewritePath(&head, keepsOriginal: keepsOriginal)
    }

    /// Makes the endpoint's name the Host; an endpoint without a name changes nothing.
    ///
    /// Mirrors are not to see it, so it comes after they have been given their copies.
    /// - Source: Envoy `auto_host_rewrite`.
    public func rewriteHost(_ head: inout RequestHead, endpoint name: [UInt8], keepsOriginal: Bool) {
        guard rewritesHostByEndpoint, !name.isEmpty else { return }
        rewriter.replaceHost(&head, with: name, keepsOriginal: keepsOriginal)
    }
}
