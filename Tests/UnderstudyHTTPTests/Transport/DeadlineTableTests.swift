// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One table for all timeouts of a loop: each fires once, when it is due, whatever the others do meanwhile.

import NIOCore
import NIOEmbedded
import TestSupport
import Testing
import UnderstudyHTTP

struct DeadlineTableTests {
    private final class Timer: Timed {
        var deadlineSlot = -1
        var firings = 0
        var onFiring: () -> Void = {}

        func deadlinePassed() {
            firings += 1
            onFiring()
        }
    }

    /// A table on a loop that does not run, at whose end nothing is left to do.
    private func withTable(_ body: (DeadlineTable, EmbeddedEventLoop) -> Void) {
        let eventLoop = EmbeddedEventLoop()
        body(DeadlineTable(eventLoop: eventLoop), eventLoop)
        try? eventLoop.syncShutdownGracefully()
    }

    private func second(_ count: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(count) }

    @Test func `whoever sets its next deadline from within the last fires once in each tick`() {
        withTable { table, eventLoop in
            let timer = Timer()
            // The loop's time is not the clock's: this is always due.
            timer.onFiring = { [unowned timer] in table.set(timer, at: .uptimeNanoseconds(0)) }
            table.set(timer, at: .uptimeNanoseconds(0))
            for number in 1...12 {
                eventLoop.advanceTime(by: DeadlineTable.tick)
                #expect(timer.firings == number)
            }
            table.clear(timer)
        }
    }

    @Test func `a deadline fires when it is due, once`() {
        withTable { table, _ in
            let timer = Timer()
            table.set(timer, at: second(10))
            table.advance(to: second(9))
            #expect(timer.firings == 0)
            table.advance(to: second(10))
            table.advance(to: second(11))
            #expect(timer.firings == 1)
            #expect(!table.isSet(timer))
            #expect(table.count == 0)
        }
    }

    @Test func `a new deadline takes the place of the old one`() {
        withTable { table, _ in
            let timer = Timer()
            table.set(timer, at: second(10))
            table.set(timer, at: second(20))
            #expect(table.count == 1)
            table.advance(to: second(10))
            #expect(timer.firings == 0)
            table.set(timer, at: second(15))
            table.advance(to: second(15))
            #expect(timer.firings == 1)
        }
    }

    @Test func `a cleared deadline does not fire, and clearing twice is nothing`() {
        withTable { table, _ in
            let timers = (0..<3).map { _ in Timer() }
            for timer in timers { table.set(timer, at: second(10)) }
            table.clear(timers[0])
            table.clear(timers[0])
            #expect(table.count == 2)
            table.advance(to: second(10))
            #expect(timers.map(\.firings) == [0, 1, 1])
        }
    }

    @Test func `whoever is called may set its deadline again`() {
        withTable { table, _ in
            let timer = Timer()
            timer.onFiring = { [unowned timer] in if timer.firings < 3 { table.set(timer, at: second(20)) } }
            table.set(timer, at: second(10))
            table.advance(to: second(10))
            #expect(timer.firings == 1)
            #expect(table.count == 1)
            table.advance(to: second(20))
            table.advance(to: second(20))
            #expect(timer.firings == 3)
            #expect(table.count == 0)
        }
    }

    @Test(arguments: 0..<4, 0..<4)
    func `whoever is called may clear others that are due, too`(caller: Int, victim: Int) {
        guard caller != victim else { return }
        withTable { table, _ in
            let timers = (0..<4).map { _ in Timer() }
            for timer in timers { table.set(timer, at: second(10)) }
            var victimHadFired = false
            timers[caller].onFiring = {
                victimHadFired = timers[victim].firings > 0
                table.clear(timers[victim])
            }
            table.advance(to: second(10))
            for index in 0..<4 where index != victim { #expect(timers[index].firings == 1) }
            #expect(timers[victim].firings == (victimHadFired ? 1 : 0))
            #expect(table.count == 0)
        }
    }

    @Test func `the loop looks at the table while there is something in it, and only then`() {
        withTable { table, eventLoop in
            let timer = Timer()
            // Long ago: the next look finds it.
            table.set(timer, at: second(0))
            #expect(timer.firings == 0)
            eventLoop.advanceTime(by: DeadlineTable.tick)
            #expect(timer.firings == 1)
            table.set(timer, at: .distantFuture)
            eventLoop.advanceTime(by: .seconds(1))
            #expect(timer.firings == 1)
            table.set(timer, at: second(0))
            eventLoop.advanceTime(by: DeadlineTable.tick)
            #expect(timer.firings == 2)
        }
    }

    @Test func `a crowd that is due at once leaves the loop its turns`() {
        withTable { table, eventLoop in
            let most = DeadlineTable.mostInTurn
            let timers = (0..<(3 * most)).map { _ in Timer() }
            for timer in timers { table.set(timer, at: second(10)) }
            #expect(!table.advance(to: second(10)))
            #expect(table.count == 2 * most)
            // What is set between two parts is no part of this look.
            let late = Timer()
            table.set(late, at: second(10))
            #expect(!table.advance(to: second(10)))
            #expect(table.advance(to: second(10)))
            #expect(timers.allSatisfy { $0.firings == 1 })
            #expect(late.firings == 0)
            #expect(table.advance(to: second(10)))
            #expect(late.firings == 1)
            #expect(table.count == 0)
        }
    }

    @Test func `the loop goes on with a crowd at once`() {
        withTable { table, eventLoop in
            let timers = (0..<(3 * DeadlineTable.mostInTurn)).map { _ in Timer() }
            for timer in timers { table.set(timer, at: second(0)) }
            eventLoop.advanceTime(by: DeadlineTable.tick)
            #expect(timers.allSatisfy { $0.firings == 1 })
            #expect(table.count == 0)
        }
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func `any order of setting, clearing and passing agrees with a plain list`(seed: UInt64) {
        withTable { table, _ in
            var dice = SeededGenerator(seed: seed)
            let timers = (0..<(5 * DeadlineTable.mostInTurn)).map { _ in Timer() }
            var due: [Int: Int64] = [:]
            var firings = Array(repeating: 0, count: timers.count)
            var now: Int64 = 0
            for step in 0..<400 {
                let index = dice.number(below: timers.count)
                switch dice.number(below: 4) {
                case 0, 1:
                    due[index] = now + 1 + Int64(dice.number(below: 10))
                    table.set(timers[index], at: second(due[index] ?? 0))
                case 2:
                    due[index] = nil
                    table.clear(timers[index])
                default:
                    now += Int64(dice.number(below: 4))
                    for (timer, time) in due where time <= now {
                        firings[timer] += 1
                        due[timer] = nil
                    }
                    while !table.advance(to: second(now)) {}
                }
                #expect(timers.map(\.firings) == firings, "seed \(seed), step \(step)")
                #expect(table.count == due.count, "seed \(seed), step \(step)")
            }
        }
    }
}
