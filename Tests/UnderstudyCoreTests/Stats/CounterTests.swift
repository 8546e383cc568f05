// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Counts are added to by every worker at once, and must not lose one.

import Testing
import UnderstudyCore

struct CounterTests {
    @Test func `a counter begins at zero and adds one unless told otherwise`() {
        let counter = Counter()
        #expect(counter.current == 0)
        counter.add()
        counter.add(41)
        #expect(counter.current == 42)
    }

    @Test func `no count is lost among concurrent writers`() async {
        let counter = Counter()
        let gauge = Gauge()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1_000 {
                        counter.add()
                        gauge.add(3)
                        gauge.add(-2)
                    }
                }
            }
        }
        #expect(counter.current == 8_000)
        #expect(gauge.current == 8_000)
    }

    @Test func `of those that add at once each is told another value`() async {
        let gauge = Gauge()
        let values = await withTaskGroup(of: [Int].self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<1_000).map { _ in gauge.adding(1) } }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(values.sorted() == Array(1...8_000))
    }

    @Test func `of those that take the last one is told zero, and nobody else`() async {
        let gauge = Gauge()
        gauge.set(8_000)
        let zeros = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<1_000).count { _ in gauge.adding(-1) == 0 } }
            }
            return await group.reduce(0, +)
        }
        #expect(zeros == 1)
    }

    @Test func `a gauge tells its value after each change, and may fall below zero`() {
        let gauge = Gauge()
        #expect(gauge.adding(5) == 5)
        #expect(gauge.adding(-7) == -2)
        #expect(gauge.current == -2)
    }

    @Test func `a reset counter begins again at zero, but was used`() {
        let counter = Counter()
        #expect(!counter.isUsed)
        counter.add(3)
        counter.reset()
        #expect(counter.current == 0)
        #expect(counter.isUsed)
        counter.add()
        #expect(counter.current == 1)
        #expect(counter.total == 4)
    }

    @Test func `no count is lost to a reset among writers`() async {
        let counter = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { for _ in 0..<1_000 { counter.add() } } }
            group.addTask { for _ in 0..<100 { counter.reset() } }
        }
        #expect(counter.total == 4_000)
        #expect(counter.current <= 4_000)
    }

    @Test func `a gauge was used once it was changed, whatever it is now`() {
        let gauge = Gauge()
        #expect(!gauge.isUsed)
        gauge.add(1)
        gauge.add(-1)
        #expect(gauge.isUsed && gauge.current == 0)
        gauge.set(7)
        #expect(gauge.current == 7)
    }
}
