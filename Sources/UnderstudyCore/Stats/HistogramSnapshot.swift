// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a histogram had counted at one time, and what can be told of it.

public struct HistogramSnapshot: Sendable, Equatable {
    /// Those that are not empty, in ascending order.
    private(set) var bins: [Bin] = []
    public private(set) var scale: HistogramScale

    /// In recorded units.
    struct Bin: Sendable, Equatable {
        let index: UInt16
        fileprivate(set) var count: UInt64

        var low: Double { HistogramBin(index: Int(index)).low }
        var width: Double { HistogramBin(index: Int(index)).width }

        init(index: Int, count: UInt64) {
            self.index = UInt16(index)
            self.count = count
        }
    }

    /// - Source: Envoy's list.
    public static let quantiles: [Double] = [0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 1]

    public init(_ scale: HistogramScale = .whole) {
        self.scale = scale
    }

    init(_ scale: HistogramScale = .whole, bins: [Bin]) {
        self.scale = scale
        self.bins = bins
    }

    public var isEmpty: Bool { bins.isEmpty }

    /// How many values were recorded.
    public var count: UInt64 { bins.reduce(0) { $0 &+ $1.count } }

    /// Each value counts as the harmonic mean of its bin's ends.
    public var sum: Double {
        let sum = bins.reduce(0.0) { sum, bin in
            let high = bin.low + bin.width
            guard high > 0 else { return sum }
            return sum + 2 * bin.low * high / (bin.low + high) * Double(bin.count)
        }
        return sum / scale.recorded
    }

    /// The bins with the least value in each, how far the next begins above it, and how many values it has.
    public var ranges: [(low: Double, width: Double, count: UInt64)] {
        bins.map { ($0.low / scale.recorded, $0.width / scale.recorded, $0.count) }
    }

    /// The values below which the given shares lie; NaN for each if nothing was recorded.
    ///
    /// The values of a bin are taken to lie evenly in it, so that one alone lies in its middle.
    /// - Parameter shares: In ascending order, 0...1.
    public func values(at shares: [Double] = quantiles) -> [Double] {
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
            return (bin.low + bin.width * (place / (Double(bin.count) + 1))) / scale.recorded
        }
    }

    /// How many values lie in bins that begin at or below each bound.
    ///
    /// - Parameter bounds: In ascending order; unless given, those of the scale.
    public func counts(upTo bounds: [Double]? = nil) -> [UInt64] {
        var position = 0
        var sum: UInt64 = 0
        return (bounds ?? scale.bounds).map { bound in
            while position < bins.count, bins[position].low / scale.recorded <= bound {
                sum &+= bins[position].count
                position += 1
            }
            return sum
        }
    }

    /// - Parameter other: Of the same scale; an empty one takes on that of the other.
    public mutating func add(_ other: HistogramSnapshot) {
        if bins.isEmpty { scale = other.scale }
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
public struct HistogramReading: Sendable, Equatable {
    public var interval: HistogramSnapshot
    public var cumulative: HistogramSnapshot

    public init(_ scale: HistogramScale = .whole) {
        interval = HistogramSnapshot(scale)
        cumulative = HistogramSnapshot(scale)
    }

    public var scale: HistogramScale { cumulative.scale }

    /// Was ever recorded to.
    public var isUsed: Bool { !cumulative.isEmpty }

    public mutating func add(_ other: HistogramReading) {
        interval.add(other.interval)
        cumulative.add(other.cumulative)
    }
}
