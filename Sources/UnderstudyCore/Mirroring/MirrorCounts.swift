// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What became of the copies of one route to one mirror.

package struct MirrorCounts: Sendable, Equatable {
    /// Requests that had the policy in effect.
    package var requests: UInt64 = 0
    /// Copies that have no outcome yet.
    package var inFlight: UInt64 = 0
    /// By `MirrorOutcome.rawValue`.
    package private(set) var outcomes = [UInt64](repeating: 0, count: MirrorOutcome.allCases.count)

    package init() {}

    package subscript(outcome: MirrorOutcome) -> UInt64 {
        get { outcomes[outcome.rawValue] }
        set { outcomes[outcome.rawValue] = newValue }
    }

    /// All outcomes together.
    package var ended: UInt64 { outcomes.reduce(0, &+) }

    /// Requests of which there was a copy.
    package var copies: UInt64 {
        MirrorOutcome.allCases.reduce(inFlight) { $1.isSent ? $0 &+ self[$1] : $0 }
    }

    /// Every request has exactly one outcome, or a copy on its way to one.
    package var isBalanced: Bool { ended &+ inFlight == requests }

    package mutating func add(_ other: MirrorCounts) {
        requests &+= other.requests
        inFlight &+= other.inFlight
        for index in outcomes.indices { outcomes[index] &+= other.outcomes[index] }
    }

    /// What has come since `base`; copies that were in flight then count as requests since.
    package mutating func subtract(_ base: MirrorCounts) {
        requests = requests &- base.ended
        for index in outcomes.indices { outcomes[index] &-= base.outcomes[index] }
    }
}
