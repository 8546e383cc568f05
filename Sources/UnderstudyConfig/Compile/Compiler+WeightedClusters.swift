// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Clusters that share the requests of a route.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    mutating func compile(
        _ message: Envoy_Config_Route_V3_WeightedCluster,
        at place: Place,
        in scope: RouteScope
    ) -> WeightedClusters? {
        if message.clusters.isEmpty { require("clusters", in: place) }
        let places = place.field("clusters").items
        let choices = zip(message.clusters, places).compactMap { compile($0, at: $1, in: scope) }
        checkSum(message, at: place.field("clusters"), in: scope)
        var header: String?
        if case .headerName(let name) = message.randomValueSpecifier {
            checkHeaderText(name, at: place.field("header_name"))
            header = name.isEmpty ? nil : name.lowercased()
        }
        return WeightedClusters(choices: choices, runtimeKeyPrefix: message.runtimeKeyPrefix, randomHeader: header)
    }

    private mutating func checkSum(
        _ message: Envoy_Config_Route_V3_WeightedCluster,
        at place: Place,
        in scope: RouteScope
    ) {
        guard !message.clusters.isEmpty, message.clusters.allSatisfy(\.hasWeight) else { return }
        let sum = message.clusters.reduce(UInt64(0)) { $0 + UInt64($1.weight.value) }
        if sum == 0 {
            refuse(place, "Sum of weights in the weighted_cluster must be greater than 0.")
        } else if sum > UInt64(UInt32.max) {
            let name = shown(scope.routeName)
            refuse(place, "The sum of weights of all weighted clusters of route \(name) exceeds \(UInt32.max)")
        }
    }

    private mutating func compile(
        _ message: Envoy_Config_Route_V3_WeightedCluster.ClusterWeight,
        at place: Place,
        in scope: RouteScope
    ) -> WeightedClusters.Choice? {
        let headers = headerOperations(message, at: place)
        var literal: String?
        if case .hostRewriteLiteral(let text) = message.hostRewriteSpecifier {
            checkHeaderText(text, at: place.field("host_rewrite_literal"))
            literal = text.isEmpty ? nil : text
        }
        if !message.hasWeight {
            let name = message.name.isEmpty ? message.clusterHeader : message.name
            require("weight", in: place, "Field 'weight' is missing in \(quoted(name))")
        }
        let own = perFilter(message.typedPerFilterConfig, at: place.field("typed_per_filter_config"))
        guard let cluster = cluster(of: message, at: place, in: scope) else { return nil }
        var choice = WeightedClusters.Choice(cluster: cluster, weight: message.weight.value)
        choice.headers = headers
        choice.hostRewriteLiteral = literal
        choice.mirrorLimits = own.mirrorLimits
        if !own.buffering.isEmpty { choice.buffering = buffering(scope.buffering.merging(own.buffering) { $1 }) }
        return choice
    }

    private mutating func cluster(
        of message: Envoy_Config_Route_V3_WeightedCluster.ClusterWeight,
        at place: Place,
        in scope: RouteScope
    ) -> ClusterSpecifier? {
        checkHeaderText(message.clusterHeader, at: place.field("cluster_header"))
        switch (message.name.isEmpty, message.clusterHeader.isEmpty) {
        case (false, true):
            if scope.validatesClusters {
                let text = "route: unknown weighted cluster '\(shown(message.name))'"
                checkExists(message.name, at: place.field("name"), text)
            }
            return .name(message.name)
        case (true, false): return .header(message.clusterHeader.lowercased())
        case (false, false):
            refuse(place, "Only one of name or cluster_header can be specified")
            return nil
        case (true, true):
            require("name", in: place, "At least one of name or cluster_header need to be specified")
            return nil
        }
    }
}
