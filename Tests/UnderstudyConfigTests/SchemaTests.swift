// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the descriptors of this build say.

import Testing

@testable import UnderstudyConfig

@Suite struct SchemaTests {
    @Test func `the descriptors of this build are complete`() {
        let schema = Schema.envoy
        let bootstrap = schema.messages["envoy.config.bootstrap.v3.Bootstrap"]
        #expect(bootstrap?.fields.map(\.name).prefix(2) == ["node", "static_resources"])
        for message in schema.messages.values {
            for field in message.fields {
                switch field.type {
                case .message(let name) where !name.hasPrefix("google.protobuf."): #expect(schema.messages[name] != nil)
                case .enumeration(let name): #expect(schema.enumerations[name] != nil)
                default: break
                }
            }
        }
    }

    @Test func `a reserved name is a field that Envoy has, not a misspelt one`() {
        let cluster = Schema.envoy.messages["envoy.config.cluster.v3.Cluster"]
        #expect(cluster?.unsupported.contains("lrs_server") == true)
        #expect(cluster?.unsupported.contains("lrsServer") == true)
        #expect(cluster?.unsupported.contains("name") == false)
        #expect(
            Schema.envoy.enumerations["envoy.config.cluster.v3.Cluster.DiscoveryType"]?.unsupportedNumbers == [3, 4]
        )
    }

    @Test func `a field that is newer than the descriptors is a field that Envoy has, too`() {
        #expect(Schema.envoy.messages["envoy.config.route.v3.RouteMatch"]?.unsupported.contains("cookies") == true)
        for (message, fields) in Schema.newerFields {
            let known = Schema.envoy.messages[message]?.fieldsByName ?? [:]
            #expect(!known.isEmpty && fields.allSatisfy { known[$0] == nil })
        }
    }

    @Test(arguments: [("lb_policy", "lbPolicy"), ("name", "name"), ("http2_protocol_options", "http2ProtocolOptions")])
    func `a field has a second spelling`(name: String, other: String) {
        #expect(lowerCamelCase(name) == other)
    }
}
