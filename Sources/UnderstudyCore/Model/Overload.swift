// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is watched, and what is done when there is too little of it.

/// Source: Envoy `OverloadManager`.
public struct OverloadOptions: Sendable, Equatable {
    public enum Resource: Sendable, Equatable {
        /// Bytes that the allocator has given out, of so many.
        case heap(maximum: UInt64)
        /// Connections of clients, in the whole process.
        case connections(maximum: Int)
    }

    public struct Monitor: Sendable, Equatable {
        public var name: String
        public var resource: Resource

        public init(_ name: String, _ resource: Resource) {
            self.name = name
            self.resource = resource
        }
    }

    public struct Trigger: Sendable, Equatable {
        /// The name of a monitor.
        public var monitor: String
        /// 0 to 1: the action is on at this pressure and above.
        public var threshold: Double

        public init(_ monitor: String, threshold: Double) {
            self.monitor = monitor
            self.threshold = threshold
        }
    }

    public struct Rule: Sendable, Equatable {
        public var action: OverloadAction
        public var triggers: [Trigger]

        public init(_ action: OverloadAction, _ triggers: [Trigger]) {
            self.action = action
            self.triggers = triggers
        }
    }

    /// How often resources are looked at.
    ///
    /// Default 1 s. Source: `refresh_interval`.
    public var refreshInterval = Duration.seconds(1)
    /// Each name once.
    public var monitors: [Monitor]
    /// Each action once.
    public var rules: [Rule]

    public init(monitors: [Monitor], rules: [Rule] = []) {
        self.monitors = monitors
        self.rules = rules
    }

    /// How many connections clients may have; `nil` for no limit.
    public var maximumConnections: Int? {
        for case .connections(let maximum) in monitors.map(\.resource) { return maximum }
        return nil
    }
}

/// Under Envoy's names.
public enum OverloadAction: String, Sendable, CaseIterable {
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
public struct OverloadState: OptionSet, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The one of every option set would be called by way of its witnesses.
    @inlinable
    @inline(__always)
    public func contains(_ state: OverloadState) -> Bool { rawValue & state.rawValue == state.rawValue }

    public static let stopsRequests = OverloadState(rawValue: 1)
    public static let disablesKeepalive = OverloadState(rawValue: 2)
    public static let stopsConnections = OverloadState(rawValue: 4)
    public static let rejectsConnections = OverloadState(rawValue: 8)
    public static let shrinksHeap = OverloadState(rawValue: 16)
    /// No copy begins.
    public static let shedsCopies = OverloadState(rawValue: 32)

    public init(_ action: OverloadAction) {
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
    public func state(_ pressure: (Monitor) -> Double?) -> OverloadState {
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
