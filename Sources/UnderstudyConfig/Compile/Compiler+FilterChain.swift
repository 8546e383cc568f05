// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Filter chains, and that no two of a listener are for the same connections.

import EnvoyAPI
import UnderstudyCore

extension Compiler {
    private typealias Chain = Envoy_Config_Listener_V3_FilterChain

    /// The filter chains of a listener.
    struct FilterChains {
        var matched: [FilterChain] = []
        var standard: FilterChain?
    }

    /// `nil`, after a report, if there is none or one that cannot be used.
    mutating func chains(of message: Envoy_Config_Listener_V3_Listener, at place: Place) -> FilterChains? {
        var chains = FilterChains()
        let places = place.field("filter_chains").items
        for (chain, place) in zip(message.filterChains, places) where !log.isFull {
            if let chain = compile(chain, at: place) { chains.matched.append(chain) }
        }
        if message.hasDefaultFilterChain {
            let place = place.field("default_filter_chain")
            chains.standard = compile(message.defaultFilterChain, at: place)
            if message.defaultFilterChain.hasFilterChainMatch {
                warn(place.field("filter_chain_match"), "the default filter chain is for whatever no other matches")
                chains.standard?.match = FilterChainMatch()
            }
            if chains.standard == nil { return nil }
        } else if message.filterChains.isEmpty {
            let accepted = "filter chains, each with the connection manager at its end"
            require("filter_chains", in: place, "no filter chains specified", accepted: accepted)
            return nil
        }
        guard chains.matched.count == message.filterChains.count else { return nil }
        checkDistinct(chains.matched, at: places)
        return chains
    }

    private mutating func compile(_ message: Chain, at place: Place) -> FilterChain? {
        let match = compile(message.filterChainMatch, at: place.field("filter_chain_match"))
        let tls =
            message.hasTransportSocket
            ? downstreamTLS(message.transportSocket, at: place.field("transport_socket")) : nil
        guard !message.filters.isEmpty else {
            let accepted = "filters, with the connection manager at their end"
            require("filters", in: place, "filters is required", accepted: accepted)
            return nil
        }
        let filters = networkFilters(message.filters, at: place.field("filters"))
        guard let manager = filters.manager else { return nil }
        var chain = FilterChain(manager)
        chain.name = message.name
        chain.match = match
        chain.tls = tls
        chain.connectionLimits = filters.limits
        if message.hasTransportSocketConnectTimeout {
            chain.handshakeTime = Duration(message.transportSocketConnectTimeout)
        }
        return chain
    }

    /// Refuses a chain that is for connections that an earlier one is for, too.
    private mutating func checkDistinct(_ chains: [FilterChain], at places: [Place]) {
        var earlier: [FilterChainMatch: Int] = [:]
        for (index, chain) in chains.enumerated() {
            guard let first = earlier.updateValue(index, forKey: chain.match) else { continue }
            let name = shown(chains[first].name)
            let text = "filter chain '\(shown(chain.name))' has the same matching rules defined as '\(name)'."
            refuse(places[index].field("filter_chain_match"), text)
            return
        }
        guard let overlap = FilterChainTable.overlap(of: chains.map(\.match)) else { return }
        let text = "multiple filter chains with overlapping matching rules are defined"
        refuse(places[overlap].field("filter_chain_match"), text)
    }
}
