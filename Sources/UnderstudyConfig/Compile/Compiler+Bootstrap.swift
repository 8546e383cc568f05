// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The root of a configuration, and what has to hold across its parts.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    mutating func compile(_ bootstrap: Envoy_Config_Bootstrap_V3_Bootstrap, at place: Place) -> ServerConfiguration {
        let resources = place.field("static_resources")
        let clusterPlaces = resources.field("clusters").items
        let listenerPlaces = resources.field("listeners").items
        clusterNames = names(of: bootstrap.staticResources.clusters, in: resources)
        checkClusterNames(bootstrap.staticResources.clusters, at: clusterPlaces)
        // What comes after more mistakes than anybody reads is not looked at.
        let clusters = zip(bootstrap.staticResources.clusters, clusterPlaces)
            .compactMap { log.isFull ? nil : compile($0, at: $1) }
        let listeners = zip(bootstrap.staticResources.listeners, listenerPlaces)
            .compactMap { log.isFull ? nil : compile($0, at: $1) }
        checkListeners(bootstrap.staticResources.listeners, at: listenerPlaces)
        var admin: SocketEndpoint?
        if bootstrap.hasAdmin, bootstrap.admin.hasAddress {
            admin = listeningAddress(bootstrap.admin.address, at: place.field("admin").field("address"))
        }
        var configuration = ServerConfiguration(listeners: listeners, clusters: clusters, admin: admin)
        if bootstrap.hasAdmin { configuration.adminLogs = adminLogs(bootstrap.admin, at: place.field("admin")) }
        setStatistics(bootstrap, at: place, of: &configuration)
        if bootstrap.hasOverloadManager {
            configuration.overload = compile(bootstrap.overloadManager, at: place.field("overload_manager"))
        }
        if let mirroring { configuration.mirroring = mirroring.options }
        configuration.runtime = layers(bootstrap, at: place)
        configuration.serviceCluster = bootstrap.node.cluster
        configuration.serviceNode = bootstrap.node.id
        return configuration
    }

    private mutating func adminLogs(_ message: Envoy_Config_Bootstrap_V3_Admin, at place: Place) -> [AccessLog] {
        let logs = accessLogs(message.accessLog, at: place.field("access_log"))
        guard let old = accessLog(path: message.accessLogPath, at: place.field("access_log_path")) else { return logs }
        return logs + [old]
    }

    private mutating func setStatistics(
        _ bootstrap: Envoy_Config_Bootstrap_V3_Bootstrap,
        at place: Place,
        of configuration: inout ServerConfiguration
    ) {
        let tags = bootstrap.statsConfig
        let areOff = tags.hasUseAllDefaultTags && !tags.useAllDefaultTags.value
        let field = place.field("stats_config").field("use_all_default_tags")
        refuseUnsupported(areOff, "names always have their default tags", at: field, accepted: "true")
        if case .statsFlushOnAdmin = bootstrap.statsFlush {
            let text = "statistics are taken over after stats_flush_interval"
            refuseUnsupported(true, text, at: place.field("stats_flush_on_admin"), accepted: "stats_flush_interval")
        }
        guard bootstrap.hasStatsFlushInterval else { return }
        configuration.statsFlushInterval = Duration(bootstrap.statsFlushInterval)
        guard !(.milliseconds(1)..<Duration.seconds(300) ~= configuration.statsFlushInterval) else { return }
        let rule = "value must be inside range [1ms, 5m0s)"
        refuse(place.field("stats_flush_interval"), breaking: rule, accepted: "0.001s to less than 300s")
    }

    /// The names of all clusters; `nil` if a mistake has hidden some, so that "unknown cluster" would be its echo.
    private func names(of clusters: [Envoy_Config_Cluster_V3_Cluster], in resources: Place) -> Set<String>? {
        let names = Set(clusters.map(\.name))
        if names.contains("") || log.hasFaultyField(in: resources.path) { return nil }
        return names.isEmpty && log.hasFaultyField(in: "") ? nil : names
    }

    private mutating func checkClusterNames(_ clusters: [Envoy_Config_Cluster_V3_Cluster], at places: [Place]) {
        var seen: Set<String> = []
        for (cluster, place) in zip(clusters, places) where !cluster.name.isEmpty && !log.isFull {
            if seen.insert(cluster.name).inserted { continue }
            refuse(place.field("name"), "cluster manager: duplicate cluster '\(shown(cluster.name))'")
        }
    }

    private mutating func checkListeners(_ listeners: [Envoy_Config_Listener_V3_Listener], at places: [Place]) {
        var names: Set<String> = []
        var addresses: Set<SocketEndpoint> = []
        for (listener, place) in zip(listeners, places) {
            if !listener.name.isEmpty, !names.insert(listener.name).inserted {
                refuse(place.field("name"), "duplicate listener '\(shown(listener.name))'")
            }
            let socket = listener.address.socketAddress
            guard let port = UInt16(exactly: socket.portValue), port != 0 else { continue }
            let address = SocketEndpoint(host: socket.address, port: port)
            if !addresses.insert(address).inserted {
                let message = "'\(shown(listener.name))' has duplicate address '\(address)' as existing listener"
                refuse(place.field("address"), message)
            }
        }
    }
}
