// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// An endpoint as all workers, the health checker and the admin server share it.

package import NIOCore
internal import Synchronization
package import UnderstudyCore

package final class SharedHost: Sendable {
    package let address: SocketAddress
    /// As configured, or the name that was resolved; empty for the address of a `STATIC` cluster.
    package let hostname: [UInt8]
    /// The endpoint of the configuration that it comes from.
    package let endpoint: Endpoint
    /// What workers have seen of it; `nil` in a cluster without outlier detection.
    package let outlierMonitor: OutlierMonitor?
    private let healthBits: Atomic<UInt32>

    // Under Envoy's names for hosts: `cx_total`, `cx_connect_fail`, `cx_active`, `rq_total` and so on.
    package let connections = Counter()
    package let connectFailures = Counter()
    package let activeConnections = Gauge()
    package let requests = Counter()
    package let requestSuccesses = Counter()
    package let requestErrors = Counter()
    package let requestTimeouts = Counter()
    package let activeRequests = Gauge()

    package init(
        address: SocketAddress,
        hostname: [UInt8],
        endpoint: Endpoint,
        health: HostHealth = [],
        outlierMonitor: OutlierMonitor? = nil
    ) {
        self.address = address
        self.hostname = hostname
        self.endpoint = endpoint
        self.outlierMonitor = outlierMonitor
        healthBits = Atomic(health.rawValue)
    }

    package var health: HostHealth { HostHealth(rawValue: healthBits.load(ordering: .acquiring)) }

    /// - Returns: Whether that changed anything.
    @discardableResult
    package func set(_ flag: HostHealth, _ isOn: Bool) -> Bool {
        let old =
            isOn
            ? healthBits.bitwiseOr(flag.rawValue, ordering: .acquiringAndReleasing).oldValue
            : healthBits.bitwiseAnd(~flag.rawValue, ordering: .acquiringAndReleasing).oldValue
        return (old & flag.rawValue != 0) != isOn
    }
}
