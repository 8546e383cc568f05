// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the running proxy tells of itself.

/// - Source: Envoy `admin.v3.ServerInfo.State`.
package enum ServerState: Int, Sendable {
    case live = 0
    case draining = 1
    /// Names are not resolved yet, or health checks have not ended.
    case preInitializing = 2
    case initializing = 3
}

/// The last attempt to load a configuration.
package struct ReloadStatus: Sendable, Equatable {
    package enum Result: Sendable, Equatable {
        case never, loaded
        /// The configuration before it still serves.
        case refused
    }

    package var result = Result.never
    /// Seconds since 1970.
    package var time: Int64 = 0
    /// `file:line:column: path: message`, a line each.
    package var errors: [String] = []

    package init() {}
}

package struct ServerInformation: Sendable, Equatable {
    package var state = ServerState.initializing
    package var version = ""
    package var serviceCluster = ""
    package var serviceNode = ""
    /// Source: `node.locality.zone`.
    package var serviceZone = ""
    /// Seconds since 1970.
    package var startTime: Int64 = 0
    package var now: Int64 = 0
    package var concurrency = 0
    package var reload = ReloadStatus()
    /// The command line, under Envoy's names in `server_info`.
    package var options: [(name: String, value: OptionValue)] = []

    package enum OptionValue: Sendable, Equatable {
        case text(String)
        case number(Int)
        case flag(Bool)
        case list([String])
    }

    package init() {}

    package static func == (left: Self, right: Self) -> Bool {
        left.state == right.state && left.version == right.version && left.startTime == right.startTime
            && left.reload == right.reload
    }
}

/// One cluster with its endpoints as they are now.
///
/// - Source: Envoy `admin.v3.ClusterStatus`.
package struct ClusterStatus: Sendable, Equatable {
    package var name: String
    /// The name in statistics; empty for `name`.
    ///
    /// Source: `alt_stat_name`.
    package var observabilityName = ""
    /// Whether the four success rates are shown in text.
    package var detectsOutliers = false
    /// As `CircuitBreakers` has it.
    package var circuitBreakers = CircuitBreakers()
    /// Percent; `nil` if there is none.
    ///
    /// Source: `success_rate_ejection_threshold`.
    package var successRateThreshold: Double?
    package var localOriginSuccessRateThreshold: Double?
    package var successRateMean: Double?
    package var localOriginSuccessRateMean: Double?
    package var hosts: [HostStatus] = []

    package init(name: String) {
        self.name = name
    }
}

/// - Source: Envoy `admin.v3.HostStatus`.
package struct HostStatus: Sendable, Equatable {
    package var address = NetworkAddress()
    package var hostname = ""
    package var connectionsActive: UInt64 = 0
    package var connectionFailures: UInt64 = 0
    package var connectionsTotal: UInt64 = 0
    package var requestsActive: UInt64 = 0
    package var requestsPending: UInt64 = 0
    package var requestErrors: UInt64 = 0
    package var requestSuccesses: UInt64 = 0
    package var requestTimeouts: UInt64 = 0
    package var requestsTotal: UInt64 = 0
    package var health = HostHealth()
    package var weight: UInt32 = 1
    package var locality = Locality()
    package var priority: UInt32 = 0
    /// Percent; `nil` while too few requests were seen.
    package var successRate: Double?
    package var localOriginSuccessRate: Double?

    package init() {}
}

/// One listener.
package struct ListenerStatus: Sendable, Equatable {
    package var name: String
    /// In use, with the port that the system chose.
    package var address: NetworkAddress

    package init(name: String, address: NetworkAddress) {
        self.name = name
        self.address = address
    }
}

/// Memory in bytes.
package struct MemoryStatus: Sendable, Equatable {
    package var allocated: UInt64 = 0
    package var heapSize: UInt64 = 0
    package var resident: UInt64 = 0

    package init() {}
}
