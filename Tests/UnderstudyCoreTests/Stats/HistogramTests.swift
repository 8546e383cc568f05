// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a histogram tells agrees with what Envoy told of the same values.

import Testing

@testable import UnderstudyCore

struct HistogramTests {
    @Test func `quantiles, buckets and sum are those that Envoy told of the same latencies`() {
        let told = RecordedHistogram.histogram().reading.cumulative
        #expect(told.values() == RecordedHistogram.quantiles)
        #expect(told.counts() == RecordedHistogram.counts)
        #expect(told.count == 260)
        #expect(abs(told.sum - RecordedHistogram.sum) < 1e-9)
    }

    @Test(
        arguments: [
            (0, [0]), (1, [1.05]), (9, [9.05]), (10, [10.5]), (18, [18.5]), (42, [42.5]), (99, [99.5]), (100, [105]),
            (195, [195]), (205, [205]), (1_234, [1_250]),
        ] as [(UInt64, [Double])]
    )
    func `a value alone lies in the middle of its bin`(value: UInt64, middle: [Double]) {
        let histogram = Histogram()
        histogram.record(value)
        histogram.takeInterval()
        #expect(histogram.reading.cumulative.values() == HistogramSnapshot.quantiles.map { _ in middle[0] })
    }

    @Test func `a bound has all values of the bins that begin at or below it`() {
        let histogram = Histogram()
        for value: UInt64 in [43, 255, 256, 290] { histogram.record(value) }
        histogram.takeInterval()
        #expect(histogram.reading.cumulative.counts(upTo: [100, 250, 500]) == [1, 3, 4])
        let values = histogram.reading.cumulative.values(at: [0.25, 0.5, 0.75, 1])
        #expect(values == [43.5, 253.33333333333334, 256.6666666666667, 295])
    }

    @Test func `what was recorded is told after the interval ends, and forgotten by the next interval only`() {
        let histogram = Histogram()
        histogram.record(5)
        #expect(!histogram.reading.isUsed)
        histogram.takeInterval()
        #expect(histogram.reading.interval.count == 1)
        histogram.record(6)
        histogram.record(5)
        histogram.takeInterval()
        #expect(histogram.reading.interval.count == 2)
        #expect(histogram.reading.cumulative.count == 3)
        histogram.takeInterval()
        #expect(histogram.reading.interval.isEmpty)
        #expect(histogram.reading.interval.values().allSatisfy { $0.isNaN })
        #expect(histogram.reading.cumulative.bins.map(\.count) == [2, 1])
    }

    @Test func `microseconds are told as milliseconds`() {
        let histogram = Histogram(.thousandths)
        for value: UInt64 in [90, 1_000, 45_100] { histogram.record(value) }
        histogram.takeInterval()
        let told = histogram.reading.cumulative
        #expect(told.values(at: [0, 0.5, 1]) == [0.0905, 1.05, 45.5])
        #expect(told.counts(upTo: [0.1, 1, 45, 46]) == [1, 2, 3, 3])
        #expect(told.ranges.map(\.low) == [0.09, 1, 45])
        #expect(abs(told.sum - 46.63) < 0.01)
        #expect(told.scale.bounds.prefix(6) == [0.1, 0.25, 0.5, 1, 2.5, 5])
        #expect(told.counts().count == told.scale.bounds.count)
        #expect(told == histogram.current)
    }

    @Test func `a reading without values knows its scale, also after another is added`() {
        let unused = Histogram(.thousandths)
        #expect(unused.reading.scale == .thousandths && unused.current.scale == .thousandths)
        var sum = HistogramReading()
        sum.add(unused.reading)
        #expect(sum.scale == .thousandths)
        #expect(Histogram().reading.scale.bounds.first == 0.5)
    }

    @Test func `every value has a bin that holds it, and no value is too long`() {
        var last = -1
        var value: UInt64 = 0
        while value < 3_000_000_000_000 {
            let bin = HistogramBin(of: value)
            #expect(bin.index >= last && bin.index < HistogramBin.count)
            if value <= HistogramBin.greatestValue {
                #expect(bin.low <= Double(value) && Double(value) < bin.low + max(bin.width, 0.1))
            }
            last = bin.index
            value += max(1, value / 97)
        }
        #expect(HistogramBin(of: .max).index == HistogramBin.count - 1)
    }

    @Test func `memory is bounded by the number of bins`() {
        let histogram = Histogram()
        for index in 0..<HistogramBin.count {
            let low = UInt64(HistogramBin(index: index).low)
            #expect(HistogramBin(of: low).index == index)
            histogram.record(low)
            histogram.record(low)
        }
        for _ in 0..<1_000 { histogram.record(.max) }
        histogram.takeInterval()
        histogram.takeInterval()
        #expect(HistogramBin.count * MemoryLayout<UInt32>.stride <= 8_192)
        #expect(histogram.reading.cumulative.bins.count == HistogramBin.count)
        #expect(MemoryLayout<HistogramSnapshot.Bin>.stride == 16)
    }

    @Test func `no value is lost among writers and intervals`() async {
        let histogram = Histogram()
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask { for value in 0..<2_000 { histogram.record(UInt64(writer * value)) } }
            }
            group.addTask { for _ in 0..<200 { histogram.takeInterval() } }
        }
        histogram.takeInterval()
        #expect(histogram.reading.cumulative.count == 16_000)
    }
}
