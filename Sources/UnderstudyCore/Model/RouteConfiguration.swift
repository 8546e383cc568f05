// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Virtual hosts and routes as configured, before they are arranged for fast matching.

/// The virtual hosts of one connection manager.
///
/// - Source: Envoy `config.route.v3.RouteConfiguration`.
package struct RouteConfiguration: Sendable, Equatable {
    package var name: String
    package var virtualHosts: [VirtualHost]
    package var headers = HeaderOperations()
    /// The route's header operations are applied last instead of first, and so win.
    ///
    /// Default false. Source: `most_specific_header_mutations_wins`.
    package var mostSpecificHeadersWin = false
    /// Removed from requests that come from outside.
    ///
    /// Lower case. Source: `internal_only_headers`.
    package var internalOnlyHeaders: [String] = []
    /// Source: `ignore_port_in_host_matching`.
    package var ignoresPortInHost = false
    /// Source: `ignore_path_parameters_in_path_matching`.
    package var ignoresPathParameters = false

    package init(name: String, virtualHosts: [VirtualHost]) {
        self.name = name
        self.virtualHosts = virtualHosts
    }

    /// Of all routes.
    package var mirrorPolicies: [MirrorPolicy] {
        virtualHosts.flatMap(\.routes).flatMap { (route) -> [MirrorPolicy] in
            guard case .forward(let action) = route.action else { return [] }
            return action.mirrorPolicies
        }
    }
}

/// Routes for a set of domains; the first that matches wins.
///
/// - Source: Envoy `VirtualHost`.
package struct VirtualHost: Sendable, Equatable {
    /// Whether plain HTTP is redirected to HTTPS.
    ///
    /// Source: `require_tls`.
    package enum TLSRequirement: Sendable, Equatable { case none, externalOnly, all }

    package var name: String
    /// `*`, `host`, `*.suffix` or `prefix.*`; in any case, unique within the route configuration.
    package var domains: [String]
    package var routes: [Route]
    package var headers = HeaderOperations()
    package var tlsRequirement = TLSRequirement.none
    /// `x-envoy-attempt-count` on requests.
    ///
    /// Source: `include_request_attempt_count`.
    package var countsAttemptsInRequest = false
    /// `x-envoy-attempt-count` on answers.
    ///
    /// Source: `include_attempt_count_in_response`.
    package var countsAttemptsInResponse = false
    /// `x-envoy-is-timeout-retry` on tries after a timeout.
    ///
    /// Source: `include_is_timeout_retry_header`.
    package var marksTimeoutRetries = false

    package init(name: String, domains: [String], routes: [Route]) {
        self.name = name
        self.domains = domains
        self.routes = routes
    }
}

package struct Route: Sendable, Equatable {
    package enum Action: Sendable, Equatable {
        case forward(RouteAction)
        case redirect(RedirectAction)
        case direct(DirectResponse)
        /// A route that only filters would use; requests that match it are not answered by an upstream.
        case none
    }

    /// Empty if the file gives none.
    package var name = ""
    package var match: RouteMatch
    package var action: Action
    package var headers = HeaderOperations()
    /// What the buffer filters of the chain come to for its requests.
    package var buffering = BodyBuffering.none

    package init(match: RouteMatch, action: Action) {
        self.match = match
        self.action = action
    }

    package init(match: PathMatch, action: RouteAction) {
        self.init(match: RouteMatch(path: match), action: .forward(action))
    }
}

/// How a cluster is named: by the file or by the request.
///
/// - Source: Envoy `RouteAction.cluster` / `cluster_header`, and the same pair in `RequestMirrorPolicy`.
package enum ClusterSpecifier: Sendable, Equatable {
    case name(String)
    /// The first value of this request header is the cluster's name.
    ///
    /// Lower case.
    case header(String)
}
