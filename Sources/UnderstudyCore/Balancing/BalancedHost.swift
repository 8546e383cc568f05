// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a balancer has to know of an endpoint.

public struct BalancedHost: Sendable, Equatable {
    /// 1 or more.
    public var weight: UInt32 = 1
    public var level = HostHealth.Level.healthy
    /// It does not count when health is judged: it has not been checked yet, or it is draining.
    ///
    /// It still gets requests in a panic. Source: `ignore_new_hosts_until_first_hc`, `HealthStatus.DRAINING`.
    public var isExcluded = false
    /// 0 comes first; at most `highestPriority`.
    public var priority: UInt32 = 0
    public var locality = Locality()
    public var localityWeight: UInt32 = 0
    /// With its port, as `1.2.3.4:80` or `[::1]:80`.
    public var address: [UInt8]
    public var hostname: [UInt8] = []

    /// - Source: Envoy's limit for `LocalityLbEndpoints.priority`.
    public static let highestPriority: UInt32 = 128

    public init(address: [UInt8]) {
        self.address = address
    }
}
