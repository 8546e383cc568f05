// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How one of a cluster's endpoints is chosen, by the type of the policy; and the rules that hold in both places.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    private typealias Locality = Envoy_Extensions_LoadBalancingPolicies_Common_V3_LocalityLbConfig
    private typealias Hashing = Envoy_Extensions_LoadBalancingPolicies_Common_V3_ConsistentHashingLbConfig

    mutating func setPolicy(
        _ cluster: Envoy_Config_Cluster_V3_Cluster,
        at place: Place,
        of balancing: inout LoadBalancing
    ) {
        let places = place.field("policies").items
        guard let policy = cluster.loadBalancingPolicy.policies.first, let policyPlace = places.first,
            policy.hasTypedExtensionConfig
        else {
            let text = "cluster: didn't find a registered load balancer factory implementation for cluster:"
            let names = "'\(shown(cluster.name))' with names from []"
            require("policies", in: place, "\(text) \(names)", accepted: "one policy")
            return
        }
        let extensionPlace = policyPlace.field("typed_extension_config")
        requireText(policy.typedExtensionConfig.name, "name", in: extensionPlace)
        guard policy.typedExtensionConfig.hasTypedConfig else {
            require("typed_config", in: extensionPlace)
            return
        }
        setPolicy(policy.typedExtensionConfig.typedConfig, at: extensionPlace.field("typed_config"), of: &balancing)
    }

    private mutating func setPolicy(
        _ any: Google_Protobuf_Any,
        at place: Place,
        of balancing: inout LoadBalancing
    ) {
        typealias RoundRobin = Envoy_Extensions_LoadBalancingPolicies_RoundRobin_V3_RoundRobin
        typealias Random = Envoy_Extensions_LoadBalancingPolicies_Random_V3_Random
        typealias LeastRequest = Envoy_Extensions_LoadBalancingPolicies_LeastRequest_V3_LeastRequest
        typealias RingHash = Envoy_Extensions_LoadBalancingPolicies_RingHash_V3_RingHash
        typealias Maglev = Envoy_Extensions_LoadBalancingPolicies_Maglev_V3_Maglev
        if any.isA(RoundRobin.self) {
            guard let message: RoundRobin = unpacked(any, at: place) else { return }
            balancing.policy = .roundRobin
            setLocality(message.localityLbConfig, of: &balancing)
        } else if any.isA(Random.self) {
            guard let message: Random = unpacked(any, at: place) else { return }
            balancing.policy = .random
            setLocality(message.localityLbConfig, of: &balancing)
        } else if any.isA(LeastRequest.self) {
            guard let message: LeastRequest = unpacked(any, at: place) else { return }
            setLeastRequest(message, at: place, of: &balancing)
        } else if any.isA(RingHash.self) {
            guard let message: RingHash = unpacked(any, at: place) else { return }
            setRingHash(message, at: place, of: &balancing)
        } else if let message: Maglev = unpacked(any, at: place) {
            let size = message.hasTableSize ? message.tableSize.value : nil
            checkTable(size ?? 0, at: place.field("table_size"))
            balancing.policy = maglev(size, at: place.field("table_size"))
            if message.hasLocalityWeightedLbConfig { balancing.localities = .weighted }
            setHashing(message.consistentHashingLbConfig, of: &balancing)
        }
    }

    private mutating func setLeastRequest(
        _ message: Envoy_Extensions_LoadBalancingPolicies_LeastRequest_V3_LeastRequest,
        at place: Place,
        of balancing: inout LoadBalancing
    ) {
        let place = place.field("active_request_bias")
        balancing.policy = .leastRequest(
            // Envoy does not check the number here.
            choices: message.hasChoiceCount ? max(message.choiceCount.value, 1) : 2,
            activeRequestBias: message.hasActiveRequestBias ? bias(message.activeRequestBias, at: place) : 1
        )
        setLocality(message.localityLbConfig, of: &balancing)
    }

    private mutating func setRingHash(
        _ message: Envoy_Extensions_LoadBalancingPolicies_RingHash_V3_RingHash,
        at place: Place,
        of balancing: inout LoadBalancing
    ) {
        checkRing(message.minimumRingSize.value, at: place.field("minimum_ring_size"))
        checkRing(message.maximumRingSize.value, at: place.field("maximum_ring_size"))
        var ring = LoadBalancing.RingHash()
        if message.hasMinimumRingSize { ring.minimumSize = message.minimumRingSize.value }
        if message.hasMaximumRingSize { ring.maximumSize = message.maximumRingSize.value }
        ring.function = message.hashFunction == .murmurHash2 ? .murmurHash2 : .xxHash
        balancing.policy = ringHash(ring, at: place)
        balancing.hashesHostnames = message.useHostnameForHashing
        // Envoy does not check the number here.
        if message.hashBalanceFactor.value > 0 { balancing.hashBalanceFactor = message.hashBalanceFactor.value }
        if message.hasLocalityWeightedLbConfig { balancing.localities = .weighted }
        if message.hasConsistentHashingLbConfig { setHashing(message.consistentHashingLbConfig, of: &balancing) }
    }

    private func setLocality(_ message: Locality, of balancing: inout LoadBalancing) {
        switch message.localityConfigSpecifier {
        case .localityWeightedLbConfig: balancing.localities = .weighted
        case .zoneAwareLbConfig(let zones): balancing.failsOnPanic = zones.failTrafficOnPanic
        case nil: break
        }
    }

    private func setHashing(_ message: Hashing, of balancing: inout LoadBalancing) {
        balancing.hashesHostnames = message.useHostnameForHashing
        balancing.hashBalanceFactor = message.hashBalanceFactor.value > 0 ? message.hashBalanceFactor.value : nil
    }
}

extension Compiler {
    mutating func checkChoices(_ choices: UInt32?, in place: Place) {
        guard let choices, choices < 2 else { return }
        let rule = "value must be greater than or equal to 2"
        refuse(place.field("choice_count"), breaking: rule, found: String(choices), accepted: "2 or more")
    }

    mutating func checkRing(_ size: UInt64, at place: Place) {
        guard size > 8_388_608 else { return }
        let rule = "value must be less than or equal to 8388608"
        refuse(place, breaking: rule, found: String(size), accepted: "8388608 or less")
    }

    mutating func checkTable(_ size: UInt64, at place: Place) {
        guard size > 5_000_011 else { return }
        let rule = "value must be less than or equal to 5000011"
        refuse(place, breaking: rule, found: String(size), accepted: "5000011 or less")
    }

    mutating func balanceFactor(_ percent: UInt32, at place: Place) -> UInt32? {
        guard percent >= 100 else {
            let rule = "value must be greater than or equal to 100"
            refuse(place, breaking: rule, found: String(percent), accepted: "100 or more")
            return nil
        }
        return percent
    }

    mutating func ringHash(_ ring: LoadBalancing.RingHash, at place: Place) -> LoadBalancing.Policy {
        if ring.minimumSize > ring.maximumSize {
            let text = """
                ring hash: minimum_ring_size (\(ring.minimumSize)) > maximum_ring_size (\(ring.maximumSize))
                """
            refuse(place.field("maximum_ring_size"), text)
        }
        return .ringHash(ring)
    }

    mutating func maglev(_ size: UInt64?, at place: Place) -> LoadBalancing.Policy {
        let size = size ?? 65_537
        if !isPrime(size) {
            refuse(place, "The table size of maglev must be prime number", found: String(size), accepted: "a prime")
        }
        return .maglev(tableSize: UInt32(clamping: size))
    }

    /// Whether a number of at most 32 bits is prime; 1 is, to Envoy.
    private func isPrime(_ number: UInt64) -> Bool {
        guard number > 3 else { return number > 0 }
        guard number % 2 != 0, number <= UInt64(UInt32.max) else { return false }
        var divisor: UInt64 = 3
        while divisor * divisor <= number {
            if number % divisor == 0 { return false }
            divisor += 2
        }
        return true
    }
}
