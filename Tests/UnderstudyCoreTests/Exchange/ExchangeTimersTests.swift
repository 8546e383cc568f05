// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors

import Testing
import UnderstudyCore

@Suite struct ExchangeTimersTests {
    @Test func `nothing is due while nothing is set`() {
        var timers = ExchangeTimers()
        #expect(timers.earliest == nil)
        #expect(timers.takeDue(at: .max) == nil)
    }

    @Test(arguments: ExchangeTimers.Kind.allCases)
    func `a timer rings once, at its time and not before`(kind: ExchangeTimers.Kind) {
        var timers = ExchangeTimers()
        timers.set(kind, at: 100)
        #expect(timers.isSet(kind))
        #expect(timers.earliest == 100)
        #expect(timers.takeDue(at: 99) == nil)
        #expect(timers.takeDue(at: 100) == kind)
        #expect(timers.takeDue(at: 100) == nil)
        #expect(!timers.isSet(kind))
    }

    @Test func `the earliest rings first, and setting again replaces`() {
        var timers = ExchangeTimers()
        timers.set(.route, at: 300)
        timers.set(.tryTotal, at: 200)
        timers.set(.streamIdle, at: 100)
        timers.set(.streamIdle, at: 250)
        #expect(timers.takeDue(at: 400) == .tryTotal)
        #expect(timers.takeDue(at: 400) == .streamIdle)
        timers.clear(.route)
        #expect(timers.takeDue(at: 400) == nil)
    }

    @Test func `all are forgotten at once`() {
        var timers = ExchangeTimers()
        for kind in ExchangeTimers.Kind.allCases { timers.set(kind, at: 1) }
        timers.clearAll()
        #expect(timers.earliest == nil)
    }
}
