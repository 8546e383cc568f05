// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The endpoints of a cluster.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    mutating func compile(
        _ message: Envoy_Config_Endpoint_V3_ClusterLoadAssignment,
        isStatic: Bool,
        at place: Place
    ) -> [Endpoint] {
        if message.clusterName.isEmpty { require("cluster_name", in: place) }
        var endpoints: [Endpoint] = []
        for (locality, place) in zip(message.endpoints, place.field("endpoints").items) {
            for (endpoint, place) in zip(locality.lbEndpoints, place.field("lb_endpoints").items) {
                if let endpoint = compile(endpoint, isStatic: isStatic, at: place) { endpoints.append(endpoint) }
            }
        }
        return endpoints
    }

    private mutating func compile(
        _ message: Envoy_Config_Endpoint_V3_LbEndpoint,
        isStatic: Bool,
        at place: Place
    ) -> Endpoint? {
        if message.hasLoadBalancingWeight, message.loadBalancingWeight.value == 0 {
            let rule = "value must be greater than or equal to 1"
            refuse(place.field("load_balancing_weight"), breaking: rule, found: "0", accepted: "1 or more")
        }
        guard message.endpoint.hasAddress || isStatic else {
            // As in Envoy, which asks for the addresses of no name and gets none.
            if !log.hasFaultyField(in: place.path) { warn(place, "an endpoint without an address is skipped") }
            return nil
        }
        guard message.endpoint.hasAddress else {
            let holder = message.hostIdentifier == nil ? place : place.field("endpoint")
            require(message.hostIdentifier == nil ? "endpoint" : "address", in: holder, "Address must be set")
            return nil
        }
        let addressPlace = place.field("endpoint").field("address")
        let literal = isStatic ? "an IP address, or a name with type: STRICT_DNS" : nil
        guard let address = compile(message.endpoint.address, at: addressPlace, literal: literal) else { return nil }
        let weight = message.hasLoadBalancingWeight ? message.loadBalancingWeight.value : 1
        return Endpoint(address: address, weight: weight, hostname: message.endpoint.hostname)
    }
}
