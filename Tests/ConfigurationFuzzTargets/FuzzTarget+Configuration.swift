// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Configurations: whatever the text, there is a model or a reason, and the same one each time.

package import FuzzTargets
internal import TestSupport
internal import UnderstudyConfig
internal import UnderstudyCore

extension FuzzTarget {
    package static let configuration = FuzzTarget(name: "configuration", check: checkText, generate: makeText)

    private static func load(_ text: String, lenient: Bool = false) -> ConfigurationResult {
        ConfigurationLoader.load(.inline(text, name: "fuzz"), allowUnknownFields: lenient)
    }

    private static func checkText(_ bytes: [UInt8]) -> Verdict {
        var verdict = Verdict()
        let text = String(decoding: bytes, as: UTF8.self)
        let result = load(text)
        let errors = result.diagnostics.filter { $0.severity == .error }
        verdict.isAccepted = result.configuration != nil
        verdict.expect(verdict.isAccepted == errors.isEmpty, "neither a model nor an error, or both")
        verdict.expect(load(text).diagnostics == result.diagnostics, "read twice, it is two files")
        let lenient = load(text, lenient: true)
        if verdict.isAccepted {
            verdict.expect(lenient.configuration != nil, "leniently it is refused")
            verdict.expect(lenient.diagnostics == result.diagnostics, "leniently it is another file")
        }
        let lines = text.utf8.count { $0 == 0x0A || $0 == 0x0D } + text.unicodeScalars.count { $0.value >= 0x85 } + 1
        for diagnostic in result.diagnostics {
            verdict.expect(!diagnostic.message.isEmpty, "an empty message")
            verdict.expect((1...lines + 1).contains(diagnostic.line ?? 1), "line \(diagnostic.line ?? 0) of \(lines)")
            let rendered = diagnostic.rendered
            verdict.expect(rendered.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0A }, "a control byte: \(rendered)")
            verdict.expect(rendered.utf8.count < 16 * 1024, "a message of \(rendered.utf8.count) bytes")
        }
        return verdict
    }

    private static func makeText(_ dice: inout SeededGenerator) -> [UInt8] {
        let text = Array(sample.utf8)
        return dice.chance(percent: 20) ? text : mutator.damage(text, &dice)
    }

    private static let mutator = ByteMutator([
        "{", "}", "[", "]", ":", "- ", "? ", "|\n", ">\n", "*a", "&a ", "!!str ", "%", "\"", "'", "\n", "\t", "  ",
        "\0",
        "é", "#", "<<: ", "---\n", "~", ", ", "name: x", "c2", "0s", "-1s", "1e3s", "18446744073709551616", "null",
        "stat_prefix: x\n", "\"@type\": type.googleapis.com/x", "%REQ(", "(a+)+", "\u{2028}",
    ])

    private static let sample = """
        static_resources:
          listeners:
          - address: {socket_address: {address: 127.0.0.1, port_value: 10000}}
            filter_chains:
            - filters:
              - name: envoy.filters.network.http_connection_manager
                typed_config:
                  "@type": type.googleapis.com/\(network).http_connection_manager.v3.HttpConnectionManager
                  stat_prefix: ingress_http
                  route_config:
                    virtual_hosts:
                    - name: v
                      domains: ["*"]
                      routes:
                      - match: {prefix: "/"}
                        route:
                          cluster: c1
                          timeout: 1.5s
                          request_mirror_policies:
                          - {cluster: c2, runtime_fraction: {default_value: {numerator: 5, denominator: HUNDRED}}}
                  http_filters:
                  - name: envoy.filters.http.router
                    typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
          clusters:
          - {name: c1, connect_timeout: 0.25s, type: STATIC, load_assignment: {cluster_name: c1}}
          - {name: c2, type: STATIC, load_assignment: {cluster_name: c2}}

        """

    private static let network = "envoy.extensions.filters.network"
}
