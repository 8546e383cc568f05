// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a histogram tells at any moment, with the interval under way.

import Testing
import UnderstudyCore

struct HistogramCurrentTests {
    @Test func `nothing was recorded`() {
        #expect(Histogram().current == HistogramSnapshot())
    }

    @Test func `a value is told at once, and told again by its interval`() {
        let histogram = Histogram()
        histogram.record(5)
        #expect(histogram.current.count == 1)
        #expect(histogram.current.count == 1)
        #expect(histogram.reading.cumulative.isEmpty)
        histogram.record(6)
        histogram.takeInterval()
        #expect(histogram.reading.interval.count == 2)
        #expect(histogram.reading.cumulative.count == 2)
        #expect(histogram.current == histogram.reading.cumulative)
    }

    @Test func `looking early changes no interval`() {
        let looked = Histogram()
        let plain = Histogram()
        for value: UInt64 in [1, 20, 300, 4_000] {
            for histogram in [looked, plain] { histogram.record(value) }
            _ = looked.current
            if value == 20 { for histogram in [looked, plain] { histogram.takeInterval() } }
        }
        #expect(looked.reading == plain.reading)
        for histogram in [looked, plain] { histogram.takeInterval() }
        #expect(looked.reading == plain.reading)
        for histogram in [looked, plain] { histogram.takeInterval() }
        #expect(looked.reading.interval.isEmpty)
        #expect(looked.current.count == 4)
    }

    @Test func `no value is lost among writers, intervals and lookers, and numbers only grow`() async {
        let histogram = Histogram()
        let backwards = await withTaskGroup(of: Int.self) { tasks in
            for writer in 0..<4 {
                tasks.addTask {
                    for value in 0..<4_000 { histogram.record(UInt64(writer * value)) }
                    return 0
                }
            }
            tasks.addTask {
                for _ in 0..<200 { histogram.takeInterval() }
                return 0
            }
            tasks.addTask {
                var last: UInt64 = 0
                var backwards = 0
                for _ in 0..<200 {
                    let count = histogram.current.count
                    if count < last { backwards += 1 }
                    last = count
                }
                return backwards
            }
            return await tasks.reduce(0, +)
        }
        #expect(backwards == 0)
        #expect(histogram.current.count == 16_000)
        histogram.takeInterval()
        #expect(histogram.reading.cumulative.count == 16_000)
    }
}
