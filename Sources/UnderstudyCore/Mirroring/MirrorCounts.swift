// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What became of the copies of one route to one mirror.

public struct MirrorCounts: Sendable, Equatable {
    /// Requests that had the policy in effect.
    public var requests: UInt64 = 0
    /// Copies that have no outcome yet.
    public var inFlight: UInt64 = 0
    /// By `MirrorOutcome.rawValue`.
    public private(set) var outcomes = [UInt64](repeating: 0, count: MirrorOutcome.allCases.count)

    public init() {}

    public subscript(outcome: MirrorOutcome) -> UInt64 {
        get { outcomes[outcome.rawValue] }
        set { outcomes[outcome.rawValue] = newValue }
    }

    /// All outcomes together.
    public var ended: UInt64 { outcomes.reduce(0, &+) }

    /// Requests of which there was a copy.
    public var copies: UInt64 {
        MirrorOutcome.allCases.reduce(inFlight) { $1.isSent ? $0 &+ self[$1] : $0 }
    }

    /// Every request has exactly one outcome, or a copy on its way to one.
    public var isBalanced: Bool { ended &+ inFlight == requests }

    public mutating func add(_ other: MirrorCounts) {
        requests &+= other.requests
        inFlight &+= other.inFlight
        for index in outcomes.indices { outcomes[index] &+= other.outcomes[index] }
    }

    /// What has come since `base`; copies that were in flight then count as requests since.
    public mutating func subtract(_ base: MirrorCounts) {
        requests = requests &- base.ended
        for index in outcomes.indices { outcomes[index] &-= base.outcomes[index] }
    }
}
