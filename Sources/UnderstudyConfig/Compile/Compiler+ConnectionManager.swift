// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The connection manager and its chain of HTTP filters.

import EnvoyAPI
import UnderstudyCore

extension Compiler {
    mutating func compile(
        _ message: Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpConnectionManager,
        at place: Place
    ) -> ConnectionManager? {
        if message.statPrefix.isEmpty { require("stat_prefix", in: place) }
        checkHeaderText(message.serverName, at: place.field("server_name"))
        check(message.httpFilters, at: place)
        guard case .routeConfig(let routes) = message.routeSpecifier else {
            require("route_config", in: place)
            return nil
        }
        let compiled = compile(routes, at: place.field("route_config"))
        guard !message.statPrefix.isEmpty else { return nil }
        guard !message.serverName.isEmpty else {
            return ConnectionManager(statPrefix: message.statPrefix, routes: compiled)
        }
        return ConnectionManager(statPrefix: message.statPrefix, serverName: message.serverName, routes: compiled)
    }

    /// The router ends the chain, and nothing but optional filters that are skipped may stand before it.
    private mutating func check(
        _ filters: [Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpFilter],
        at manager: Place
    ) {
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
}
