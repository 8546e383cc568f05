// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A small correct configuration, ways to spoil it, and short names for looking at the outcome.

import UnderstudyCore

@testable import UnderstudyConfig

enum Sample {
    /// One listener, one route with one mirror, two clusters.
    static let text = """
        static_resources:
          listeners:
          - name: main
            address:
              socket_address: {address: 127.0.0.1, port_value: 10000}
            filter_chains:
            - filters:
              - name: envoy.filters.network.http_connection_manager
                typed_config:
                  "@type": type.googleapis.com/\(package).http_connection_manager.v3.HttpConnectionManager
                  stat_prefix: ingress_http
                  route_config:
                    name: local_route
                    virtual_hosts:
                    - name: backend
                      domains: ["*"]
                      routes:
                      - match: {prefix: "/"}
                        route:
                          cluster: c1
                          timeout: 1.5s
                          request_mirror_policies: [{cluster: c2}]
                  http_filters:
                  - name: envoy.filters.http.router
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
          clusters:
          - name: c1
            connect_timeout: 0.25s
            type: STATIC
            lb_policy: ROUND_ROBIN
            load_assignment: {cluster_name: c1, endpoints: [\(endpoint(8081))]}
          - name: c2
            connect_timeout: 0.25s
            type: STATIC
            load_assignment: {cluster_name: c2, endpoints: [\(endpoint(8082))]}

        """

    private static let package = "envoy.extensions.filters.network"

    private static func endpoint(_ port: Int) -> String {
        "{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: \(port)}}}}]}"
    }

    /// The way to the connection manager, for expected paths.
    static let manager = "static_resources.listeners[0].filter_chains[0].filters[0].typed_config"
    static let route = manager + ".route_config.virtual_hosts[0].routes[0].route"

    /// Loads the sample with a further field in its connection manager.
    static func load(manager field: String) -> ConfigurationResult {
        load(("stat_prefix: ingress_http", "stat_prefix: ingress_http\n          \(field)"))
    }

    /// Loads the sample with a further field in its route configuration.
    static func load(configuration field: String) -> ConfigurationResult {
        load(("name: local_route", "name: local_route\n            \(field)"))
    }

    /// Loads the sample with a further field in its virtual host.
    static func load(host field: String) -> ConfigurationResult {
        load(("domains: [\"*\"]", "domains: [\"*\"]\n              \(field)"))
    }

    /// Loads the sample with other fields than `match: {prefix: "/"}` and `route` in its only route.
    static func load(route fields: String) -> ConfigurationResult {
        let start = text.firstRange(of: "              - match:")?.lowerBound ?? text.startIndex
        let end = text.firstRange(of: "          http_filters:")?.lowerBound ?? text.endIndex
        return load(text[..<start] + "              - {\(fields)}\n" + text[end...])
    }

    /// Loads the sample with further fields in the action of its only route.
    static func load(action fields: String) -> ConfigurationResult {
        load(route: "match: {prefix: /}, route: {cluster: c1, \(fields)}")
    }

    /// Loads the sample with a further field in its first cluster.
    static func load(cluster field: String) -> ConfigurationResult {
        load(("lb_policy: ROUND_ROBIN", field))
    }

    static func load(_ text: String, allowUnknownFields: Bool = false) -> ConfigurationResult {
        ConfigurationLoader.load(.inline(text, name: "envoy.yaml"), allowUnknownFields: allowUnknownFields)
    }

    /// Loads the sample with the first occurrence of each text replaced.
    static func load(_ changes: (String, String)...) -> ConfigurationResult {
        var result = text
        for (old, new) in changes {
            guard let range = result.firstRange(of: old) else { preconditionFailure("the sample has no \(old)") }
            result.replaceSubrange(range, with: new)
        }
        return load(result)
    }
}

extension ConfigurationResult {
    var errors: [ConfigurationDiagnostic] { diagnostics.filter { $0.severity == .error } }
    var warnings: [ConfigurationDiagnostic] { diagnostics.filter { $0.severity == .warning } }
    var messages: [String] { diagnostics.map(\.message) }
    /// The model without the text that it came from.
    var model: ServerConfiguration? {
        var model = configuration
        model?.document = ConfigurationDocument()
        return model
    }
    var isAccepted: Bool { configuration != nil }

    var routes: [Route] { configuration?.listeners.first?.connectionManager.routes.virtualHosts.first?.routes ?? [] }
    var actions: [RouteAction] {
        routes.compactMap { route in
            if case .forward(let action) = route.action { action } else { nil }
        }
    }
    var mirrors: [MirrorPolicy] { actions.first?.mirrorPolicies ?? [] }
    var manager: ConnectionManager? { configuration?.listeners.first?.connectionManager }
}
