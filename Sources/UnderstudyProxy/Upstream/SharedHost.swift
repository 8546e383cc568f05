// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// An endpoint as all workers, the health checker and the admin server share it.

public import NIOCore
internal import Synchronization
public import UnderstudyCore
public import UnderstudyHTTP

public final class SharedHost: Sendable {
    public let address: SocketAddress
    /// As configured, or the name that was resolved; empty for the address of a `STATIC` cluster.
    public let hostname: [UInt8]
    /// The endpoint of the configuration that it comes from.
    public let endpoint: Endpoint
    public let counters = HostCounters()
    /// Connections on all loops together, for clients and for copies; empty for no limit.
    public let connectionLimits: [ResourceLimit]
    /// What workers have seen of it; `nil` in a cluster without outlier detection.
    public let outlierMonitor: OutlierMonitor?
    private let healthBits: Atomic<UInt32>

    public init(
        address: SocketAddress,
        hostname: [UInt8],
        endpoint: Endpoint,
        health: HostHealth = [],
        mostConnections: UInt32? = nil,
        outlierMonitor: OutlierMonitor? = nil
    ) {
        self.address = address
        self.hostname = hostname
        self.endpoint = endpoint
        connectionLimits = mostConnections.map { most in (0..<2).map { _ in ResourceLimit(Int(most)) } } ?? []
        healthBits = Atomic(health.union(HostHealth(endpoint.health)).rawValue)
        self.outlierMonitor = outlierMonitor
    }

    public var health: HostHealth { HostHealth(rawValue: healthBits.load(ordering: .acquiring)) }

    /// - Returns: Whether that changed anything.
    @discardableResult
    public func set(_ flag: HostHealth, _ isOn: Bool) -> Bool {
        let old =
            isOn
            ? healthBits.bitwiseOr(flag.rawValue, ordering: .acquiringAndReleasing).oldValue
            : healthBits.bitwiseAnd(~flag.rawValue, ordering: .acquiringAndReleasing).oldValue
        return (old & flag.rawValue != 0) != isOn
    }
}

extension HostHealth {
    fileprivate init(_ status: Endpoint.HealthStatus) {
        self =
            switch status {
            case .unknown, .healthy: []
            case .unhealthy, .draining, .timeout: .failedByConfiguration
            case .degraded: .degradedByConfiguration
            }
    }
}
