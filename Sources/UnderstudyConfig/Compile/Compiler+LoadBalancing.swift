// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How one of a cluster's endpoints is chosen: by `lb_policy` and what belongs to it.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    mutating func balancing(_ message: Envoy_Config_Cluster_V3_Cluster, at place: Place) -> LoadBalancing {
        var balancing = LoadBalancing()
        refuseUnsupported(
            message.closeConnectionsOnHostHealthFailure,
            "idle connections to an endpoint that fails are closed, busy ones are used to the end of their request",
            at: place.field("close_connections_on_host_health_failure"),
            accepted: "false"
        )
        balancing.ignoresHealthOnRemoval = message.ignoreHealthOnHostRemoval
        setCommon(message, at: place, of: &balancing)
        let assignment = message.loadAssignment
        if assignment.policy.hasOverprovisioningFactor {
            let place = place.field("load_assignment").field("policy").field("overprovisioning_factor")
            balancing.overprovisioningFactor = assignment.policy.overprovisioningFactor.value
            if balancing.overprovisioningFactor == 0 {
                refuse(place, breaking: "value must be greater than 0", found: "0", accepted: "1 or more")
            }
        }
        checkSettings(message, at: place)
        if message.hasLoadBalancingPolicy {
            checkCommon(message.commonLbConfig, at: place.field("common_lb_config"))
            setPolicy(message, at: place.field("load_balancing_policy"), of: &balancing)
            return balancing
        }
        switch message.lbPolicy {
        case .roundRobin, .UNRECOGNIZED: balancing.policy = .roundRobin
        case .random: balancing.policy = .random
        case .leastRequest:
            let settings = message.leastRequestLbConfig
            let place = place.field("least_request_lb_config").field("active_request_bias")
            let bias = settings.hasActiveRequestBias ? bias(settings.activeRequestBias, at: place) : 1
            let choices = settings.hasChoiceCount ? settings.choiceCount.value : 2
            balancing.policy = .leastRequest(choices: choices, activeRequestBias: bias)
        case .ringHash: balancing.policy = ringHash(message.ringHashLbConfig, at: place.field("ring_hash_lb_config"))
        case .maglev:
            let size = message.maglevLbConfig.hasTableSize ? message.maglevLbConfig.tableSize.value : nil
            balancing.policy = maglev(size, at: place.field("maglev_lb_config").field("table_size"))
        case .loadBalancingPolicyConfig:
            require("load_balancing_policy", in: place, "cluster: field load_balancing_policy need to be set")
        }
        return balancing
    }

    /// Checks the settings of all policies, since Envoy does so even for a policy that is not in use.
    private mutating func checkSettings(_ message: Envoy_Config_Cluster_V3_Cluster, at place: Place) {
        switch message.lbConfig {
        case .leastRequestLbConfig(let settings):
            let place = place.field("least_request_lb_config")
            checkChoices(settings.hasChoiceCount ? settings.choiceCount.value : nil, in: place)
        case .ringHashLbConfig(let settings):
            let place = place.field("ring_hash_lb_config")
            checkRing(settings.minimumRingSize.value, at: place.field("minimum_ring_size"))
            checkRing(settings.maximumRingSize.value, at: place.field("maximum_ring_size"))
        case .maglevLbConfig(let settings):
            checkTable(settings.tableSize.value, at: place.field("maglev_lb_config").field("table_size"))
        case .roundRobinLbConfig, nil: break
        }
    }

    private mutating func setCommon(
        _ message: Envoy_Config_Cluster_V3_Cluster,
        at place: Place,
        of balancing: inout LoadBalancing
    ) {
        let common = message.commonLbConfig
        let place = place.field("common_lb_config")
        if common.hasHealthyPanicThreshold {
            let place = place.field("healthy_panic_threshold")
            balancing.panicThreshold = percent(common.healthyPanicThreshold, at: place)
        }
        balancing.ignoresUncheckedHosts = common.ignoreNewHostsUntilFirstHc
        balancing.closesConnectionsOnChange = common.closeConnectionsOnHostSetChange
        let hashing = common.consistentHashingLbConfig
        balancing.hashesHostnames = hashing.useHostnameForHashing
        if hashing.hasHashBalanceFactor {
            let place = place.field("consistent_hashing_lb_config").field("hash_balance_factor")
            balancing.hashBalanceFactor = balanceFactor(hashing.hashBalanceFactor.value, at: place)
        }
        switch common.localityConfigSpecifier {
        case .localityWeightedLbConfig: balancing.localities = .weighted
        case .zoneAwareLbConfig(let zones):
            balancing.failsOnPanic = zones.failTrafficOnPanic
            let place = place.field("zone_aware_lb_config").field("routing_enabled")
            if zones.hasRoutingEnabled { _ = percent(zones.routingEnabled, at: place) }
        case nil: break
        }
    }

    private mutating func checkCommon(_ common: Envoy_Config_Cluster_V3_Cluster.CommonLbConfig, at place: Place) {
        guard common.localityConfigSpecifier != nil || common.hasConsistentHashingLbConfig else { return }
        let fields = "zone_aware_lb_config, locality_weighted_lb_config, consistent_hashing_lb_config"
        let text =
            "cluster: load_balancing_policy cannot be combined with partial fields (\(fields)) of common_lb_config"
        refuse(place, text)
    }

    /// How much requests in flight count where weights differ.
    mutating func bias(_ message: Envoy_Config_Core_V3_RuntimeDouble, at place: Place) -> Double {
        guard message.defaultValue < 0 else { return message.defaultValue }
        let key = shown(message.runtimeKey)
        warn(place, "upstream: invalid active request bias supplied (runtime key \(key)), using 1.0")
        return 1
    }

    private mutating func ringHash(
        _ message: Envoy_Config_Cluster_V3_Cluster.RingHashLbConfig,
        at place: Place
    ) -> LoadBalancing.Policy {
        var ring = LoadBalancing.RingHash()
        if message.hasMinimumRingSize { ring.minimumSize = message.minimumRingSize.value }
        if message.hasMaximumRingSize { ring.maximumSize = message.maximumRingSize.value }
        ring.function = message.hashFunction == .murmurHash2 ? .murmurHash2 : .xxHash
        return ringHash(ring, at: place)
    }
}
