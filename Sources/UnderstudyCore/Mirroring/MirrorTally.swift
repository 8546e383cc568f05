// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The part of a mirror's book that one worker writes.

internal import Synchronization

/// Written by one thread only, read by any.
///
/// The numbers that belong together change together: a reader sees all of a step or nothing of it, so that every
/// reading balances. The writer never waits; a reader that meets a step looks again.
public final class MirrorTally: Sendable {
    /// Odd while a step is being written.
    private let version = Atomic<UInt64>(0)
    /// Requests, copies in flight, and then the outcomes.
    private let cells = InlineArray<31, Atomic<UInt64>> { _ in Atomic(0) }

    private static let requests = 0
    private static let inFlight = 1
    private static let firstOutcome = 2

    public init() {
        precondition(Self.firstOutcome + MirrorOutcome.allCases.count == cells.count)
    }

    /// A copy is on its way; `end` follows.
    public func begin() {
        step {
            add(1, at: Self.requests)
            add(1, at: Self.inFlight)
        }
    }

    /// A copy that was begun has its outcome.
    public func end(_ outcome: MirrorOutcome) {
        step {
            add(.max, at: Self.inFlight)
            add(1, at: Self.firstOutcome + outcome.rawValue)
        }
    }

    /// There is no copy.
    public func skip(_ outcome: MirrorOutcome) {
        step {
            add(1, at: Self.requests)
            add(1, at: Self.firstOutcome + outcome.rawValue)
        }
    }

    /// The numbers as they were between two steps.
    public var counts: MirrorCounts {
        while true {
            let before = version.load(ordering: .acquiring)
            guard before & 1 == 0 else { continue }
            let counts = read()
            atomicMemoryFence(ordering: .acquiring)
            if version.load(ordering: .relaxed) == before { return counts }
        }
    }

    private func read() -> MirrorCounts {
        var counts = MirrorCounts()
        counts.requests = cells[Self.requests].load(ordering: .relaxed)
        counts.inFlight = cells[Self.inFlight].load(ordering: .relaxed)
        for outcome in MirrorOutcome.allCases {
            counts[outcome] = cells[Self.firstOutcome + outcome.rawValue].load(ordering: .relaxed)
        }
        return counts
    }

    private func step(_ change: () -> Void) {
        let number = version.load(ordering: .relaxed)
        version.store(number &+ 1, ordering: .relaxed)
        atomicMemoryFence(ordering: .releasing)
        change()
        version.store(number &+ 2, ordering: .releasing)
    }

    private func add(_ amount: UInt64, at index: Int) {
        cells[index].store(cells[index].load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }
}
