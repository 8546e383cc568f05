// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The chain of HTTP filters.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    typealias Router = Envoy_Extensions_Filters_Http_Router_V3_Router

    /// The router, which ends the chain; nothing but optional filters that are skipped may stand before it.
    mutating func check(
        _ filters: [Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpFilter],
        at manager: Place
    ) -> Router? {
        let router = "envoy.filters.http.router"
        for (index, (filter, place)) in zip(filters, manager.field("http_filters").items).enumerated() {
            if filter.name.isEmpty { require("name", in: place) }
            if filter.configType == nil {
                checkSkipped(filter, at: place)
            } else if index < filters.count - 1 {
                let name = filter.name.isEmpty ? router : shown(filter.name)
                let message = """
                    terminal filter named \(name) of type \(router) must be the last filter in a http filter chain.
                    """
                refuse(place, message, accepted: "exactly one router, at the end")
            }
        }
        if filters.isEmpty || filters.allSatisfy({ $0.configType == nil }) {
            require("http_filters", in: manager, "the router is missing", accepted: "\(router), as the last filter")
        }
        guard case .typedConfig(let any) = filters.last?.configType else { return nil }
        return unpacked(any, at: manager.field("http_filters"))
    }

    /// A filter without a type that is understood: fine if it is optional.
    private mutating func checkSkipped(
        _ filter: Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpFilter,
        at place: Place
    ) {
        if filter.isOptional {
            if place.field("typed_config").node == nil { warn(place, "this optional filter is skipped") }
            return
        }
        let name = shown(filter.name)
        require("typed_config", in: place, "Didn't find a registered implementation for '\(name)' with type URL: ''")
    }

    /// The message inside; `nil`, after a report, if it is none.
    mutating func unpacked<Inner: Message>(_ any: Google_Protobuf_Any, at place: Place) -> Inner? {
        do {
            return try Inner(unpackingAny: any)
        } catch {
            refuse(place, "cannot be read as \(Inner.protoMessageName)")
            return nil
        }
    }
}
