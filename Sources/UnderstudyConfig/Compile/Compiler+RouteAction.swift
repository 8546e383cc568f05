// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Where the requests of a route go, and how they are changed on the way.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    mutating func compile(
        _ message: Envoy_Config_Route_V3_RouteAction,
        at place: Place,
        in scope: RouteScope
    ) -> RouteAction? {
        let own = mirrors(message.requestMirrorPolicies, at: place.field("request_mirror_policies"))
        let mirrors = own.isEmpty ? scope.mirrors : own
        if scope.validatesClusters { checkClusters(of: mirrors) }
        let clusters = clusters(of: message, at: place, in: scope)
        var action = RouteAction(clusters: clusters ?? .one(.name("")), mirrorPolicies: mirrors.policies)
        action.priority = message.priority == .high ? .high : .normal
        action.clusterNotFoundStatus = message.clusterNotFoundResponseCode.status
        setRewrites(message, at: place, of: &action)
        setTimes(message, of: &action)
        action.retryPolicy = scope.retryPolicy
        if message.hasRetryPolicy {
            action.retryPolicy = compile(message.retryPolicy, at: place.field("retry_policy"))
        }
        action.mirrorLimits = scope.mirrorLimits
        action.retryBufferLimit = scope.retryBufferLimit
        if message.hasInternalRedirectPolicy {
            let place = place.field("internal_redirect_policy")
            action.internalRedirects = compile(message.internalRedirectPolicy, at: place)
        }
        action.upgrades = upgrades(message.upgradeConfigs, at: place.field("upgrade_configs"))
        let policies = zip(message.hashPolicy, place.field("hash_policy").items)
        action.hashPolicy = policies.compactMap { compile($0, at: $1) }
        return clusters == nil ? nil : action
    }

    private func setTimes(_ message: Envoy_Config_Route_V3_RouteAction, of action: inout RouteAction) {
        if message.hasTimeout { action.timeout = Duration(message.timeout) }
        if message.hasIdleTimeout { action.idleTimeout = Duration(message.idleTimeout) }
        if message.hasMaxGrpcTimeout {
            var rule = GRPCTimeoutRule(maximum: Duration(message.maxGrpcTimeout))
            rule.offset = Duration(message.grpcTimeoutOffset)
            action.grpcTimeout = rule
        }
        guard message.hasMaxStreamDuration else { return }
        // Envoy then knows no other timeout of the route, not even one that is written down.
        action.timeout = .zero
        action.grpcTimeout = nil
        action.tellsStreamDuration = true
        if message.maxStreamDuration.hasGrpcTimeoutHeaderMax {
            var rule = GRPCTimeoutRule(maximum: Duration(message.maxStreamDuration.grpcTimeoutHeaderMax))
            rule.offset = Duration(message.maxStreamDuration.grpcTimeoutHeaderOffset)
            action.grpcStreamDuration = rule
        }
        if message.maxStreamDuration.hasMaxStreamDuration {
            action.maxStreamDuration = Duration(message.maxStreamDuration.maxStreamDuration)
        }
    }

    private mutating func clusters(
        of message: Envoy_Config_Route_V3_RouteAction,
        at place: Place,
        in scope: RouteScope
    ) -> ClusterSelection? {
        switch message.clusterSpecifier {
        case .cluster(let name):
            if name.isEmpty {
                require("cluster", in: place)
            } else if scope.validatesClusters {
                checkExists(name, at: place.field("cluster"), "route: unknown cluster '\(shown(name))'")
            }
            return .one(.name(name))
        case .clusterHeader(let name):
            if name.isEmpty { require("cluster_header", in: place) }
            checkHeaderText(name, at: place.field("cluster_header"))
            return .one(.header(name.lowercased()))
        case .weightedClusters(let weighted):
            let place = place.field("weighted_clusters")
            return compile(weighted, at: place, in: scope).map(ClusterSelection.weighted)
        case nil:
            let accepted = "cluster, cluster_header or weighted_clusters"
            require("cluster_specifier", in: place, accepted: accepted)
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

extension Envoy_Config_Route_V3_RouteAction.ClusterNotFoundResponseCode {
    fileprivate var status: Int {
        switch self {
        case .serviceUnavailable, .UNRECOGNIZED: 503
        case .notFound: 404
        case .internalServerError: 500
        }
    }
}
