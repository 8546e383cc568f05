// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The envoy.yaml of a test: a few clusters on loopback, a few routes, one listener on a port of the system's choice.

package struct ProxyConfiguration: Sendable {
    package struct Route: Sendable {
        package var prefix: String
        package var cluster: String
        package var mirrors: [String]
        /// For instance `0.3s`; `nil` leaves the default.
        package var timeout: String?
        /// Further fields of the action, such as `hash_policy: [...]`.
        package var settings: [String]
        /// Further fields of the route itself, such as `typed_per_filter_config: {...}`.
        package var fields: [String] = []

        package init(
            _ prefix: String,
            to cluster: String,
            mirrors: [String] = [],
            timeout: String? = nil,
            settings: [String] = []
        ) {
            self.prefix = prefix
            self.cluster = cluster
            self.mirrors = mirrors
            self.timeout = timeout
            self.settings = settings
        }
    }

    package struct Cluster: Sendable {
        package var name: String
        package var endpoints: [(host: String, port: Int)]
        /// Further lines, such as `connect_timeout: 0.3s`.
        package var settings: [String]
        /// Endpoints of the priorities 1, 2 and so on, on the loopback address.
        package var spares: [[Int]]

        package init(
            _ name: String,
            endpoints: [(host: String, port: Int)],
            settings: [String] = [],
            spares: [[Int]] = []
        ) {
            self.name = name
            self.endpoints = endpoints
            self.settings = settings
            self.spares = spares
        }

        /// A cluster on the loopback address.
        package init(_ name: String, ports: [Int], settings: [String] = [], spares: [[Int]] = []) {
            self.init(name, endpoints: ports.map { ("127.0.0.1", $0) }, settings: settings, spares: spares)
        }
    }

    package var routes: [Route]
    package var clusters: [Cluster]
    package var port = 0
    /// Names of further listeners, each on a port of the system's choice.
    package var furtherListeners: [String] = []
    /// Further lines of the connection managers, such as `drain_timeout: 1s`.
    package var manager: [String] = []
    package var hasAdmin = false
    /// Access logs of the connection managers, each in YAML's flow style.
    package var accessLogs: [String] = []
    /// Filters before the router, each in YAML's flow style.
    package var filters: [String] = []
    /// Further lines of the router, such as `upstream_log: [...]`.
    package var routerSettings: [String] = []

    package init(routes: [Route], clusters: [Cluster], hasAdmin: Bool = false) {
        self.routes = routes
        self.clusters = clusters
        self.hasAdmin = hasAdmin
    }

    package var yaml: String {
        """
        \(hasAdmin ? Self.admin : "")\
        static_resources:
          listeners:
        \(listener("", port))\(furtherListeners.map { listener($0, 0) }.joined())\
          clusters:
        \(clusters.map(text).joined())
        """
    }

    private func listener(_ name: String, _ port: Int) -> String {
        """
          - \(name.isEmpty ? "" : "name: \(name)\n    ")address:
              socket_address: { address: 127.0.0.1, port_value: \(port) }
            filter_chains:
            - filters:
              - name: envoy.filters.network.http_connection_manager
                typed_config:
                  "@type": type.googleapis.com/\(Self.manager)
                  stat_prefix: test
                  access_log: [\(accessLogs.joined(separator: ", "))]
        \(manager.map { "          \($0)\n" }.joined())\
                  route_config:
                    virtual_hosts:
                    - name: all
                      domains: ["*"]
                      routes:
        \(routes.map(text).joined())\
                  http_filters:
        \(filters.map { "          - \($0)\n" }.joined())\
                  - name: envoy.filters.http.router
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
        \(routerSettings.map { "              \($0)\n" }.joined())
        """
    }

    private static let admin = "admin: { address: { socket_address: { address: 127.0.0.1, port_value: 0 } } }\n"

    private static let manager =
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"

    private func text(_ route: Route) -> String {
        let mirrors = route.mirrors.map { "{ cluster: \($0) }" }.joined(separator: ", ")
        let policies = mirrors.isEmpty ? [] : ["request_mirror_policies: [\(mirrors)]"]
        let rest = (route.timeout.map { ["timeout: \($0)"] } ?? []) + route.settings
        let fields = ["cluster: \(route.cluster)"] + policies + rest
        return """
                          - match: { prefix: "\(route.prefix)" }
                            route: { \(fields.joined(separator: ", ")) }
            \(route.fields.map { "                \($0)\n" }.joined())
            """
    }

    private func text(_ cluster: Cluster) -> String {
        let endpoints = cluster.endpoints.map {
            "      - endpoint: { address: { socket_address: { address: \"\($0.host)\", port_value: \($0.port) } } }\n"
        }
        return """
              - name: \(cluster.name)
            \(cluster.settings.map { "    \($0)\n" }.joined())\
                load_assignment:
                  cluster_name: \(cluster.name)
                  endpoints:
                  - lb_endpoints:
            \(endpoints.map { "    \($0)" }.joined())\
            \(cluster.spares.enumerated().map { text($1, priority: $0 + 1) }.joined())
            """
    }

    private func text(_ ports: [Int], priority: Int) -> String {
        let endpoints = ports.map {
            "{ endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: \($0) } } } }"
        }
        return "      - { priority: \(priority), lb_endpoints: [\(endpoints.joined(separator: ", "))] }\n"
    }
}
