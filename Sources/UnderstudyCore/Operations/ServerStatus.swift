// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the running proxy tells of itself.

/// - Source: Envoy `admin.v3.ServerInfo.State`.
public enum ServerState: Int, Sendable {
    case live = 0
    case draining = 1
    /// Names are not resolved yet, or health checks have not ended.
    case preInitializing = 2
    case initializing = 3
}

/// The last attempt to load a configuration.
public struct ReloadStatus: Sendable, Equatable {
    public enum Result: Sendable, Equatable {
        case never, loaded
        /// The configuration before it still serves.
        case refused
    }

    public var result = Result.never
    /// Seconds since 1970.
    public var time: Int64 = 0
    /// `file:line:column: path: message`, a line each.
    public var errors: [String] = []

    public init() {}
}

public struct ServerInformation: Sendable, Equatable {
    public var state = ServerState.initializing
    public var version = ""
    public var serviceCluster = ""
    public var serviceNode = ""
    /// Source: `node.locality.zone`.
    public var serviceZone = ""
    /// Seconds since 1970.
    public var startTime: Int64 = 0
    public var now: Int64 = 0
    public var concurrency = 0
    public var reload = ReloadStatus()
    /// The command line, under Envoy's names in `server_info`.
    public var options: [(name: String, value: OptionValue)] = []

    public enum OptionValue: Sendable, Equatable {
        case text(String)
        case number(Int)
        case flag(Bool)
        case list([String])
    }

    public init() {}

    public static func == (left: Self, right: Self) -> Bool {
        left.state == right.state && left.version == right.version && left.startTime == right.startTime
            && left.reload == right.reload
    }
}

/// One cluster with its endpoints as they are now.
///
/// - Source: Envoy `admin.v3.ClusterStatus`.
public struct ClusterStatus: Sendable, Equatable {
    public var name: String
    /// The name in statistics; empty for `name`.
    ///
    /// Source: `alt_stat_name`.
    public var observabilityName = ""
    /// Whether the four success rates are shown in text.
    public var detectsOutliers = false
    /// As `CircuitBreakers` has it.
    public var circuitBreakers = CircuitBreakers()
    /// Percent; `nil` if there is none.
    ///
    /// Source: `success_rate_ejection_threshold`.
    public var successRateThreshold: Double?
    public var localOriginSuccessRateThreshold: Double?
    public var successRateMean: Double?
    public var localOriginSuccessRateMean: Double?
    public var hosts: [HostStatus] = []

    public init(name: String) {
        self.name = name
    }
}

/// - Source: Envoy `admin.v3.HostStatus`.
public struct HostStatus: Sendable, Equatable {
    public var address = NetworkAddress()
    public var hostname = ""
    public var connectionsActive: UInt64 = 0
    public var connectionFailures: UInt64 = 0
    public var connectionsTotal: UInt64 = 0
    public var requestsActive: UInt64 = 0
    public var requestsPending: UInt64 = 0
    public var requestErrors: UInt64 = 0
    public var requestSuccesses: UInt64 = 0
    public var requestTimeouts: UInt64 = 0
    public var requestsTotal: UInt64 = 0
    public var health = HostHealth()
    public var weight: UInt32 = 1
    public var locality = Locality()
    public var priority: UInt32 = 0
    /// Percent; `nil` while too few requests were seen.
    public var successRate: Double?
    public var localOriginSuccessRate: Double?

    public init() {}
}

/// One listener.
public struct ListenerStatus: Sendable, Equatable {
    public var name: String
    /// In use, with the port that the system chose.
    public var address: NetworkAddress

    public init(name: String, address: NetworkAddress) {
        self.name = name
        self.address = address
    }
}

/// Memory in bytes.
public struct MemoryStatus: Sendable, Equatable {
    public var allocated: UInt64 = 0
    public var heapSize: UInt64 = 0
    public var resident: UInt64 = 0

    public init() {}
}
