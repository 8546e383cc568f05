// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The sections of a configuration dump.

internal import UnderstudyCore

/// - Source: Envoy `admin.v3.ConfigDump`; sections for which there is no configuration here stand empty, as in Envoy.
struct ConfigurationDump {
    private var document: ConfigurationDocument
    private let time: String

    init(_ document: ConfigurationDocument, startTime: Int64) {
        self.document = document
        time = AdminTime.text(document.loadTime > 0 ? document.loadTime : startTime)
    }

    /// Only resources with such names; the bootstrap stays.
    mutating func keep(_ matches: (String) -> Bool) {
        document.clusters.removeAll { !matches($0.name) }
        document.listeners.removeAll { !matches($0.name) }
        document.routes.removeAll { !matches($0.name) }
    }

    var json: String {
        let bootstrap = document.bootstrap.isEmpty ? "" : ",\"bootstrap\":\(document.bootstrap)"
        let sections = [
            section("Bootstrap", bootstrap + ",\"last_updated\":\"\(time)\""),
            section("Clusters", list("static_clusters", clusters(isAlone: false))),
            section("Listeners", list("static_listeners", listeners(isAlone: false))),
            section("ScopedRoutes", ""),
            section("Routes", list("static_route_configs", routes(isAlone: false))),
            section("Secrets", ""),
        ]
        return "{\"configs\":[" + sections.joined(separator: ",") + "]}"
    }

    /// One field of a section; `nil` if no section has it.
    func json(resource: String) -> String? {
        let entries: [String]
        switch resource {
        case "static_clusters": entries = clusters(isAlone: true)
        case "static_listeners": entries = listeners(isAlone: true)
        case "static_route_configs": entries = routes(isAlone: true)
        case "dynamic_active_clusters", "dynamic_warming_clusters", "dynamic_listeners", "dynamic_route_configs",
            "inline_scoped_route_configs", "dynamic_scoped_route_configs", "static_secrets", "dynamic_active_secrets",
            "dynamic_warming_secrets":
            entries = []
        default: return nil
        }
        return entries.isEmpty ? "{}" : "{" + list("configs", entries).dropFirst() + "}"
    }

    private func section(_ name: String, _ members: String) -> String {
        "{\"@type\":\"type.googleapis.com/envoy.admin.v3.\(name)ConfigDump\"\(members)}"
    }

    private func list(_ name: String, _ entries: [String]) -> String {
        entries.isEmpty ? "" : ",\"\(name)\":[" + entries.joined(separator: ",") + "]"
    }

    private func clusters(isAlone: Bool) -> [String] {
        entries(document.clusters, type: isAlone ? "ClustersConfigDump.StaticCluster" : nil, field: "cluster")
    }

    private func listeners(isAlone: Bool) -> [String] {
        entries(document.listeners, type: isAlone ? "ListenersConfigDump.StaticListener" : nil, field: "listener")
    }

    private func routes(isAlone: Bool) -> [String] {
        entries(document.routes, type: isAlone ? "RoutesConfigDump.StaticRouteConfig" : nil, field: "route_config")
    }

    private func entries(_ all: [ConfigurationDocument.Resource], type: String?, field: String) -> [String] {
        let type = type.map { "\"@type\":\"type.googleapis.com/envoy.admin.v3.\($0)\"," } ?? ""
        return all.map { "{\(type)\"\(field)\":\($0.json),\"last_updated\":\"\(time)\"}" }
    }
}
