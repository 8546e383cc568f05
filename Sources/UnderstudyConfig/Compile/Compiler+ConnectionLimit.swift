// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The network filters: bounds on connections, and the connection manager behind them.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    private typealias LimitMessage = Envoy_Extensions_Filters_Network_ConnectionLimit_V3_ConnectionLimit

    /// What a chain of network filters comes to.
    struct NetworkFilters {
        var limits: [ConnectionLimit] = []
        var manager: ConnectionManager?
    }

    private static let managerName = "envoy.filters.network.http_connection_manager"

    /// - Parameter list: The place of the filters, of which there is at least one.
    mutating func networkFilters(_ filters: [Envoy_Config_Listener_V3_Filter], at list: Place) -> NetworkFilters {
        var result = NetworkFilters()
        for (index, (filter, place)) in zip(filters, list.items).enumerated() {
            if filter.name.isEmpty { require("name", in: place) }
            let inner = place.field("typed_config")
            guard case .typedConfig(let any) = filter.configType else {
                let name = shown(filter.name)
                let text = "Didn't find a registered implementation for '\(name)' with type URL: ''"
                require("typed_config", in: place, text)
                continue
            }
            let isLast = index == filters.count - 1
            if any.isA(LimitMessage.self) {
                if let limit = limit(any, at: inner) { result.limits.append(limit) }
                if isLast { refuseLastLimit(filter.name, at: place) }
            } else if !isLast {
                refuseEarlyManager(filter.name, at: place)
            } else if let message: Manager = unpacked(any, at: inner) {
                result.manager = compile(message, at: inner)
            }
        }
        return result
    }

    private mutating func limit(_ any: Google_Protobuf_Any, at place: Place) -> ConnectionLimit? {
        guard let message: LimitMessage = unpacked(any, at: place) else { return nil }
        requireText(message.statPrefix, "stat_prefix", in: place)
        guard message.hasMaxConnections else {
            require("max_connections", in: place, "Field 'max_connections' is missing", accepted: "1 or more")
            return nil
        }
        let maximum = message.maxConnections.value
        if maximum == 0 {
            let rule = "value must be greater than or equal to 1"
            refuse(place.field("max_connections"), breaking: rule, found: "0", accepted: "1 or more")
        }
        var limit = ConnectionLimit(statPrefix: message.statPrefix, maximum: maximum)
        if message.hasDelay { limit.delay = Duration(message.delay) }
        if message.hasRuntimeEnabled {
            let flag = message.runtimeEnabled
            if !flag.hasDefaultValue { require("default_value", in: place.field("runtime_enabled")) }
            limit.isEnabled = RuntimeSwitch(flag.defaultValue.value, key: flag.runtimeKey)
        }
        return limit
    }

    private mutating func refuseLastLimit(_ name: String, at place: Place) {
        let type = "envoy.filters.network.connection_limit"
        let text = """
            non-terminal filter named \(shown(name)) of type \(type) is the last filter in a network filter chain.
            """
        refuse(place, text, accepted: "the connection manager, at the end")
    }

    private mutating func refuseEarlyManager(_ name: String, at place: Place) {
        let text = """
            terminal filter named \(shown(name)) of type \(Self.managerName) must be the last filter in a network \
            filter chain.
            """
        refuse(place, text, accepted: "exactly one connection manager, at the end")
    }
}
