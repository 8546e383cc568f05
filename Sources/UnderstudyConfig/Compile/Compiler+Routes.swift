// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Route configurations and virtual hosts.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

/// What the routes inside a message inherit from around it.
struct RouteScope {
    /// Whether clusters have to exist.
    var validatesClusters: Bool
    /// The nearest list so far that is not empty.
    var mirrors: MirrorList
}

extension Compiler {
    mutating func compile(
        _ message: Envoy_Config_Route_V3_RouteConfiguration,
        at place: Place
    ) -> RouteConfiguration {
        let mirrors = mirrors(message.requestMirrorPolicies, at: place.field("request_mirror_policies"))
        let validates = message.hasValidateClusters ? message.validateClusters.value : true
        let scope = RouteScope(validatesClusters: validates, mirrors: mirrors)
        let places = place.field("virtual_hosts").items
        let hosts = zip(message.virtualHosts, places).compactMap { compile($0, at: $1, in: scope) }
        checkDomains(message, at: places)
        checkNames(message.virtualHosts, at: places)
        return RouteConfiguration(name: message.name, virtualHosts: hosts)
    }

    private mutating func compile(
        _ message: Envoy_Config_Route_V3_VirtualHost,
        at place: Place,
        in outer: RouteScope
    ) -> VirtualHost? {
        if message.name.isEmpty { require("name", in: place) }
        if message.domains.isEmpty { require("domains", in: place, "value must contain at least 1 item(s)") }
        var scope = outer
        let own = mirrors(message.requestMirrorPolicies, at: place.field("request_mirror_policies"))
        if !own.isEmpty { scope.mirrors = own }
        let routes = zip(message.routes, place.field("routes").items).compactMap { compile($0, at: $1, in: scope) }
        return VirtualHost(name: message.name, domains: message.domains, routes: routes)
    }

    /// Domains are compared in any case, across the whole route configuration.
    private mutating func checkDomains(_ message: Envoy_Config_Route_V3_RouteConfiguration, at places: [Place]) {
        var seen: Set<String> = []
        let name = shown(message.name)
        for (host, place) in zip(message.virtualHosts, places) {
            for (domain, place) in zip(host.domains, place.field("domains").items) {
                checkHeaderText(domain, at: place)
                let domain = domain.lowercased()
                if seen.insert(domain).inserted {
                    warnOfLiteralStar(domain, at: place)
                } else if domain == "*" {
                    refuse(place, "Only a single wildcard domain is permitted in route \(name)")
                } else {
                    let rule = "Only unique values for domains are permitted."
                    refuse(place, "\(rule) Duplicate entry of domain \(shown(domain)) in route \(name)")
                }
            }
        }
    }

    /// A star is a wildcard only at an end; Envoy takes any other for a letter, which no host contains.
    private mutating func warnOfLiteralStar(_ domain: String, at place: Place) {
        let rest = domain.hasPrefix("*") ? domain.dropFirst() : domain.hasSuffix("*") ? domain.dropLast() : domain[...]
        if rest.contains("*") { warn(place, "never matches: only one star, at the start or at the end, is a wildcard") }
    }

    private mutating func checkNames(_ hosts: [Envoy_Config_Route_V3_VirtualHost], at places: [Place]) {
        var seen: Set<String> = []
        for (host, place) in zip(hosts, places) where !host.name.isEmpty {
            if seen.insert(host.name).inserted { continue }
            warn(place.field("name"), "another virtual host has the name '\(shown(host.name))' too")
        }
    }
}
