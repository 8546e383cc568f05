// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The part of a book that one worker writes: every step is seen whole or not at all, from any thread.

import Synchronization
import Testing
import UnderstudyCore

struct MirrorTallyTests {
    @Test func `a copy is in flight until its outcome is known`() {
        let tally = MirrorTally()
        #expect(tally.counts == MirrorCounts())
        tally.begin()
        tally.begin()
        #expect(tally.counts.requests == 2)
        #expect(tally.counts.inFlight == 2)
        #expect(tally.counts.ended == 0)
        tally.end(.timeout)
        #expect(tally.counts.inFlight == 1)
        #expect(tally.counts[.timeout] == 1)
        #expect(tally.counts.requests == 2)
        #expect(tally.counts.isBalanced)
    }

    @Test(arguments: MirrorOutcome.allCases)
    func `every outcome has a cell of its own`(outcome: MirrorOutcome) {
        let tally = MirrorTally()
        tally.begin()
        tally.end(outcome)
        tally.skip(outcome)
        var expected = MirrorCounts()
        expected.requests = 2
        expected[outcome] = 2
        #expect(tally.counts == expected)
    }

    /// What several readers found, together.
    private struct Findings {
        var readings = 0
        var unbalanced = 0
        var backwards = 0
    }

    /// Reads until the writer is done, and once more.
    private static func read(_ tally: MirrorTally, until isDone: borrowing Atomic<Bool>) -> Findings {
        var findings = Findings()
        var last = MirrorCounts()
        var isLast = false
        while true {
            isLast = isDone.load(ordering: .acquiring)
            let counts = tally.counts
            findings.readings += 1
            if !counts.isBalanced { findings.unbalanced += 1 }
            let outcomesGoOn = zip(counts.outcomes, last.outcomes).allSatisfy { $0 >= $1 }
            if counts.requests < last.requests || !outcomesGoOn { findings.backwards += 1 }
            last = counts
            if isLast { return findings }
        }
    }

    /// Shared by the threads of one test.
    private final class Flag: Sendable {
        let isUp = Atomic(false)
    }

    @Test func `readers beside the writer see balanced numbers only, which never go back`() async {
        let tally = MirrorTally()
        let done = Flag()
        let rounds: UInt64 = 300_000
        let findings = await withTaskGroup(of: Findings.self) { tasks in
            for _ in 0..<3 { tasks.addTask { Self.read(tally, until: done.isUp) } }
            // One writer: these steps come from a single task.
            for round in 0..<rounds {
                tally.begin()
                if round % 3 == 0 { tally.skip(.sampledOut) }
                tally.end(round % 2 == 0 ? .ok : .serverError)
            }
            done.isUp.store(true, ordering: .releasing)
            return await tasks.reduce(into: Findings()) {
                $0.readings += $1.readings
                $0.unbalanced += $1.unbalanced
                $0.backwards += $1.backwards
            }
        }
        #expect(findings.readings >= 3)
        #expect(findings.unbalanced == 0, "of \(findings.readings)")
        #expect(findings.backwards == 0, "of \(findings.readings)")
        #expect(tally.counts.requests == rounds + rounds / 3)
        #expect(tally.counts.inFlight == 0)
        #expect(tally.counts[.ok] == rounds / 2)
        #expect(tally.counts[.serverError] == rounds / 2)
        #expect(tally.counts[.sampledOut] == rounds / 3)
    }
}
