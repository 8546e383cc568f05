// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Numbers as JSON.

internal import UnderstudyCore

/// `{"stats":[{"name":...,"value":...},...,{"histograms":...}]}`.
///
/// - Source: measured on Envoy 1.40.
struct StatsJSON {
    private let buckets: StatsQuery.Buckets

    init(_ query: StatsQuery) {
        buckets = query.buckets ?? .none
    }

    func render(_ table: StatsTable) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(table.scopes.reduce(0) { $0 + $1.values.count } * 80)
        out.append("{\"stats\":[")
        var separator = ""
        for phase in [StatsTable.Phase.texts, .numbers] {
            table.forEach(phase) { prefix, value in
                out.append(separator)
                separator = ","
                Self.appendName(prefix, value.name, to: &out)
                out.append(",\"value\":")
                Self.append(value.number, to: &out)
                out.append("}")
            }
        }
        let histograms = histograms(of: table)
        if !histograms.isEmpty {
            out.append(separator)
            out += histograms
        }
        out.append("]}")
        return out
    }

    private static func append(_ number: StatisticsScope.Number, to out: inout [UInt8]) {
        switch number {
        case .counter(let number), .gauge(let number): out.append(number)
        case .text(let text):
            out.append("\"")
            appendEscaped(text, to: &out)
            out.append("\"")
        case .histogram: break
        }
    }

    /// All of them in one object; empty if there is none.
    private func histograms(of table: StatsTable) -> [UInt8] {
        var out: [UInt8] = []
        table.forEach(.histograms) { prefix, value in
            guard case .histogram(let reading) = value.number else { return }
            out.append(out.isEmpty ? head : ",")
            Self.appendName(prefix, value.name, to: &out)
            out.append(member(reading))
        }
        if !out.isEmpty { out.append(buckets == .cumulative || buckets == .disjoint ? "]}" : "]}}") }
        return out
    }

    private var head: String {
        let percents = HistogramSnapshot.quantiles.map { StatsNumber.json($0 * 100) }.joined(separator: ",")
        switch buckets {
        case .none, .summary: return "{\"histograms\":{\"supported_quantiles\":[\(percents)],\"computed_quantiles\":["
        case .cumulative, .disjoint: return "{\"histograms\":["
        case .detailed: return "{\"histograms\":{\"supported_percentiles\":[\(percents)],\"details\":["
        }
    }

    private func member(_ reading: HistogramReading) -> String {
        switch buckets {
        case .none, .summary: ",\"values\":\(Self.values(reading))}"
        case .cumulative: ",\"buckets\":\(Self.buckets(reading) { $0 })}"
        case .disjoint: ",\"buckets\":\(Self.buckets(reading, StatsText.differences))}"
        case .detailed:
            ",\"totals\":\(Self.bins(reading.cumulative)),\"intervals\":\(Self.bins(reading.interval))"
                + ",\"percentiles\":\(Self.values(reading))}"
        }
    }

    private static func values(_ reading: HistogramReading) -> String {
        let values = zip(reading.cumulative.values(), reading.interval.values())
            .map { "{\"cumulative\":\(StatsNumber.json($0)),\"interval\":\(StatsNumber.json($1))}" }
        return "[\(values.joined(separator: ","))]"
    }

    private static func buckets(_ reading: HistogramReading, _ view: ([UInt64]) -> [UInt64]) -> String {
        let counts = zip(view(reading.interval.counts()), view(reading.cumulative.counts()))
        let buckets = zip(reading.scale.bounds, counts).map { bound, counts in
            "{\"upper_bound\":\(StatsNumber.json(bound)),\"interval\":\(counts.0),\"cumulative\":\(counts.1)}"
        }
        return "[\(buckets.joined(separator: ","))]"
    }

    private static func bins(_ snapshot: HistogramSnapshot) -> String {
        let bins = snapshot.ranges.map { bin in
            let (low, width) = (StatsNumber.json(bin.low), StatsNumber.json(bin.width))
            return "{\"lower_bound\":\(low),\"width\":\(width),\"count\":\(bin.count)}"
        }
        return "[\(bins.joined(separator: ","))]"
    }

    /// Begins an object.
    private static func appendName(_ prefix: String, _ name: String, to out: inout [UInt8]) {
        out.append("{\"name\":\"")
        appendEscaped(prefix, to: &out)
        appendEscaped(name, to: &out)
        out.append("\"")
    }

    private static func appendEscaped(_ text: String, to out: inout [UInt8]) {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C }) else { return out.append(text) }
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x5C: out += [0x5C, byte]
            case 0x0A: out.append("\\n")
            case 0x0D: out.append("\\r")
            case 0x09: out.append("\\t")
            case 0..<0x20: out.append("\\u00\(byte < 0x10 ? "0" : "1")\(String(byte & 0xF, radix: 16))")
            default: out.append(byte)
            }
        }
    }
}
