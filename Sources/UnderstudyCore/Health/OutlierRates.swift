// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How many of an endpoint's answers were good, in one interval.

public struct OutlierRates: Sendable, Equatable {
    public struct Rate: Sendable, Equatable {
        public var total: UInt64
        public var successes: UInt64

        public init(total: UInt64 = 0, successes: UInt64 = 0) {
            self.total = total
            self.successes = successes
        }

        /// `nil` if nothing was counted.
        public var percent: Double? { total > 0 ? Double(successes) * 100 / Double(total) : nil }
    }

    public var external: Rate
    public var localOrigin: Rate

    public init(external: Rate = Rate(), localOrigin: Rate = Rate()) {
        self.external = external
        self.localOrigin = localOrigin
    }
}

/// Mean and bound of a cluster's rates in the last interval, in percent.
public struct OutlierAverage: Sendable, Equatable {
    public var mean: Double
    /// Endpoints below are ejected.
    public var threshold: Double

    /// The mean less a multiple of the standard deviation.
    ///
    /// - Parameter factor: `success_rate_stdev_factor`, in thousandths.
    public init?(_ rates: [Double], factor: UInt64) {
        guard !rates.isEmpty else { return nil }
        let count = Double(rates.count)
        let mean = rates.reduce(0, +) / count
        let variance = rates.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        self.mean = mean
        threshold = mean - Double(factor) / 1000 * variance.squareRoot()
    }
}
