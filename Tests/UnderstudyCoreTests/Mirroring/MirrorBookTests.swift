// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Sums of books, and books that begin again at zero while copies are in flight.

import TestSupport
import Testing
import UnderstudyCore

struct MirrorBookTests {
    private let key = MirrorKey(route: "all[0]", mirror: "service1-mirror")

    // MARK: Counts

    private func counts(
        inFlight: UInt64 = 0,
        _ outcomes: [(MirrorOutcome, UInt64)]
    ) -> MirrorCounts {
        var counts = MirrorCounts()
        counts.inFlight = inFlight
        counts.requests = inFlight
        for (outcome, number) in outcomes {
            counts[outcome] = number
            counts.requests += number
        }
        return counts
    }

    @Test func `sums of balanced numbers are balanced`() {
        var sum = counts(inFlight: 2, [(.ok, 3), (.noHost, 1)])
        sum.add(counts(inFlight: 1, [(.ok, 4), (.disabled, 5)]))
        #expect(sum == counts(inFlight: 3, [(.ok, 7), (.noHost, 1), (.disabled, 5)]))
        #expect(sum.isBalanced)
    }

    @Test func `copies are those that were sent, ended or not`() {
        let counts = counts(inFlight: 2, [(.ok, 3), (.draining, 1), (.sampledOut, 10), (.budget, 20)])
        #expect(counts.copies == 6)
        #expect(counts.ended == 34)
    }

    @Test func `what was in flight at the base counts as a request since`() {
        var now = counts(inFlight: 1, [(.ok, 9), (.reset, 1)])
        now.subtract(counts(inFlight: 3, [(.ok, 5)]))
        #expect(now == counts(inFlight: 1, [(.ok, 4), (.reset, 1)]))
    }

    @Test func `numbers that do not add up are told from those that do`() {
        var counts = counts(inFlight: 1, [(.ok, 1)])
        #expect(counts.isBalanced)
        counts.requests += 1
        #expect(!counts.isBalanced)
    }

    // MARK: The book

    @Test func `a book is the sum of its workers`() {
        let book = MirrorBook(key, workers: 3)
        for tally in book.tallies { tally.skip(.sampledOut) }
        book.tallies[1].begin()
        #expect(book.counts == counts(inFlight: 1, [(.sampledOut, 3)]))
    }

    @Test func `a reset leaves the copies in flight, whose outcomes come after it`() {
        let book = MirrorBook(key, workers: 2)
        for tally in book.tallies {
            tally.begin()
            tally.begin()
            tally.end(.ok)
        }
        book.reset()
        #expect(book.counts == counts(inFlight: 2, []))
        book.tallies[0].end(.timeout)
        #expect(book.counts == counts(inFlight: 1, [(.timeout, 1)]))
        book.reset()
        book.tallies[1].end(.ok)
        #expect(book.counts == counts([(.ok, 1)]))
        book.reset()
        #expect(book.counts == MirrorCounts())
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `resets at any time leave what came since, and nothing else`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        let book = MirrorBook(key, workers: 3)
        var inFlight = [UInt64](repeating: 0, count: 3)
        var since = MirrorCounts()
        for step in 0..<2_000 {
            let worker = dice.number(below: 3)
            let outcome = dice.pick(MirrorOutcome.allCases)
            switch dice.number(below: 20) {
            case 0:
                book.reset()
                since = MirrorCounts()
                since.inFlight = inFlight.reduce(0, +)
                since.requests = since.inFlight
            case 1..<8:
                book.tallies[worker].begin()
                inFlight[worker] += 1
                since.inFlight += 1
                since.requests += 1
            case 8..<14 where inFlight[worker] > 0:
                book.tallies[worker].end(outcome)
                inFlight[worker] -= 1
                since.inFlight -= 1
                since[outcome] += 1
            default:
                book.tallies[worker].skip(outcome)
                since.requests += 1
                since[outcome] += 1
            }
            #expect(book.counts == since, "seed \(seed), step \(step)")
            #expect(book.counts.isBalanced, "seed \(seed), step \(step)")
        }
    }

    /// One worker's share of a busy book: every copy ends.
    private static func write(_ tally: MirrorTally, rounds: Int) {
        for _ in 0..<rounds {
            tally.begin()
            tally.end(.ok)
        }
    }

    @Test func `readings balance while workers write and somebody resets`() async {
        let book = MirrorBook(key, workers: 2)
        let unbalanced = await withTaskGroup(of: Int.self) { tasks in
            for tally in book.tallies {
                tasks.addTask {
                    Self.write(tally, rounds: 50_000)
                    return 0
                }
            }
            tasks.addTask {
                var unbalanced = 0
                for _ in 0..<2_000 {
                    if !book.counts.isBalanced { unbalanced += 1 }
                }
                return unbalanced
            }
            tasks.addTask {
                for _ in 0..<200 { book.reset() }
                return 0
            }
            return await tasks.reduce(0, +)
        }
        #expect(unbalanced == 0)
        #expect(book.counts.inFlight == 0)
        book.reset()
        #expect(book.counts == MirrorCounts())
    }
}
