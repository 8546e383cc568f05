// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How values are put together that look alike in two digits.

/// One of the bins that a histogram counts in: all values with the same number of digits and the same first two.
///
/// - Source: the log-linear histograms that Envoy uses, OpenHistogram.
struct HistogramBin: Sendable, Equatable {
    /// 0 is for zero, 1...9 for these, then 90 for every further number of digits.
    let index: Int

    /// The longest values that are told apart have this many digits; longer ones count as the greatest of these.
    static let digits = 12
    static let count = 10 + 90 * (digits - 1)
    static let greatestValue: UInt64 = 999_999_999_999

    init(index: Int) {
        self.index = index
    }

    init(of value: UInt64) {
        var rest = min(value, Self.greatestValue)
        guard rest >= 10 else {
            index = Int(rest)
            return
        }
        var decade = 0
        while rest >= 100 {
            rest /= 10
            decade += 1
        }
        index = 10 + 90 * decade + Int(rest) - 10
    }

    /// The least value in it.
    var low: Double {
        index < 10 ? Double(index) : Double((index - 10) % 90 + 10) * power
    }

    /// Up to where the next begins; one to nine are bins as narrow as those above ten: a tenth.
    var width: Double {
        if index == 0 { return 0 }
        return index < 10 ? 0.1 : power
    }

    private var power: Double {
        var power = 1.0
        for _ in 0..<((index - 10) / 90) { power *= 10 }
        return power
    }
}
