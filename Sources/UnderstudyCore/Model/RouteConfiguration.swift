// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Virtual hosts and routes as configured, before they are arranged for fast matching.

/// The virtual hosts of one connection manager.
///
/// - Source: Envoy `config.route.v3.RouteConfiguration`.
public struct RouteConfiguration: Sendable, Equatable {
    public var name: String
    public var virtualHosts: [VirtualHost]
    public var headers = HeaderOperations()
    /// The route's header operations are applied last instead of first, and so win.
    ///
    /// Default false. Source: `most_specific_header_mutations_wins`.
    public var mostSpecificHeadersWin = false
    /// Removed from requests that come from outside.
    ///
    /// Lower case. Source: `internal_only_headers`.
    public var internalOnlyHeaders: [String] = []
    /// Source: `ignore_port_in_host_matching`.
    public var ignoresPortInHost = false
    /// Source: `ignore_path_parameters_in_path_matching`.
    public var ignoresPathParameters = false

    public init(name: String, virtualHosts: [VirtualHost]) {
        self.name = name
        self.virtualHosts = virtualHosts
    }

    /// Of all routes.
    public var mirrorPolicies: [MirrorPolicy] {
        virtualHosts.flatMap(\.routes).flatMap { (route) -> [MirrorPolicy] in
            guard case .forward(let action) = route.action else { return [] }
            return action.mirrorPolicies
        }
    }
}

/// Routes for a set of domains; the first that matches wins.
///
/// - Source: Envoy `VirtualHost`.
public struct VirtualHost: Sendable, Equatable {
    /// Whether plain HTTP is redirected to HTTPS.
    ///
    /// Source: `require_tls`.
    public enum TLSRequirement: Sendable, Equatable { case none, externalOnly, all }

    public var name: String
    /// `*`, `host`, `*.suffix` or `prefix.*`; in any case, unique within the route configuration.
    public var domains: [String]
    public var routes: [Route]
    public var headers = HeaderOperations()
    public var tlsRequirement = TLSRequirement.none
    /// `x-envoy-attempt-count` on requests.
    ///
    /// Source: `include_request_attempt_count`.
    public var countsAttemptsInRequest = false
    /// `x-envoy-attempt-count` on answers.
    ///
    /// Source: `include_attempt_count_in_response`.
    public var countsAttemptsInResponse = false
    /// `x-envoy-is-timeout-retry` on tries after a timeout.
    ///
    /// Source: `include_is_timeout_retry_header`.
    public var marksTimeoutRetries = false

    public init(name: String, domains: [String], routes: [Route]) {
        self.name = name
        self.domains = domains
        self.routes = routes
    }
}

public struct Route: Sendable, Equatable {
    public enum Action: Sendable, Equatable {
        case forward(RouteAction)
        case redirect(RedirectAction)
        case direct(DirectResponse)
        /// A route that only filters would use; requests that match it are not answered by an upstream.
        case none
    }

    /// Empty if the file gives none.
    public var name = ""
    public var match: RouteMatch
    public var action: Action
    public var headers = HeaderOperations()
    /// What the buffer filters of the chain come to for its requests.
    public var buffering = BodyBuffering.none

    public init(match: RouteMatch, action: Action) {
        self.match = match
        self.action = action
    }

    public init(match: PathMatch, action: RouteAction) {
        self.init(match: RouteMatch(path: match), action: .forward(action))
    }
}

/// How a cluster is named: by the file or by the request.
///
/// - Source: Envoy `RouteAction.cluster` / `cluster_header`, and the same pair in `RequestMirrorPolicy`.
public enum ClusterSpecifier: Sendable, Equatable {
    case name(String)
    /// The first value of this request header is the cluster's name.
    ///
    /// Lower case.
    case header(String)
}
