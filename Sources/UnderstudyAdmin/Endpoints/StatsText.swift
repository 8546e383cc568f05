// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Numbers as lines of text.

internal import UnderstudyCore

/// `name: value`, a line each: texts, then counters and gauges together, then histograms.
///
/// - Source: measured on Envoy 1.40.
struct StatsText {
    private let buckets: StatsQuery.Buckets

    init(_ query: StatsQuery) {
        buckets = query.buckets ?? .none
    }

    func render(_ table: StatsTable) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(table.scopes.reduce(0) { $0 + $1.values.count } * 64)
        for phase in StatsTable.Phase.allCases {
            table.forEach(phase) { prefix, value in
                out.append(prefix)
                out.append(value.name)
                out.append(": ")
                append(value.number, to: &out)
                out.append("\n")
            }
        }
        return out
    }

    private func append(_ number: StatisticsScope.Number, to out: inout [UInt8]) {
        switch number {
        case .counter(let number), .gauge(let number): out.append(number)
        case .text(let text): out.append("\"\(text)\"")
        case .histogram(let reading) where !reading.isUsed: out.append("No recorded values")
        case .histogram(let reading):
            switch buckets {
            case .none, .summary: out.append(Self.summary(reading))
            case .cumulative: out.append(Self.buckets(reading) { $0 })
            case .disjoint: out.append(Self.buckets(reading, Self.differences))
            case .detailed:
                out.removeLast()
                out.append("\n  totals=\(Self.bins(reading.cumulative))")
                out.append("\n  intervals=\(Self.bins(reading.interval))")
                out.append("\n  summary=\(Self.summary(reading))")
            }
        }
    }

    private static func summary(_ reading: HistogramReading) -> String {
        zip(HistogramSnapshot.quantiles, zip(reading.interval.values(), reading.cumulative.values()))
            .map { share, values in
                let (interval, cumulative) = (StatsNumber.plain(values.0), StatsNumber.plain(values.1))
                return "P\(StatsNumber.plain(share * 100))(\(interval),\(cumulative))"
            }
            .joined(separator: " ")
    }

    private static func buckets(_ reading: HistogramReading, _ view: ([UInt64]) -> [UInt64]) -> String {
        let counts = zip(view(reading.interval.counts()), view(reading.cumulative.counts()))
        return zip(reading.scale.bounds, counts)
            .map { "B\(StatsNumber.general($0))(\($1.0),\($1.1))" }
            .joined(separator: " ")
    }

    private static func bins(_ snapshot: HistogramSnapshot) -> String {
        snapshot.ranges
            .map { "\(StatsNumber.general($0.low)),\(StatsNumber.general($0.width)):\($0.count)" }
            .joined(separator: ", ")
    }

    /// What each bucket has beyond the one before.
    static func differences(_ counts: [UInt64]) -> [UInt64] {
        // Safe: counts ascend.
        zip(counts, [0] + counts).map { $0 &- $1 }
    }
}
