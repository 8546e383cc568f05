// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Listeners: their sockets, and what stands in front of their filter chains.

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
        let chains = chains(of: message, at: place)
        setInspection(message, at: place)
        guard let chains, let address else { return nil }
        var listener = Listener(
            name: message.name.isEmpty ? address.description : message.name,
            address: address,
            connectionBufferLimit: message.hasPerConnectionBufferLimitBytes
                ? Int(message.perConnectionBufferLimitBytes.value) : nil,
            filterChains: chains.matched
        )
        listener.defaultFilterChain = chains.standard
        listener.inspectsTLS = !message.listenerFilters.isEmpty
        if !listener.inspectsTLS { warnOfBlindness(chains.matched, at: place.field("filter_chains").items) }
        if message.hasListenerFiltersTimeout {
            listener.inspectionTime = Duration(message.listenerFiltersTimeout)
        }
        listener.continuesAfterInspectionTime = message.continueOnListenerFiltersTimeout
        listener.statPrefix = message.statPrefix
        listener.drainsOnHealthFailure = message.drainType == .default
        listener.isInbound = message.trafficDirection == .inbound
        listener.ignoresGlobalLimit = message.ignoreGlobalConnLimit
        listener.bypassesOverload = message.bypassOverloadManager
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

    /// Checks the listener filters, each of which is a TLS inspector.
    private mutating func setInspection(_ message: Envoy_Config_Listener_V3_Listener, at place: Place) {
        typealias Inspector = Envoy_Extensions_Filters_Listener_TlsInspector_V3_TlsInspector
        for (filter, place) in zip(message.listenerFilters, place.field("listener_filters").items) {
            requireText(filter.name, "name", in: place)
            guard case .typedConfig(let any) = filter.configType else {
                requireType(of: filter.name, in: place)
                continue
            }
            let place = place.field("typed_config")
            guard let inspector: Inspector = unpacked(any, at: place), inspector.hasInitialReadBufferSize else {
                continue
            }
            let size = inspector.initialReadBufferSize.value
            guard size <= 255 || size >= 65_537 else { continue }
            let rule = "value must be inside range (255, 65537)"
            let accepted = "256 to 65536"
            refuse(place.field("initial_read_buffer_size"), breaking: rule, found: String(size), accepted: accepted)
        }
    }

    /// Warns of chains that no connection gets, since nothing looks at what they ask for.
    private mutating func warnOfBlindness(_ chains: [FilterChain], at places: [Place]) {
        for (chain, place) in zip(chains, places) where chain.match.needsInspection {
            let text =
                "no connection gets this filter chain: without a tls_inspector nothing tells its name or protocol"
            warn(place.field("filter_chain_match"), text)
        }
    }

    /// Reports that something has no `typed_config`, in Envoy's words.
    mutating func requireType(of name: String, in place: Place) {
        let text = "Didn't find a registered implementation for '\(shown(name))' with type URL: ''"
        require("typed_config", in: place, text)
    }
}

extension FilterChainMatch {
    /// Whether it asks for something that only the first bytes tell.
    fileprivate var needsInspection: Bool {
        transportProtocol == "tls" || !serverNames.allSatisfy(\.isEmpty) || !applicationProtocols.allSatisfy(\.isEmpty)
    }
}
