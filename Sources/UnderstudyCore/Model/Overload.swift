// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is watched, and what is done when there is too little of it.

/// Source: Envoy `OverloadManager`.
package struct OverloadOptions: Sendable, Equatable {
    package enum Resource: Sendable, Equatable {
        /// Bytes that the allocator has given out, of so many.
        case heap(maximum: UInt64)
        /// Connections of clients, in the whole process.
        case connections(maximum: Int)
    }

    package struct Monitor: Sendable, Equatable {
        package var name: String
        package var resource: Resource

        package init(_ name: String, _ resource: Resource) {
            self.name = name
            self.resource = resource
        }
    }

    package struct Trigger: Sendable, Equatable {
        /// The name of a monitor.
        package var monitor: String
        /// 0 to 1: the action is on at this pressure and above.
        package var threshold: Double

        package init(_ monitor: String, threshold: Double) {
            self.monitor = monitor
            self.threshold = threshold
        }
    }

    package struct Rule: Sendable, Equatable {
        package var action: OverloadAction
        package var triggers: [Trigger]

        package init(_ action: OverloadAction, _ triggers: [Trigger]) {
            self.action = action
            self.triggers = triggers
        }
    }

    /// How often resources are looked at.
    ///
    /// Default 1 s. Source: `refresh_interval`.
    package var refreshInterval = Duration.seconds(1)
    /// Each name once.
    package var monitors: [Monitor]
    /// Each action once.
    package var rules: [Rule]

    package init(monitors: [Monitor], rules: [Rule] = []) {
        self.monitors = monitors
        self.rules = rules
    }

    /// How many connections clients may have; `nil` for no limit.
    package var maximumConnections: Int? {
        for case .connections(let maximum) in monitors.map(\.resource) { return maximum }
        return nil
    }
}

/// Under Envoy's names.
package enum OverloadAction: String, Sendable, CaseIterable {
    /// Requests are answered with 503.
    case stopAcceptingRequests = "envoy.overload_actions.stop_accepting_requests"
    /// Answers end their connections.
    case disableKeepalive = "envoy.overload_actions.disable_http_keepalive"
    /// Clients wait in the system's queue.
    case stopAcceptingConnections = "envoy.overload_actions.stop_accepting_connections"
    /// Clients are accepted and closed.
    case rejectConnections = "envoy.overload_actions.reject_incoming_connections"
    /// The allocator gives back what it does not need.
    case shrinkHeap = "envoy.overload_actions.shrink_heap"
}

/// What is on now.
package struct OverloadState: OptionSet, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    package static let stopsRequests = OverloadState(rawValue: 1)
    package static let disablesKeepalive = OverloadState(rawValue: 2)
    package static let stopsConnections = OverloadState(rawValue: 4)
    package static let rejectsConnections = OverloadState(rawValue: 8)
    package static let shrinksHeap = OverloadState(rawValue: 16)
    /// No copy begins.
    package static let shedsCopies = OverloadState(rawValue: 32)

    package init(_ action: OverloadAction) {
        self =
            switch action {
            case .stopAcceptingRequests: .stopsRequests
            case .disableKeepalive: .disablesKeepalive
            case .stopAcceptingConnections: .stopsConnections
            case .rejectConnections: .rejectsConnections
            case .shrinkHeap: .shrinksHeap
            }
    }
}

extension OverloadOptions {
    /// How much of the pressure at which requests are refused already ends copies.
    private static let shareForCopies = 0.9

    /// What has to be on.
    ///
    /// Copies go first: they end with the first action of any kind, and before requests are refused.
    ///
    /// - Parameter pressure: Of a monitor, 1 for all that there may be; `nil` for one that sets off no action.
    package func state(_ pressure: (Monitor) -> Double?) -> OverloadState {
        var pressures: [String: Double] = [:]
        for monitor in monitors { pressures[monitor.name] = pressure(monitor) }
        var state: OverloadState = []
        for rule in rules {
            let share = rule.action == .stopAcceptingRequests ? Self.shareForCopies : 1
            for trigger in rule.triggers {
                guard let pressure = pressures[trigger.monitor] else { continue }
                if pressure >= trigger.threshold { state.insert(OverloadState(rule.action)) }
                if pressure >= trigger.threshold * share { state.insert(.shedsCopies) }
            }
        }
        return state
    }
}
