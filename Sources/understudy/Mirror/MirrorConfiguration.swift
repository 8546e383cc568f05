// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The envoy.yaml that `understudy mirror` stands for.

struct MirrorConfiguration {
    let listen: ListenAddress
    let primary: UpstreamURL
    let mirrors: [UpstreamURL]

    /// An ordinary configuration; Envoy loads it too.
    var envoyYAML: String {
        let names = mirrors.indices.map { mirrors.count == 1 ? "mirror" : "mirror-\($0 + 1)" }
        let policies = names.map { "                  - cluster: \($0)" }.joined(separator: "\n")
        return """
            static_resources:
              listeners:
              - address:
                  socket_address:
                    address: "\(listen.host)"
                    port_value: \(listen.port)
                filter_chains:
                - filters:
                  - name: envoy.filters.network.http_connection_manager
                    typed_config:
                      "@type": \(Self.type("network.http_connection_manager.v3.HttpConnectionManager"))
                      codec_type: AUTO
                      stat_prefix: ingress_http
                      route_config:
                        name: local_route
                        virtual_hosts:
                        - name: backend
                          domains: ["*"]
                          routes:
                          - match:
                              prefix: "/"
                            route:
                              cluster: primary
                              request_mirror_policies:
            \(policies)
                      http_filters:
                      - name: envoy.filters.http.router
                        typed_config:
                          "@type": \(Self.type("http.router.v3.Router"))
              clusters:

            """ + zip(["primary"] + names, [primary] + mirrors).map { Self.cluster($0, $1) }.joined()
    }

    private static func type(_ name: String) -> String {
        "type.googleapis.com/envoy.extensions.filters.\(name)"
    }

    private static func cluster(_ name: String, _ url: UpstreamURL) -> String {
        """
          - name: \(name)
            type: \(url.isAddress ? "STATIC" : "STRICT_DNS")
            lb_policy: ROUND_ROBIN
            load_assignment:
              cluster_name: \(name)
              endpoints:
              - lb_endpoints:
                - endpoint:
                    address:
                      socket_address:
                        address: "\(url.host)"
                        port_value: \(url.port)

        """
    }
}
