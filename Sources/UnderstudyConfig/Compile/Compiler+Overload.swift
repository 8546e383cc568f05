// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is watched for overload, and what is done about it.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    typealias OverloadManagerMessage = Envoy_Config_Overload_V3_OverloadManager
    private typealias HeapMessage = Envoy_Extensions_ResourceMonitors_FixedHeap_V3_FixedHeapConfig
    private typealias ConnectionsMessage =
        Envoy_Extensions_ResourceMonitors_DownstreamConnections_V3_DownstreamConnectionsConfig

    private static let connectionsName = "envoy.resource_monitors.global_downstream_max_connections"
    /// More often than this nothing is looked at.
    private static let shortestInterval = Duration.milliseconds(10)
    /// Actions of Envoy that Understudy does not have.
    private static let unsupportedActions = ["reduce_timeouts", "reset_high_memory_stream"].map {
        "envoy.overload_actions.\($0)"
    }

    mutating func compile(_ message: OverloadManagerMessage, at place: Place) -> OverloadOptions {
        if message.resourceMonitors.isEmpty { require("resource_monitors", in: place) }
        let places = place.field("resource_monitors").items
        var names: Set<String> = []
        var monitors: [OverloadOptions.Monitor] = []
        for (message, place) in zip(message.resourceMonitors, places) {
            if message.name.isEmpty { require("name", in: place) }
            if !message.name.isEmpty, !names.insert(message.name).inserted {
                refuse(place.field("name"), "Duplicate resource monitor \(shown(message.name))")
            }
            if let resource = resource(message, at: place) { monitors.append(.init(message.name, resource)) }
        }
        var options = OverloadOptions(monitors: monitors)
        options.rules = rules(message.actions, at: place.field("actions"), names, monitors)
        if message.hasRefreshInterval {
            let interval = Duration(message.refreshInterval)
            options.refreshInterval = max(interval, Self.shortestInterval)
            if interval < Self.shortestInterval {
                warn(place.field("refresh_interval"), "resources are looked at every 10 ms and no more often")
            }
        }
        return options
    }

    private mutating func resource(
        _ message: Envoy_Config_Overload_V3_ResourceMonitor,
        at place: Place
    ) -> OverloadOptions.Resource? {
        guard case .typedConfig(let any) = message.configType else {
            let text = "Didn't find a registered implementation for '\(shown(message.name))' with type URL: ''"
            require("typed_config", in: place, text)
            return nil
        }
        let inner = place.field("typed_config")
        if any.isA(HeapMessage.self) {
            guard let heap: HeapMessage = unpacked(any, at: inner) else { return nil }
            if heap.maxHeapSizeBytes > 0 { return .heap(maximum: heap.maxHeapSizeBytes) }
            let place = inner.field("max_heap_size_bytes")
            refuse(place, "fixed_heap: max heap size must be greater than 0", accepted: "1 or more")
            return nil
        }
        guard let connections: ConnectionsMessage = unpacked(any, at: inner) else { return nil }
        if message.name != Self.connectionsName, !message.name.isEmpty {
            let text = """
                Didn't find a registered implementation for '\(shown(message.name))' with type URL: \
                '\(ConnectionsMessage.protoMessageName)'
                """
            refuse(place.field("name"), text, found: quoted(message.name), accepted: Self.connectionsName)
        }
        let maximum = connections.maxActiveDownstreamConnections
        if maximum > 0 { return .connections(maximum: Int(clamping: maximum)) }
        let field = inner.field("max_active_downstream_connections")
        refuse(field, breaking: "value must be greater than 0", found: "\(maximum)", accepted: "1 or more")
        return nil
    }

    private mutating func rules(
        _ messages: [Envoy_Config_Overload_V3_OverloadAction],
        at list: Place,
        _ names: Set<String>,
        _ monitors: [OverloadOptions.Monitor]
    ) -> [OverloadOptions.Rule] {
        var seen: Set<String> = []
        var rules: [OverloadOptions.Rule] = []
        for (message, place) in zip(messages, list.items) {
            let triggers = triggers(of: message, at: place, names, monitors)
            guard let action = action(message, at: place, &seen) else { continue }
            rules.append(OverloadOptions.Rule(action, triggers))
        }
        return rules
    }

    private mutating func action(
        _ message: Envoy_Config_Overload_V3_OverloadAction,
        at place: Place,
        _ seen: inout Set<String>
    ) -> OverloadAction? {
        guard !message.name.isEmpty else {
            require("name", in: place)
            return nil
        }
        let field = place.field("name")
        if !seen.insert(message.name).inserted { refuse(field, "Duplicate overload action \(shown(message.name))") }
        if let action = OverloadAction(rawValue: message.name) { return action }
        let known = OverloadAction.allCases.map(\.rawValue)
        let accepted = known.joined(separator: ", ")
        let found = quoted(message.name)
        if Self.unsupportedActions.contains(message.name) {
            refuse(field, "this overload action", kind: .unsupported, found: found, accepted: accepted)
        } else {
            refuse(
                field,
                "Unknown Overload Manager Action \(shown(message.name))",
                kind: .unknown,
                found: found,
                accepted: accepted,
                suggestion: nearestName(to: message.name, among: known)
            )
        }
        return nil
    }

    private mutating func triggers(
        of message: Envoy_Config_Overload_V3_OverloadAction,
        at place: Place,
        _ names: Set<String>,
        _ monitors: [OverloadOptions.Monitor]
    ) -> [OverloadOptions.Trigger] {
        if message.triggers.isEmpty { require("triggers", in: place) }
        var seen: Set<String> = []
        var triggers: [OverloadOptions.Trigger] = []
        for (trigger, place) in zip(message.triggers, place.field("triggers").items) {
            checkMonitor(trigger.name, of: message.name, in: place, names, monitors)
            if !trigger.name.isEmpty, !seen.insert(trigger.name).inserted {
                let text = "Duplicate trigger resource for overload action \(shown(message.name))"
                refuse(place.field("name"), text, found: quoted(trigger.name))
            }
            guard case .threshold(let threshold) = trigger.triggerOneof else {
                require("threshold", in: place, of: "trigger_oneof")
                continue
            }
            if !(0...1).contains(threshold.value) {
                let field = place.field("threshold").field("value")
                let rule = "value must be inside range [0, 1]"
                refuse(field, breaking: rule, found: "\(threshold.value)", accepted: "0 to 1")
            }
            triggers.append(OverloadOptions.Trigger(trigger.name, threshold: threshold.value))
        }
        return triggers
    }

    private mutating func checkMonitor(
        _ name: String,
        of action: String,
        in place: Place,
        _ names: Set<String>,
        _ monitors: [OverloadOptions.Monitor]
    ) {
        guard !name.isEmpty else { return require("name", in: place) }
        guard names.contains(name) else {
            let text = "Unknown trigger resource \(shown(name)) for overload action \(shown(action))"
            return refuse(
                place.field("name"),
                text,
                found: quoted(name),
                accepted: names.sorted().map(shown).joined(separator: ", ")
            )
        }
        guard case .connections = monitors.first(where: { $0.name == name })?.resource else { return }
        warn(place.field("name"), "this resource refuses connections itself and never sets off an action")
    }
}
