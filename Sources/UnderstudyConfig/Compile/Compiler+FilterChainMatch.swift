// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which connections a filter chain is for.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    private typealias Match = Envoy_Config_Listener_V3_FilterChainMatch

    mutating func compile(
        _ message: Envoy_Config_Listener_V3_FilterChainMatch,
        at place: Place
    ) -> FilterChainMatch {
        var match = FilterChainMatch()
        if message.hasDestinationPort {
            match.destinationPort = port(message.destinationPort.value, at: place.field("destination_port"))
        }
        match.destinationRanges = ranges(message.prefixRanges, at: place.field("prefix_ranges"))
        match.serverNames = zip(message.serverNames, place.field("server_names").items).compactMap { name, place in
            serverName(name, at: place)
        }
        match.transportProtocol = message.transportProtocol
        match.applicationProtocols = message.applicationProtocols
        let direct = place.field("direct_source_prefix_ranges")
        match.directSourceRanges = ranges(message.directSourcePrefixRanges, at: direct)
        match.source = FilterChainMatch.Source(message.sourceType)
        match.sourceRanges = ranges(message.sourcePrefixRanges, at: place.field("source_prefix_ranges"))
        match.sourcePorts = zip(message.sourcePorts, place.field("source_ports").items).compactMap { number, place in
            port(number, at: place)
        }
        return match
    }

    private mutating func port(_ number: UInt32, at place: Place) -> UInt16? {
        guard let port = UInt16(exactly: number), port > 0 else {
            let rule = "value must be inside range [1, 65535]"
            refuse(place, breaking: rule, found: String(number), accepted: "1 to 65535")
            return nil
        }
        return port
    }

    private mutating func ranges(_ messages: [Envoy_Config_Core_V3_CidrRange], at place: Place) -> [AddressRange] {
        zip(messages, place.items).compactMap { message, place in
            guard ipAddress(message.addressPrefix) != nil || message.addressPrefix.isEmpty else {
                let text = "malformed IP address: \(shown(message.addressPrefix))"
                refuse(place.field("address_prefix"), text, accepted: "an IP address")
                return nil
            }
            return compile(message, at: place)
        }
    }

    /// In lower case, and with its `*` if it is a suffix.
    private mutating func serverName(_ name: String, at place: Place) -> String? {
        let isSuffix = name.hasPrefix("*.")
        guard !(isSuffix ? name.dropFirst(2) : name[...]).contains("*") else {
            let text = "partial wildcards are not supported in \"server_names\""
            refuse(place, text, found: quoted(name), accepted: "a name, or *. and the end of one")
            return nil
        }
        let lower = name.lowercased()
        return lower.hasPrefix(".") ? "*" + lower : lower
    }
}

extension FilterChainMatch.Source {
    fileprivate init(_ message: Compiler.SourceType) {
        self =
            switch message {
            case .any, .UNRECOGNIZED: .any
            case .sameIpOrLoopback: .sameHost
            case .external: .external
            }
    }
}

extension Compiler {
    fileprivate typealias SourceType = Envoy_Config_Listener_V3_FilterChainMatch.ConnectionSourceType
}
