// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Random walks through many exchanges at a time: every policy of every request comes to exactly one outcome.

import Testing
import UnderstudyCore

struct BooksWalkTests {
    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `the books are those of a second reckoning, at every step`(seed: UInt64) {
        var walk = BooksWalk(seed: seed)
        var seen: Set<MirrorOutcome> = []
        for step in 0..<4_000 {
            walk.step()
            let findings = walk.differences + walk.objections
            #expect(findings == [], "seed \(seed), step \(step)")
            if !findings.isEmpty { return }
        }
        walk.stop()
        #expect(walk.differences + walk.objections == [], "seed \(seed), at the end")
        var requests: [String: UInt64] = [:]
        for (key, book) in walk.books {
            #expect(book.counts.inFlight == 0, "\(key), seed \(seed), at the end")
            requests[key.route, default: 0] += book.counts.requests
            seen.formUnion(MirrorOutcome.allCases.filter { book.counts[$0] > 0 })
        }
        #expect(requests == walk.policies, "seed \(seed)")
        // The walk is no proof of an outcome that it never came to.
        let always: Set<MirrorOutcome> = [
            .ok, .clientError, .timeout, .reset, .connectFailure, .cutSlow, .cutClientLeft,
            .cutPrimaryEnded, .cutBodyTooLarge, .cutAnswerTooLarge, .connectMethod, .primaryNotStarted, .overflow,
        ]
        #expect(always.subtracting(seen) == [], "seed \(seed)")
    }
}
