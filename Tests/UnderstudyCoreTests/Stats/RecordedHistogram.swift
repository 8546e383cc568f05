// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Latencies that Envoy 1.40 counted, and what it told of them.

import UnderstudyCore

enum RecordedHistogram {
    /// The least value of each bin, and how many values it had.
    ///
    /// - Source: `histogram_buckets=detailed`.
    static let bins: [(low: UInt64, count: Int)] = [
        (0, 12), (1, 5), (2, 3), (3, 2), (4, 3), (5, 3), (6, 5), (7, 2), (8, 3), (9, 2), (10, 2), (11, 2), (12, 2),
        (17, 1), (19, 1), (22, 1), (40, 1), (41, 7), (42, 9), (43, 10), (44, 10), (45, 10), (46, 8), (47, 6),
        (48, 5), (49, 4), (50, 3), (51, 2), (52, 4), (53, 4), (54, 4), (55, 2), (57, 1), (59, 1), (60, 1), (63, 2),
        (64, 1), (65, 1), (66, 2), (68, 2), (69, 3), (70, 3), (71, 1), (72, 1), (73, 2), (74, 1), (82, 3), (84, 3),
        (85, 1), (87, 1), (88, 1), (89, 1), (91, 1), (94, 2), (95, 1), (96, 2), (97, 1), (98, 1), (99, 2), (100, 5),
        (110, 6), (120, 2), (130, 8), (140, 5), (160, 1), (210, 1), (220, 1), (230, 1), (240, 1), (250, 1), (370, 2),
        (390, 1), (410, 2), (430, 1), (480, 3), (490, 1), (510, 1), (530, 1), (580, 1), (610, 2), (660, 1), (670, 1),
        (680, 1), (700, 2), (740, 1), (760, 1), (800, 3), (820, 1), (850, 1), (880, 1), (890, 1), (910, 1), (980, 2),
        (1000, 4), (1300, 2), (1400, 2), (1600, 1), (1800, 1), (1900, 1), (2000, 2), (2300, 1), (2400, 2),
    ]

    /// - Source: the summary in the same answer.
    static let quantiles = [
        0, 42.8, 53.4, 132.22222222222223, 765, 1060, 2350, 2433.3333333333335, 2466.6666666666665,
        2466.6666666666665,
    ]

    /// - Source: `histogram_buckets=cumulative`.
    static let counts: [UInt64] = [
        12, 17, 28, 42, 49, 122, 185, 212, 222, 248, 260, 260, 260, 260, 260, 260, 260, 260, 260,
    ]

    /// - Source: `_sum` in `/stats/prometheus`.
    static let sum = 59824.962821403874841053038835526

    static func histogram() -> Histogram {
        let histogram = Histogram()
        for bin in bins { for _ in 0..<bin.count { histogram.record(bin.low) } }
        histogram.takeInterval()
        return histogram
    }
}
