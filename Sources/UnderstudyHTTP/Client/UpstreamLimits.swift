// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How much of an upstream group may be in use at a time, on all loops together: circuit breakers.

internal import Synchronization
internal import UnderstudyCore

/// A number of things that may be in use at a time.
public final class ResourceLimit: Sendable {
    private let most: Atomic<Int>
    private let used = Gauge()

    public init(_ maximum: Int) {
        most = Atomic(maximum)
    }

    public var maximum: Int { most.load(ordering: .relaxed) }

    public func setMaximum(_ maximum: Int) {
        most.store(maximum, ordering: .relaxed)
    }

    public var current: Int { used.current }

    public var isExhausted: Bool { current >= maximum }

    /// What is left; zero if more is in use than may be.
    public var remaining: Int { max(0, maximum - current) }

    public func reserve() -> Bool {
        guard used.adding(1) <= maximum else {
            used.add(-1)
            return false
        }
        return true
    }

    /// Counts one more, even past the limit.
    public func take() {
        used.add(1)
    }

    public func free() {
        used.add(-1)
    }
}

/// The limits that one kind of request shares, whichever loop it is on.
///
/// - Source: Envoy `circuit_breakers.thresholds`.
public final class UpstreamLimits: Sendable {
    /// Open connections, idle ones included.
    public let connections: ResourceLimit
    /// Requests that wait for a connection, or for theirs to be made.
    public let pending: ResourceLimit
    /// Requests on a connection.
    public let requests: ResourceLimit
    public let retries: ResourceLimit
    /// Open connections of several groups together, which whoever asks for one looks at first; `nil` for no limit.
    public let total: ResourceLimit?
    /// Their connections take little of what all share: the loop's time, and the system's memory for sockets.
    public let isRestrained: Bool
    /// Tells the limits of one pool apart: 0 or 1.
    let slot: Int

    public init(
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
