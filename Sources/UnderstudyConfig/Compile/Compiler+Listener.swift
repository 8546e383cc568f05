// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Listeners, down to the connection manager in their only filter chain.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    mutating func compile(_ message: Envoy_Config_Listener_V3_Listener, at place: Place) -> Listener? {
        var address: SocketEndpoint?
        if message.hasAddress {
            address = listeningAddress(message.address, at: place.field("address"))
        } else {
            require("address", in: place, "address is necessary")
        }
        guard let filterPlace = onlyFilter(of: message, at: place) else { return nil }
        let filter = message.filterChains[0].filters[0]
        if filter.name.isEmpty { require("name", in: filterPlace) }
        guard let manager = connectionManager(filter, at: filterPlace), let address else { return nil }
        var listener = Listener(
            name: message.name.isEmpty ? address.description : message.name,
            address: address,
            connectionBufferLimit: message.hasPerConnectionBufferLimitBytes
                ? Int(message.perConnectionBufferLimitBytes.value) : nil,
            connectionManager: manager
        )
        listener.statPrefix = message.statPrefix
        listener.drainsOnHealthFailure = message.drainType == .default
        listener.isInbound = message.trafficDirection == .inbound
        listener.accessLogs = accessLogs(message.accessLog, at: place.field("access_log"))
        checkSocket(message, at: place)
        return listener
    }

    private mutating func checkSocket(_ message: Envoy_Config_Listener_V3_Listener, at place: Place) {
        let isUnbound = message.hasBindToPort && !message.bindToPort.value
        let text = "a listener always has a socket of its own"
        refuseUnsupported(isUnbound, text, at: place.field("bind_to_port"), accepted: "true")
        guard message.hasMaxConnectionsToAcceptPerSocketEvent else { return }
        guard message.maxConnectionsToAcceptPerSocketEvent.value == 0 else { return }
        let place = place.field("max_connections_to_accept_per_socket_event")
        refuse(place, breaking: "value must be greater than 0", found: "0", accepted: "1 or more")
    }

    /// The place of the one filter in the one filter chain.
    private mutating func onlyFilter(of message: Envoy_Config_Listener_V3_Listener, at place: Place) -> Place? {
        let accepted = "one filter chain with one filter, the connection manager"
        guard let chain = message.filterChains.first, let chainPlace = place.field("filter_chains").items.first else {
            require("filter_chains", in: place, "no filter chains specified", accepted: accepted)
            return nil
        }
        guard message.filterChains.count == 1 else {
            let found = "\(message.filterChains.count) filter chains"
            let place = place.field("filter_chains")
            refuse(place, "more than one filter chain", kind: .unsupported, found: found, accepted: accepted)
            return nil
        }
        guard chain.filters.count == 1, let filterPlace = chainPlace.field("filters").items.first else {
            if chain.filters.isEmpty {
                require("filters", in: chainPlace, "filters is required", accepted: accepted)
            } else {
                let found = "\(chain.filters.count) filters"
                let place = chainPlace.field("filters")
                refuse(place, "more than one filter", kind: .unsupported, found: found, accepted: accepted)
            }
            return nil
        }
        return filterPlace
    }

    private mutating func connectionManager(
        _ filter: Envoy_Config_Listener_V3_Filter,
        at place: Place
    ) -> ConnectionManager? {
        let configuration = place.field("typed_config")
        guard case .typedConfig(let any) = filter.configType else {
            let text = "Didn't find a registered implementation for '\(shown(filter.name))' with type URL: ''"
            require("typed_config", in: place, text)
            return nil
        }
        guard let message: Manager = unpacked(any, at: configuration) else { return nil }
        return compile(message, at: configuration)
    }
}
