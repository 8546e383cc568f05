// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Numbers in Prometheus' text format.

internal import UnderstudyCore

/// Counters, gauges, texts and histograms, each sorted by metric, and within one by Envoy's name.
///
/// - Source: measured on Envoy 1.40.
struct StatsPrometheus {
    private let query: StatsQuery

    init(_ query: StatsQuery) {
        self.query = query
    }

    func render(_ table: StatsTable) -> [UInt8] {
        var families = StatsFamilies()
        for scope in table.scopes { families.add(scope) }
        var out: [UInt8] = []
        out.reserveCapacity(table.scopes.reduce(0) { $0 + $1.values.count } * 100)
        for kind in StatsFamilies.Kind.allCases where kind != .text || query.withTexts {
            for family in families.sorted(kind) { append(family, kind, to: &out) }
        }
        return out
    }

    private func append(_ family: StatsFamilies.Family, _ kind: StatsFamilies.Kind, to out: inout [UInt8]) {
        out.append("# TYPE ")
        out += family.metric
        switch kind {
        case .counter: out.append(" counter\n")
        case .gauge, .text: out.append(" gauge\n")
        case .histogram: out.append(query.buckets == .summary ? " summary\n" : " histogram\n")
        }
        for member in family.sortedMembers {
            switch member.value.number {
            case .counter(let number), .gauge(let number):
                Self.begin(family, "", member.labels, to: &out)
                out.append(number)
                out.append("\n")
            case .text(let text):
                let label = StatsFamilies.rendered([StatisticsLabel("text_value", text)])
                Self.begin(family, "", Self.joined(member.labels, label), to: &out)
                out.append("1\n")
            case .histogram(let reading):
                append(reading, of: family, member.labels, to: &out)
            }
        }
    }

    private func append(
        _ reading: HistogramReading,
        of family: StatsFamilies.Family,
        _ labels: String,
        to out: inout [UInt8]
    ) {
        let shown = query.buckets == .summary ? reading.interval : reading.cumulative
        let count = shown.count
        if query.buckets == .summary {
            for (share, value) in zip(HistogramSnapshot.quantiles, shown.values()) {
                Self.begin(family, "", Self.joined(labels, "quantile=\"\(StatsNumber.plain(share))\""), to: &out)
                out.append("\(StatsNumber.plain(value / family.divisor))\n")
            }
        } else {
            for (bound, count) in zip(shown.scale.bounds, shown.counts()) {
                let bound = StatsNumber.plain(bound / family.divisor)
                Self.begin(family, "_bucket", Self.joined(labels, "le=\"\(bound)\""), to: &out)
                out.append("\(count)\n")
            }
            Self.begin(family, "_bucket", Self.joined(labels, "le=\"+Inf\""), to: &out)
            out.append("\(count)\n")
        }
        Self.begin(family, "_sum", labels, to: &out)
        out.append("\(StatsNumber.plain(shown.sum / family.divisor))\n")
        Self.begin(family, "_count", labels, to: &out)
        out.append("\(count)\n")
    }

    private static func begin(
        _ family: StatsFamilies.Family,
        _ suffix: String,
        _ labels: String,
        to out: inout [UInt8]
    ) {
        out += family.metric
        out.append(suffix)
        out.append("{")
        out.append(labels)
        out.append("} ")
    }

    private static func joined(_ left: String, _ right: String) -> String {
        left.isEmpty ? right : "\(left),\(right)"
    }
}
