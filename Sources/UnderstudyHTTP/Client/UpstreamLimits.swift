// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How much of an upstream group may be in use at a time, on all loops together: circuit breakers.

internal import Synchronization
internal import UnderstudyCore

/// A number of things that may be in use at a time.
package final class ResourceLimit: Sendable {
    private let most: Atomic<Int>
    private let used = Gauge()

    package init(_ maximum: Int) {
        most = Atomic(maximum)
    }

    package var maximum: Int { most.load(ordering: .relaxed) }

    package func setMaximum(_ maximum: Int) {
        most.store(maximum, ordering: .relaxed)
    }

    package var current: Int { used.current }

    package var isExhausted: Bool { current >= maximum }

    /// What is left; zero if more is in use than may be.
    package var remaining: Int { max(0, maximum - current) }

    package func reserve() -> Bool {
        guard used.add(1) <= maximum else {
            used.add(-1)
            return false
        }
        return true
    }

    /// Counts one more, even past the limit.
    package func take() {
        used.add(1)
    }

    package func free() {
        used.add(-1)
    }
}

/// The limits that one kind of request shares, whichever loop it is on.
///
/// - Source: Envoy `circuit_breakers.thresholds`.
package final class UpstreamLimits: Sendable {
    /// Open connections, idle ones included.
    package let connections: ResourceLimit
    /// Requests that wait for a connection, or for theirs to be made.
    package let pending: ResourceLimit
    /// Requests on a connection.
    package let requests: ResourceLimit
    package let retries: ResourceLimit
    /// Open connections of several groups together, which whoever asks for one looks at first; `nil` for no limit.
    package let total: ResourceLimit?
    /// Their connections take little of what all share: the loop's time, and the system's memory for sockets.
    package let isRestrained: Bool
    /// Tells the limits of one pool apart: 0 or 1.
    let slot: Int

    package init(
        connections: Int = 1024,
        pending: Int = 1024,
        requests: Int = 1024,
        retries: Int = 3,
        total: ResourceLimit? = nil,
        isRestrained: Bool = false,
        slot: Int = 0
    ) {
        self.isRestrained = isRestrained
        self.total = total
        self.connections = ResourceLimit(connections)
        self.pending = ResourceLimit(pending)
        self.requests = ResourceLimit(requests)
        self.retries = ResourceLimit(retries)
        self.slot = slot
    }
}
