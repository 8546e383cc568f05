// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// From a request head to the route that serves it.

/// A route configuration arranged for matching.
///
/// Immutable, shared by all workers.
package struct RouteTable: Sendable {
    /// What a matched route wants, with all names resolved.
    package struct Entry: Sendable {
        package let matcher: PathMatcher
        package let cluster: ClusterTarget
        /// `nil` waits for ever.
        package let timeout: Duration?
        package let mirrors: [MirrorRule]
    }

    private let domains: DomainTable
    private let routes: [[Entry]]

    package init(_ configuration: RouteConfiguration, clusters: NameTable) {
        domains = DomainTable(configuration.virtualHosts)
        routes = configuration.virtualHosts.map { host in
            host.routes.map { route in
                Entry(
                    matcher: PathMatcher(route.match),
                    cluster: ClusterTarget(route.action.cluster, clusters: clusters),
                    timeout: route.action.timeout > .zero ? route.action.timeout : nil,
                    mirrors: route.action.mirrorPolicies.map { MirrorRule($0, clusters: clusters) }
                )
            }
        }
    }

    /// The first matching route of the Host's virtual host.
    package func route(for head: borrowing RequestHead) -> Entry? {
        let bytes = head.headers.bytes.span
        guard let host = domains.virtualHost(for: bytes, head.host) else { return nil }
        let path = head.path
        for entry in routes[host] where entry.matcher.matches(bytes, path: path) {
            return entry
        }
        return nil
    }
}
