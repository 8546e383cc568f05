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
            check(locality, at: place)
            for (endpoint, place) in zip(locality.lbEndpoints, place.field("lb_endpoints").items) {
                guard var endpoint = compile(endpoint, isStatic: isStatic, at: place) else { continue }
                endpoint.locality = Locality(locality.locality)
                // Without a place of its own a group has no share among places, measured on Envoy 1.40.
                endpoint.localityWeight = locality.hasLocality ? locality.loadBalancingWeight.value : 0
                endpoint.priority = locality.priority
                endpoints.append(endpoint)
            }
        }
        return endpoints
    }

    private mutating func check(_ message: Envoy_Config_Endpoint_V3_LocalityLbEndpoints, at place: Place) {
        if message.hasLoadBalancingWeight { checkWeight(message.loadBalancingWeight.value, in: place) }
        guard message.priority > 128 else { return }
        let rule = "value must be less than or equal to 128"
        refuse(place.field("priority"), breaking: rule, found: String(message.priority), accepted: "0 to 128")
    }

    private mutating func checkWeight(_ weight: UInt32, in place: Place) {
        guard weight == 0 else { return }
        let rule = "value must be greater than or equal to 1"
        refuse(place.field("load_balancing_weight"), breaking: rule, found: "0", accepted: "1 or more")
    }

    private mutating func compile(
        _ message: Envoy_Config_Endpoint_V3_LbEndpoint,
        isStatic: Bool,
        at place: Place
    ) -> Endpoint? {
        if message.hasLoadBalancingWeight { checkWeight(message.loadBalancingWeight.value, in: place) }
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
        var endpoint = Endpoint(address: address, weight: weight, hostname: message.endpoint.hostname)
        endpoint.health = Endpoint.HealthStatus(message.healthStatus)
        let place = place.field("endpoint").field("health_check_config")
        setChecks(message.endpoint.healthCheckConfig, isStatic: isStatic, at: place, of: &endpoint)
        return endpoint
    }

    /// How it is asked whether it is well.
    private mutating func setChecks(
        _ message: Envoy_Config_Endpoint_V3_Endpoint.HealthCheckConfig,
        isStatic: Bool,
        at place: Place,
        of endpoint: inout Endpoint
    ) {
        endpoint.healthCheckHostname = message.hostname
        endpoint.isHealthChecked = !message.disableActiveHealthCheck
        guard let port = UInt16(exactly: message.portValue) else {
            let rule = "value must be less than or equal to 65535"
            let found = String(message.portValue)
            refuse(place.field("port_value"), breaking: rule, found: found, accepted: "0 to 65535")
            return
        }
        if message.hasAddress {
            // Nobody resolves it: a name stands for the endpoint's own addresses.
            let literal = isStatic ? "an IP address" : nil
            let address = compile(message.address, at: place.field("address"), literal: literal)
            endpoint.healthCheckAddress = address.map { port == 0 ? $0 : SocketEndpoint(host: $0.host, port: port) }
        } else if port != 0 {
            endpoint.healthCheckAddress = SocketEndpoint(host: endpoint.address.host, port: port)
        }
    }
}

extension Locality {
    fileprivate init(_ message: Envoy_Config_Core_V3_Locality) {
        self.init(region: message.region, zone: message.zone, subZone: message.subZone)
    }
}

extension Endpoint.HealthStatus {
    fileprivate init(_ message: Envoy_Config_Core_V3_HealthStatus) {
        self =
            switch message {
            case .unknown, .UNRECOGNIZED: .unknown
            case .healthy: .healthy
            case .unhealthy: .unhealthy
            case .draining: .draining
            case .timeout: .timeout
            case .degraded: .degraded
            }
    }
}
