// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How much of the answers of mirrors is read, whatever the clock and the mirrors do.

import TestSupport
import Testing
import UnderstudyCore

struct AnswerPaceTests {
    private static let second: UInt64 = 1_000_000_000
    /// What a read costs besides its bytes.
    private static let costOfRead = 1024
    /// Of bytes that a mirror is sent in one go and reads in pieces of 16 KiB.
    private static func costOfReads(_ bytes: Int) -> Int { max(1, (bytes + 16_383) / 16_384) * costOfRead }

    @Test func `it begins with one second's worth`() {
        let pace = AnswerPace(rate: 1_000_000, now: 5)
        #expect(pace.available == 1_000_000)
        #expect(pace.isOpen)
    }

    @Test func `a read costs its bytes and a little more, and may end in a debt`() {
        var pace = AnswerPace(rate: 10_000, now: 0)
        var isOpen = pace.spend(5_000)
        #expect(isOpen)
        #expect(pace.available == 10_000 - 5_000 - Self.costOfRead)
        isOpen = pace.spend(5_000)
        #expect(!isOpen)
        #expect(pace.available == 10_000 - 10_000 - 2 * Self.costOfRead)
        #expect(!pace.isOpen)
    }

    @Test func `empty reads are not free`() {
        var pace = AnswerPace(rate: 10 * Self.costOfRead, now: 0)
        var reads = 1
        while pace.spend(0) { reads += 1 }
        #expect(reads == 10)
    }

    @Test func `a debt is paid by time, and is no more than a second's worth`() {
        var pace = AnswerPace(rate: 1_000, now: 0)
        let isOpen = pace.spend(30_000)
        #expect(!isOpen)
        #expect(pace.available == -1_000)
        pace.advance(to: Self.second / 2)
        #expect(pace.available == -500)
        pace.advance(to: Self.second)
        #expect(!pace.isOpen)
        pace.advance(to: Self.second + 1_000_000)
        #expect(pace.available == 1)
        #expect(pace.isOpen)
    }

    @Test func `less than a second's worth may be saved up`() {
        var pace = AnswerPace(rate: 1_000, now: 0, saving: 0.25)
        #expect(pace.available == 250)
        pace.advance(to: 100 * Self.second)
        #expect(pace.available == 250)
    }

    @Test func `no more than one second's worth is saved up`() {
        var pace = AnswerPace(rate: 1_000, now: 0)
        for hour in 1...5 { pace.advance(to: UInt64(hour) * 3_600 * Self.second) }
        #expect(pace.available == 1_000)
        let isOpen = pace.spend(500)
        #expect(!isOpen)
        // A long pause pays for one second only.
        pace.advance(to: 100_000 * Self.second)
        #expect(pace.available == 1_000 - 500 - Self.costOfRead + 1_000)
    }

    @Test func `time that goes back is no time`() {
        var pace = AnswerPace(rate: 1_000, now: 10 * Self.second)
        _ = pace.spend(500)
        let available = pace.available
        for now in [9 * Self.second, 0, 10 * Self.second] { pace.advance(to: now) }
        #expect(pace.available == available)
        pace.advance(to: 10 * Self.second + Self.second / 10)
        #expect(pace.available == available + 100)
    }

    @Test func `the end of the clock is survived`() {
        var pace = AnswerPace(rate: Int(Int32.max), now: 0)
        _ = pace.spend(Int(Int32.max))
        pace.advance(to: .max)
        #expect(pace.isOpen)
    }

    @Test func `looking often gains as much as looking seldom`() {
        var pace = AnswerPace(rate: 1_000, now: 0)
        _ = pace.spend(2_000)
        let before = pace.available
        // A thousandth of a byte's time each.
        for microsecond in 1...10_000 as ClosedRange<UInt64> { pace.advance(to: microsecond * 1_000) }
        #expect(pace.available == before + 10)
    }

    @Test func `what clients got is spent first, and is not saved without a bound`() {
        var pace = AnswerPace(rate: 1_000, now: 0)
        pace.earn(50_000)
        // A mirror reads that in four pieces.
        #expect(pace.available == 1_000 + 50_000 + 4 * Self.costOfRead)
        for bytes in [16_384, 16_384, 16_384, 848] {
            let isOpen = pace.spend(bytes)
            #expect(isOpen)
        }
        #expect(pace.available == 1_000)
        for _ in 0..<10 { pace.earn(1 << 30) }
        #expect(pace.available == 1_000 + 1 << 30)
    }

    @Test func `a mirror that answers as the primary does is never held back`() {
        var pace = AnswerPace(rate: 1, now: 0)
        for _ in 0..<100_000 {
            pace.earn(16_384)
            let isOpen = pace.spend(16_384)
            #expect(isOpen)
        }
    }

    @Test func `another rate counts from the next moment on`() {
        var pace = AnswerPace(rate: 1_000_000, now: 0)
        pace.rate = 10
        pace.advance(to: Self.second)
        #expect(pace.available == 10)
    }

    // MARK: Walks

    /// The same two purses, in fractions of a byte and without any state that is not needed.
    private struct Model {
        let rate: Double
        var timed: Double
        var earned = 0.0
        /// Debts beyond a second's worth.
        var forgiven = 0.0
        var time: UInt64

        mutating func advance(to now: UInt64) {
            guard now > time else { return }
            timed = min(rate, timed + rate * Double(min(now - time, second)) / Double(second))
            time = now
        }

        mutating func spend(_ bytes: Int) {
            let cost = Double(bytes + costOfRead)
            let free = min(cost, earned)
            earned -= free
            timed -= cost - free
            if timed < -rate {
                forgiven += -rate - timed
                timed = -rate
            }
        }

        mutating func earn(_ bytes: Int) { earned += Double(bytes + costOfReads(bytes)) }
    }

    /// Everything that a mirror may have read: with `rate` times the time, what was saved and earned, and a last read.
    private struct Bound {
        let rate: Int
        var start: UInt64
        var earned = 0
        var largest = 0

        func bytes(at now: UInt64) -> Double {
            let seconds = Double(now - start) / Double(second)
            return Double(rate) * (1 + seconds) + Double(earned + largest + costOfRead) + 1
        }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `a walk agrees with two purses of fractions, and never reads more than it may`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        let rate = dice.pick([1_000, 65_536, 1 << 20, 32 << 20])
        var now = UInt64(dice.number(below: 1_000_000))
        var pace = AnswerPace(rate: rate, now: now)
        var model = Model(rate: Double(rate), timed: Double(rate), time: now)
        var bound = Bound(rate: rate, start: now)
        var read = 0
        var advances = 0.0
        for step in 0..<20_000 {
            let bytes = dice.number(below: dice.pick([1, 100, 16_384, 65_536]))
            switch dice.number(below: 4) {
            case 0:
                now += UInt64(dice.number(below: dice.pick([10, 100_000, 50_000_000, 3_000_000_000])))
                pace.advance(to: now)
                model.advance(to: now)
                advances += 1
            case 1 where dice.chance(percent: 30):
                pace.earn(bytes)
                model.earn(bytes)
                bound.earned += bytes + Self.costOfReads(bytes)
            default:
                guard pace.isOpen else { break }
                bound.largest = max(bound.largest, bytes)
                let isOpen = pace.spend(bytes)
                #expect(isOpen == pace.isOpen, "seed \(seed), step \(step)")
                model.spend(bytes)
                read += bytes
            }
            // Each advance may lose less than one byte to rounding. A full purse may gain one: less than a byte's time
            // is kept though there was no room for it.
            let difference = model.timed + model.earned - Double(pace.available)
            #expect(difference > -1.001 && difference <= advances + 1e-3, "seed \(seed), step \(step)")
            #expect(Double(read) <= bound.bytes(at: now) + model.forgiven, "seed \(seed), step \(step)")
        }
        #expect(read > 0, "seed \(seed)")
    }
}
