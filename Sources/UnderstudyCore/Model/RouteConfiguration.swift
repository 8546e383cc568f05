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

    package init(name: String, virtualHosts: [VirtualHost]) {
        self.name = name
        self.virtualHosts = virtualHosts
    }
}

/// Routes for a set of domains; the first that matches wins.
///
/// - Source: Envoy `VirtualHost`.
package struct VirtualHost: Sendable, Equatable {
    package var name: String
    /// `*`, `host`, `*.suffix` or `prefix.*`; in any case, unique within the route configuration.
    package var domains: [String]
    package var routes: [Route]

    package init(name: String, domains: [String], routes: [Route]) {
        self.name = name
        self.domains = domains
        self.routes = routes
    }
}

package struct Route: Sendable, Equatable {
    package var match: PathMatch
    package var action: RouteAction

    package init(match: PathMatch, action: RouteAction) {
        self.match = match
        self.action = action
    }
}

/// How the path (the target without its query) must look.
///
/// Source: Envoy `RouteMatch.path_specifier`.
package enum PathMatch: Sendable, Equatable {
    case prefix(String)
    case exact(String)
    /// RE2, matched against the whole path.
    case regex(RegexPattern)
}

/// Where a matched request goes.
///
/// - Source: Envoy `RouteAction`.
package struct RouteAction: Sendable, Equatable {
    package var cluster: ClusterSpecifier
    /// From the end of the request to the end of the answer; zero waits for ever.
    ///
    /// Default 15 s.
    package var timeout: Duration
    /// The effective list: the nearest non-empty one of route, virtual host and route configuration.
    package var mirrorPolicies: [MirrorPolicy]

    package static let defaultTimeout = Duration.seconds(15)

    package init(
        cluster: ClusterSpecifier,
        timeout: Duration = RouteAction.defaultTimeout,
        mirrorPolicies: [MirrorPolicy] = []
    ) {
        self.cluster = cluster
        self.timeout = timeout
        self.mirrorPolicies = mirrorPolicies
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
