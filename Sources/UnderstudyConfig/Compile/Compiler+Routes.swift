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
    /// Most bytes of a direct response's body.
    var responseLimit: Int
    var retryPolicy: RetryPolicy?
    var retryBufferLimit: Int?
    var routeName = ""
    /// What the nearest level so far says of its copies.
    var mirrorLimits = MirrorLimits()
    /// What the nearest level so far says of each buffer filter, by name.
    var buffering: [String: BodyBuffering] = [:]
}

extension Compiler {
    mutating func compile(
        _ message: Envoy_Config_Route_V3_RouteConfiguration,
        at place: Place
    ) -> RouteConfiguration {
        let mirrors = mirrors(message.requestMirrorPolicies, at: place.field("request_mirror_policies"))
        let validates = message.hasValidateClusters ? message.validateClusters.value : true
        let limit = message.hasMaxDirectResponseBodySizeBytes ? message.maxDirectResponseBodySizeBytes.value : 4096
        var scope = RouteScope(validatesClusters: validates, mirrors: mirrors, responseLimit: Int(limit))
        setPerFilter(message.typedPerFilterConfig, at: place, of: &scope)
        let headers = headerOperations(message, at: place)
        checkNames(message.internalOnlyHeaders, at: place.field("internal_only_headers"))
        let places = place.field("virtual_hosts").items
        let hosts = zip(message.virtualHosts, places).compactMap { log.isFull ? nil : compile($0, at: $1, in: scope) }
        checkDomains(message, at: places)
        checkHostNames(message.virtualHosts, at: places)
        var configuration = RouteConfiguration(name: message.name, virtualHosts: hosts)
        configuration.headers = headers
        configuration.mostSpecificHeadersWin = message.mostSpecificHeaderMutationsWins
        let internalOnly = message.internalOnlyHeaders.filter { !$0.isEmpty }
        configuration.internalOnlyHeaders = internalOnly.map { $0.lowercased() }
        configuration.ignoresPortInHost = message.ignorePortInHostMatching
        configuration.ignoresPathParameters = message.ignorePathParametersInPathMatching
        return configuration
    }

    private mutating func checkNames(_ names: [String], at place: Place) {
        for (name, place) in zip(names, place.items) { checkHeaderText(name, at: place) }
    }

    private mutating func compile(
        _ message: Envoy_Config_Route_V3_VirtualHost,
        at place: Place,
        in outer: RouteScope
    ) -> VirtualHost? {
        if message.name.isEmpty { require("name", in: place) }
        if message.domains.isEmpty { require("domains", in: place) }
        var scope = outer
        let own = mirrors(message.requestMirrorPolicies, at: place.field("request_mirror_policies"))
        if !own.isEmpty { scope.mirrors = own }
        if message.hasRetryPolicy {
            scope.retryPolicy = compile(message.retryPolicy, at: place.field("retry_policy"))
        }
        scope.retryBufferLimit = bufferLimit(message)
        setPerFilter(message.typedPerFilterConfig, at: place, of: &scope)
        let headers = headerOperations(message, at: place)
        let routes = zip(message.routes, place.field("routes").items)
            .compactMap { log.isFull ? nil : compile($0, at: $1, in: scope) }
        var host = VirtualHost(name: message.name, domains: message.domains, routes: routes)
        host.headers = headers
        host.tlsRequirement = VirtualHost.TLSRequirement(message.requireTls)
        host.countsAttemptsInRequest = message.includeRequestAttemptCount
        host.countsAttemptsInResponse = message.includeAttemptCountInResponse
        host.marksTimeoutRetries = message.includeIsTimeoutRetryHeader
        return host
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

    private mutating func checkHostNames(_ hosts: [Envoy_Config_Route_V3_VirtualHost], at places: [Place]) {
        var seen: Set<String> = []
        for (host, place) in zip(hosts, places) where !host.name.isEmpty {
            if seen.insert(host.name).inserted { continue }
            warn(place.field("name"), "another virtual host has the name '\(shown(host.name))' too")
        }
    }
}

extension VirtualHost.TLSRequirement {
    fileprivate init(_ requirement: Envoy_Config_Route_V3_VirtualHost.TlsRequirementType) {
        self =
            switch requirement {
            case .none, .UNRECOGNIZED: .none
            case .externalOnly: .externalOnly
            case .all: .all
            }
    }
}
