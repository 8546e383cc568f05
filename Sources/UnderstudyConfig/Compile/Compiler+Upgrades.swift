// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which upgrades are let through, on a connection manager and on a route.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    mutating func upgrades(
        _ messages: [Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpConnectionManager.UpgradeConfig],
        at place: Place
    ) -> [String: UpgradePolicy] {
        var result: [String: UpgradePolicy] = [:]
        for (message, place) in zip(messages, place.items) {
            let isEnabled = message.hasEnabled ? message.enabled.value : true
            let policy = UpgradePolicy(isEnabled: isEnabled)
            if result.updateValue(policy, forKey: message.upgradeType.lowercased()) != nil {
                let name = shown(message.upgradeType)
                refuse(place, "multiple upgrade configs with the same name: '\(name)'")
            }
        }
        return result
    }

    mutating func upgrades(
        _ messages: [Envoy_Config_Route_V3_RouteAction.UpgradeConfig],
        at place: Place
    ) -> [String: UpgradePolicy] {
        var result: [String: UpgradePolicy] = [:]
        for (message, place) in zip(messages, place.items) {
            requireHeaderName(message.upgradeType, "upgrade_type", in: place)
            let type = message.upgradeType.lowercased()
            if message.hasConnectConfig { check(message.connectConfig, of: message.upgradeType, at: place) }
            let policy = UpgradePolicy(
                isEnabled: message.hasEnabled ? message.enabled.value : true,
                terminatesConnect: message.hasConnectConfig
            )
            if result.updateValue(policy, forKey: type) != nil {
                refuse(place, "Duplicate upgrade \(shown(message.upgradeType))")
            }
        }
        return result
    }

    private mutating func check(
        _ message: Envoy_Config_Route_V3_RouteAction.UpgradeConfig.ConnectConfig,
        of type: String,
        at place: Place
    ) {
        let place = place.field("connect_config")
        if type.lowercased() != "connect", !type.isEmpty {
            refuse(place, "Non-CONNECT upgrade type \(shown(type)) has ConnectConfig")
        }
        let text = "POST requests are not taken for CONNECT"
        refuseUnsupported(message.allowPost, text, at: place.field("allow_post"), accepted: "false")
    }
}
