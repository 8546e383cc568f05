// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Clusters and the way their endpoints are found.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    mutating func compile(_ message: Envoy_Config_Cluster_V3_Cluster, at place: Place) -> Cluster? {
        if message.name.isEmpty { require("name", in: place) }
        let discovery = discovery(message, at: place)
        // A type that could not be read may have been one that resolves names.
        let isStatic = discovery == .static && !log.hasFault(at: place.field("type").path)
        let endpoints =
            message.hasLoadAssignment
            ? compile(message.loadAssignment, isStatic: isStatic, at: place.field("load_assignment")) : []
        let connectTimeout = connectTimeout(message, at: place)
        var cluster = Cluster(
            name: message.name,
            discovery: discovery,
            endpoints: endpoints,
            connectTimeout: connectTimeout,
            connectionBufferLimit: message.hasPerConnectionBufferLimitBytes
                ? Int(message.perConnectionBufferLimitBytes.value) : nil
        )
        setProtocol(message, at: place, of: &cluster)
        return message.name.isEmpty ? nil : cluster
    }

    private mutating func connectTimeout(_ message: Envoy_Config_Cluster_V3_Cluster, at place: Place) -> Duration {
        guard message.hasConnectTimeout else { return Cluster.defaultConnectTimeout }
        let timeout = Duration(message.connectTimeout)
        checkPositive(timeout, at: place.field("connect_timeout"))
        return timeout
    }

    private mutating func discovery(
        _ message: Envoy_Config_Cluster_V3_Cluster,
        at place: Place
    ) -> Cluster.Discovery {
        var options = Cluster.DNSOptions()
        if message.hasDnsRefreshRate {
            options.refreshRate = Duration(message.dnsRefreshRate)
            if options.refreshRate <= .milliseconds(1) {
                let rule = "value must be greater than 1ms"
                refuse(place.field("dns_refresh_rate"), breaking: rule, accepted: "0.002s or more")
            }
        }
        guard message.type == .strictDns else { return .static }
        options.family = Cluster.DNSFamily(message.dnsLookupFamily)
        return .strictDNS(options)
    }
}

extension Cluster.DNSFamily {
    fileprivate init(_ family: Envoy_Config_Cluster_V3_Cluster.DnsLookupFamily) {
        self =
            switch family {
            case .v4Only: .v4Only
            case .v6Only: .v6Only
            case .v4Preferred: .v4Preferred
            case .all: .all
            case .auto, .UNRECOGNIZED: .auto
            }
    }
}

extension Duration {
    init(_ message: Google_Protobuf_Duration) {
        self = .seconds(message.seconds) + .nanoseconds(Int64(message.nanos))
    }
}
