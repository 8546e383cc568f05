// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a histogram had counted at one time.

package struct HistogramSnapshot: Sendable, Equatable {
    /// Those that are not empty, in ascending order.
    private(set) var bins: [Bin] = []

    struct Bin: Sendable, Equatable {
        var index: UInt16
        var count: UInt64

        var range: HistogramBin { HistogramBin(index: Int(index)) }
    }

    package init() {}

    init(bins: [Bin]) {
        self.bins = bins
    }

    /// How many values were recorded.
    package var count: UInt64 { bins.reduce(0) { $0 + $1.count } }

    mutating func add(_ other: HistogramSnapshot) {
        guard !other.bins.isEmpty else { return }
        var sums: [Bin] = []
        sums.reserveCapacity(bins.count + other.bins.count)
        var rest = other.bins[...]
        for bin in bins {
            while let next = rest.first, next.index < bin.index { sums.append(rest.removeFirst()) }
            var sum = bin
            if rest.first?.index == bin.index { sum.count += rest.removeFirst().count }
            sums.append(sum)
        }
        sums += rest
        bins = sums
    }
}
