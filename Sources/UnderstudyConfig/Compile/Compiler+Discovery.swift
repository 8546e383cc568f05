// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How the endpoints of a cluster are found.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    private typealias DNSCluster = Envoy_Extensions_Clusters_Dns_V3_DnsCluster

    mutating func discovery(_ message: Envoy_Config_Cluster_V3_Cluster, at place: Place) -> Cluster.Discovery {
        if case .clusterType(let type) = message.clusterDiscoveryType {
            return discovery(type, of: message, at: place)
        }
        let options = options(message, at: place)
        switch message.type {
        case .static, .UNRECOGNIZED: return .static
        case .strictDns: return .strictDNS(options)
        case .logicalDns:
            checkOnlyEndpoint(message, at: place, "LOGICAL_DNS clusters must have a single host")
            return .logicalDNS(options)
        }
    }

    private mutating func options(
        _ message: Envoy_Config_Cluster_V3_Cluster,
        at place: Place
    ) -> Cluster.DNSOptions {
        var options = Cluster.DNSOptions()
        options.family = Cluster.DNSFamily(message.dnsLookupFamily)
        if message.hasDnsRefreshRate {
            options.refreshRate = refreshRate(message.dnsRefreshRate, at: place.field("dns_refresh_rate"))
        }
        if message.hasDnsJitter { options.jitter = Duration(message.dnsJitter) }
        if message.hasDnsFailureRefreshRate {
            let rate = message.dnsFailureRefreshRate
            let limit = rate.hasMaxInterval ? rate.maxInterval : nil
            options.failureRefresh = failureRefresh(
                rate.hasBaseInterval ? rate.baseInterval : nil,
                limit,
                isUsed: message.clusterDiscoveryType.map { $0 != .type(.static) } ?? false,
                at: place.field("dns_failure_refresh_rate")
            )
        }
        refuseTTL(message.respectDnsTtl, in: place)
        return options
    }

    /// A kind of cluster by its type.
    private mutating func discovery(
        _ type: Envoy_Config_Cluster_V3_Cluster.CustomClusterType,
        of cluster: Envoy_Config_Cluster_V3_Cluster,
        at place: Place
    ) -> Cluster.Discovery {
        let typePlace = place.field("cluster_type")
        requireText(type.name, "name", in: typePlace)
        let inner = typePlace.field("typed_config")
        guard type.hasTypedConfig else {
            return discovery(named: type.name, of: cluster, at: place)
        }
        guard let message: DNSCluster = unpacked(type.typedConfig, at: inner) else { return .static }
        var options = Cluster.DNSOptions()
        options.family = Cluster.DNSFamily(message.dnsLookupFamily)
        if message.hasDnsRefreshRate {
            options.refreshRate = refreshRate(message.dnsRefreshRate, at: inner.field("dns_refresh_rate"))
        }
        if message.hasDnsJitter { options.jitter = Duration(message.dnsJitter) }
        if message.hasDnsFailureRefreshRate {
            let rate = message.dnsFailureRefreshRate
            let limit = rate.hasMaxInterval ? rate.maxInterval : nil
            let place = inner.field("dns_failure_refresh_rate")
            options.failureRefresh = failureRefresh(rate.hasBaseInterval ? rate.baseInterval : nil, limit, at: place)
        }
        refuseTTL(message.respectDnsTtl, in: inner)
        guard message.allAddressesInSingleEndpoint else { return .strictDNS(options) }
        checkOnlyEndpoint(cluster, at: place, "LOGICAL_DNS clusters must have a single host")
        return .logicalDNS(options)
    }

    /// A kind of cluster by its name alone, with the settings of the cluster itself.
    private mutating func discovery(
        named name: String,
        of message: Envoy_Config_Cluster_V3_Cluster,
        at place: Place
    ) -> Cluster.Discovery {
        switch name {
        case "envoy.cluster.static": return .static
        case "envoy.cluster.strict_dns": return .strictDNS(options(message, at: place))
        case "envoy.cluster.logical_dns":
            checkOnlyEndpoint(message, at: place, "LOGICAL_DNS clusters must have a single host")
            return .logicalDNS(options(message, at: place))
        default:
            let text = "Didn't find a registered cluster factory implementation for name: '\(shown(name))'"
            require("typed_config", in: place.field("cluster_type"), text)
            return .static
        }
    }

    private mutating func refuseTTL(_ isAsked: Bool, in place: Place) {
        let text = "names are asked for again after dns_refresh_rate"
        refuseUnsupported(isAsked, text, at: place.field("respect_dns_ttl"), accepted: "false")
    }

    private mutating func refreshRate(_ message: Google_Protobuf_Duration, at place: Place) -> Duration {
        let rate = Duration(message)
        if rate <= .milliseconds(1) {
            refuse(place, breaking: "value must be greater than 1ms", accepted: "0.002s or more")
        }
        return rate
    }

    private mutating func failureRefresh(
        _ base: Google_Protobuf_Duration?,
        _ maximum: Google_Protobuf_Duration?,
        isUsed: Bool = true,
        at place: Place
    ) -> Cluster.FailureRefresh? {
        guard let base = base.map({ Duration($0) }) else {
            require("base_interval", in: place)
            return nil
        }
        checkMillisecond(base, at: place.field("base_interval"))
        let maximum = maximum.map { Duration($0) } ?? base * 10
        checkMillisecond(maximum, at: place.field("max_interval"))
        if maximum < base, isUsed {
            let rule = "dns_failure_refresh_rate must have max_interval greater than or equal to the base_interval"
            refuse(place.field("max_interval"), rule)
        }
        return Cluster.FailureRefresh(base: base, maximum: maximum)
    }

    private mutating func checkMillisecond(_ duration: Duration, at place: Place) {
        guard duration <= .milliseconds(1) else { return }
        refuse(place, breaking: "value must be greater than 1ms", accepted: "0.002s or more")
    }

    private mutating func checkOnlyEndpoint(
        _ message: Envoy_Config_Cluster_V3_Cluster,
        at place: Place,
        _ absent: String
    ) {
        let place = place.field("load_assignment")
        guard message.hasLoadAssignment, !message.loadAssignment.endpoints.isEmpty else {
            require("load_assignment", in: place, absent, accepted: "one endpoint")
            return
        }
        let localities = message.loadAssignment.endpoints
        guard localities.count != 1 || localities[0].lbEndpoints.count != 1 else { return }
        let text = "LOGICAL_DNS clusters must have a single locality_lb_endpoint and a single lb_endpoint"
        refuse(place.field("endpoints"), text, accepted: "one endpoint")
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

    fileprivate init(_ family: Envoy_Extensions_Clusters_Common_Dns_V3_DnsLookupFamily) {
        self =
            switch family {
            case .v4Only: .v4Only
            case .v6Only: .v6Only
            case .v4Preferred: .v4Preferred
            case .all: .all
            case .auto, .unspecified, .UNRECOGNIZED: .auto
            }
    }
}
