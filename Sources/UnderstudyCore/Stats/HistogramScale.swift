// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How fine a histogram is: what it records is whole, what it tells need not be.

/// What one recorded unit is of those that a histogram tells.
public enum HistogramScale: Sendable, Equatable {
    /// The same; Envoy's histograms.
    case whole
    /// Such as microseconds that are told as milliseconds.
    case thousandths

    /// How many recorded units make one that is told.
    var recorded: Double {
        switch self {
        case .whole: 1
        case .thousandths: 1000
        }
    }

    /// Upper bounds of the buckets, in the units that are told.
    ///
    /// - Source: those of `whole` are Envoy's defaults, which `stats_config.histogram_bucket_settings` would change;
    ///   `thousandths` has three more of them below five, where a close mirror answers.
    public var bounds: [Double] {
        switch self {
        case .whole: Self.wholeBounds
        case .thousandths: Self.fineBounds
        }
    }

    private static let wholeBounds: [Double] = [
        0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
        3_600_000,
    ]
    private static let fineBounds: [Double] = [0.1, 0.25, 0.5, 1, 2.5] + wholeBounds.dropFirst(2)
}
