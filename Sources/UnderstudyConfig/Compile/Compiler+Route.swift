// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One route: which requests it takes, and where they go.

import EnvoyAPI
import UnderstudyCore

extension Compiler {
    mutating func compile(_ message: Envoy_Config_Route_V3_Route, at place: Place, in scope: RouteScope) -> Route? {
        var match: PathMatch?
        if message.hasMatch {
            match = compile(message.match, at: place.field("match"))
        } else {
            require("match", in: place)
        }
        guard case .route(let action) = message.action else {
            require("route", in: place)
            return nil
        }
        guard let action = compile(action, at: place.field("route"), in: scope), let match else { return nil }
        return Route(match: match, action: action)
    }

    private mutating func compile(_ message: Envoy_Config_Route_V3_RouteMatch, at place: Place) -> PathMatch? {
        switch message.pathSpecifier {
        case .prefix(let prefix): return .prefix(prefix)
        case .path(let path): return .exact(path)
        case .safeRegex(let regex): return pattern(regex, at: place.field("safe_regex")).map(PathMatch.regex)
        case nil:
            require("path_specifier", in: place, "path_specifier is required", accepted: "prefix, path or safe_regex")
            return nil
        }
    }

    private mutating func pattern(_ message: Envoy_Type_Matcher_V3_RegexMatcher, at place: Place) -> RegexPattern? {
        guard !message.regex.isEmpty else {
            require("regex", in: place)
            return nil
        }
        do {
            return try RegexPattern(message.regex)
        } catch {
            let found = quoted(message.regex)
            refuse(place.field("regex"), "not a regular expression: \(shown(error.reason))", found: found)
            return nil
        }
    }

    private mutating func compile(
        _ message: Envoy_Config_Route_V3_RouteAction,
        at place: Place,
        in scope: RouteScope
    ) -> RouteAction? {
        let own = mirrors(message.requestMirrorPolicies, at: place.field("request_mirror_policies"))
        let mirrors = own.isEmpty ? scope.mirrors : own
        if scope.validatesClusters { checkClusters(of: mirrors) }
        guard let cluster = cluster(of: message, at: place, in: scope) else { return nil }
        return RouteAction(
            cluster: cluster,
            timeout: message.hasTimeout ? Duration(message.timeout) : RouteAction.defaultTimeout,
            mirrorPolicies: mirrors.policies
        )
    }

    private mutating func cluster(
        of message: Envoy_Config_Route_V3_RouteAction,
        at place: Place,
        in scope: RouteScope
    ) -> ClusterSpecifier? {
        switch message.clusterSpecifier {
        case .cluster(let name):
            if name.isEmpty {
                require("cluster", in: place, "cluster must not be empty")
            } else if scope.validatesClusters {
                checkExists(name, at: place.field("cluster"), "route: unknown cluster '\(shown(name))'")
            }
            return .name(name)
        case .clusterHeader(let name):
            if name.isEmpty { require("cluster_header", in: place, "cluster_header must not be empty") }
            checkHeaderText(name, at: place.field("cluster_header"))
            return .header(name.lowercased())
        case nil:
            require("cluster", in: place, "cluster_specifier is required", accepted: "cluster or cluster_header")
            return nil
        }
    }

    /// Reports a reference to a cluster that the file does not have.
    mutating func checkExists(_ name: String, at place: Place, _ message: String) {
        guard let clusterNames, !clusterNames.contains(name), !log.isFull else { return }
        let names = clusterNames.count > 1000 ? [] : clusterNames.sorted()
        let accepted = names.isEmpty ? nil : names.prefix(10).map(shown).joined(separator: ", ")
        refuse(place, message, accepted: accepted, suggestion: nearestName(to: name, among: names))
    }
}
