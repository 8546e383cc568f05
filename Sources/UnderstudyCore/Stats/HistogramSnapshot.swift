// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a histogram had counted at one time, and what can be told of it.

package struct HistogramSnapshot: Sendable, Equatable {
    /// Those that are not empty, in ascending order.
    package private(set) var bins: [Bin] = []

    package struct Bin: Sendable, Equatable {
        let index: UInt16
        package fileprivate(set) var count: UInt64

        /// The least value in it, and how far the next begins above it.
        package var low: Double { HistogramBin(index: Int(index)).low }
        package var width: Double { HistogramBin(index: Int(index)).width }

        init(index: Int, count: UInt64) {
            self.index = UInt16(index)
            self.count = count
        }
    }

    /// - Source: Envoy's list.
    package static let quantiles: [Double] = [0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 1]

    /// Upper bounds.
    ///
    /// - Source: Envoy's defaults, which `stats_config.histogram_bucket_settings` would change.
    package static let bounds: [Double] = [
        0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
        3_600_000,
    ]

    package init() {}

    init(bins: [Bin]) {
        self.bins = bins
    }

    package var isEmpty: Bool { bins.isEmpty }

    /// How many values were recorded.
    package var count: UInt64 { bins.reduce(0) { $0 &+ $1.count } }

    /// Each value counts as the harmonic mean of its bin's ends.
    package var sum: Double {
        bins.reduce(0) { sum, bin in
            let high = bin.low + bin.width
            guard high > 0 else { return sum }
            return sum + 2 * bin.low * high / (bin.low + high) * Double(bin.count)
        }
    }

    /// The values below which the given shares lie; NaN for each if nothing was recorded.
    ///
    /// The values of a bin are taken to lie evenly in it, so that one alone lies in its middle.
    /// - Parameter shares: In ascending order, 0...1.
    package func values(at shares: [Double] = quantiles) -> [Double] {
        guard !bins.isEmpty else { return shares.map { _ in .nan } }
        let total = Double(count)
        var position = 0
        var below = 0.0
        return shares.map { share in
            let rank = share * total
            while position < bins.count - 1, below + Double(bins[position].count) < rank {
                below += Double(bins[position].count)
                position += 1
            }
            let bin = bins[position]
            let place = min(max(1, (rank - below).rounded(.up)), Double(bin.count))
            return bin.low + bin.width * (place / (Double(bin.count) + 1))
        }
    }

    /// How many values lie in bins that begin at or below each bound.
    ///
    /// - Parameter bounds: In ascending order.
    package func counts(upTo bounds: [Double] = bounds) -> [UInt64] {
        var position = 0
        var sum: UInt64 = 0
        return bounds.map { bound in
            while position < bins.count, bins[position].low <= bound {
                sum &+= bins[position].count
                position += 1
            }
            return sum
        }
    }

    package mutating func add(_ other: HistogramSnapshot) {
        guard !other.bins.isEmpty else { return }
        var sums: [Bin] = []
        sums.reserveCapacity(bins.count + other.bins.count)
        var rest = other.bins[...]
        for bin in bins {
            while let next = rest.first, next.index < bin.index { sums.append(rest.removeFirst()) }
            var sum = bin
            if rest.first?.index == bin.index { sum.count &+= rest.removeFirst().count }
            sums.append(sum)
        }
        bins = sums + rest
    }
}

/// A histogram as it is shown: since the start, and in the last interval.
package struct HistogramReading: Sendable, Equatable {
    package var interval = HistogramSnapshot()
    package var cumulative = HistogramSnapshot()

    package init() {}

    /// Was ever recorded to.
    package var isUsed: Bool { !cumulative.isEmpty }

    package mutating func add(_ other: HistogramReading) {
        interval.add(other.interval)
        cumulative.add(other.cumulative)
    }
}
