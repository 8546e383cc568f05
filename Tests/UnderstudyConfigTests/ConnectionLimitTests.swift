// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The network filters in front of the connection manager; what is refused was asked of Envoy 1.40.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct ConnectionLimitTests {
    private static let type =
        "\"@type\": type.googleapis.com/envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit"
    private static let manager = "envoy.filters.network.http_connection_manager"

    private static func filter(_ fields: String) -> String { "{name: limit, typed_config: {\(type), \(fields)}}" }

    private func load(_ filters: String...) -> ConfigurationResult {
        let lines = filters.map { "- \(Self.filter($0))\n      " }.joined()
        return Sample.load(("- name: \(Self.manager)", "\(lines)- name: \(Self.manager)"))
    }

    @Test func `any number of limits stands in front of the connection manager`() throws {
        let result = load(
            "stat_prefix: a, max_connections: 3",
            "stat_prefix: b, max_connections: 1, delay: 0.5s, runtime_enabled: {default_value: false, runtime_key: k}"
        )
        #expect(result.diagnostics.isEmpty, "\(result.rendered)")
        var second = ConnectionLimit(statPrefix: "b", maximum: 1)
        second.delay = .milliseconds(500)
        second.isEnabled = RuntimeSwitch(false, key: "k")
        let limits = try #require(result.configuration?.listeners.first?.connectionLimits)
        #expect(limits == [ConnectionLimit(statPrefix: "a", maximum: 3), second])
        #expect(limits[0].isEnabled == RuntimeSwitch(true))
    }

    @Test(arguments: [
        ("max_connections: 1", "stat_prefix is required"), ("stat_prefix: a", "Field 'max_connections' is missing"),
        ("stat_prefix: a, max_connections: 0", "value must be greater than or equal to 1"),
        ("stat_prefix: a, max_connections: 1, runtime_enabled: {runtime_key: k}", "default_value is required"),
    ])
    func `a limit is refused`(fields: String, message: String) {
        #expect(load(fields).messages == [message])
    }

    @Test func `a delay below zero is refused`() {
        #expect(!load("stat_prefix: a, max_connections: 1, delay: -1s").isAccepted)
    }

    @Test func `the connection manager ends the chain`() {
        let limit = Self.filter("stat_prefix: a, max_connections: 1")
        let behind = Sample.load(("  clusters:\n", "      - \(limit)\n  clusters:\n"))
        #expect(
            Set(behind.messages) == [
                "terminal filter named \(Self.manager) of type \(Self.manager) must be the last filter in a network "
                    + "filter chain.",
                "non-terminal filter named limit of type envoy.filters.network.connection_limit is the last filter in "
                    + "a network filter chain.",
            ]
        )
    }
}
