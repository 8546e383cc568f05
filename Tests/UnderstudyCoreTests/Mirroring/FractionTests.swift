// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Shares of requests: how large they are, and that they nest because one number is drawn for all.

import TestSupport
import Testing
import UnderstudyCore

struct FractionTests {
    @Test(arguments: [100, 10_000, 1_000_000] as [UInt32], [0, 1, 50, 99, 100] as [UInt32])
    func `a share holds exactly its numerator of every denominator's worth of numbers`(
        denominator: UInt32,
        numerator: UInt32
    ) {
        let fraction = Fraction(numerator: numerator, denominator: denominator)
        // Beyond the first turn, where the remainder matters.
        let start = UInt64(denominator) * 1_000_003
        let included = (start..<start + UInt64(denominator)).count { fraction.includes($0) }
        #expect(included == Int(numerator))
    }

    @Test(arguments: [0, 1, 99, 100, .max] as [UInt64])
    func `a numerator at or above the denominator means always`(random: UInt64) {
        #expect(Fraction(numerator: 100, denominator: 100).includes(random))
        #expect(Fraction(numerator: 101, denominator: 100).includes(random))
        #expect(Fraction(numerator: .max, denominator: 1_000_000).includes(random))
        #expect(Fraction.always.includes(random))
    }

    @Test(arguments: [0, 1, 99, 100, .max] as [UInt64])
    func `a numerator of zero means never`(random: UInt64) {
        #expect(!Fraction(numerator: 0, denominator: 100).includes(random))
    }

    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func `a request in the smaller share is in the larger one too`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        for _ in 0..<2_000 {
            let random = dice.next()
            let small = UInt32(dice.number(below: 101))
            let large = small + UInt32(dice.number(below: 101 - Int(small)))
            let isInSmall = Fraction(numerator: small, denominator: 100).includes(random)
            let isInLarge = Fraction(numerator: large, denominator: 100).includes(random)
            #expect(!isInSmall || isInLarge, "seed \(seed), \(small) in \(large), random \(random)")
        }
    }

    @Test func `two policies of one half fire together or not at all`() {
        let clusters = NameTable([(name: Array("m".utf8), value: 0)])
        let share = RuntimeFraction(Fraction(numerator: 50, denominator: 100))
        let half = MirrorPolicy(cluster: .name("m"), fraction: share)
        let rules = [MirrorRule(half, clusters: clusters), MirrorRule(half, clusters: clusters)]
        let head = RequestHead("GET /", ["host: h"])
        var dice = SeededGenerator(seed: 7)
        var fired = 0
        for _ in 0..<1_000 {
            let random = dice.next()
            let decisions = rules.map { $0.decide(head, clusters: clusters, random: random) }
            #expect(decisions.first == decisions.last)
            if decisions.first == .success(0) { fired += 1 }
        }
        #expect((400...600).contains(fired))
    }
}
