// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which numbers are asked for, and in which form.

internal import UnderstudyCore

/// The parameters of `/stats` and `/stats/prometheus`.
///
/// - Source: Envoy's admin server; texts measured on 1.40. Unlike there, unknown parameters are refused.
struct StatsQuery: Sendable, Equatable {
    enum Format: String, Sendable { case text, json, prometheus }

    enum Buckets: String, Sendable { case none, cumulative, disjoint, detailed, summary }

    enum Kind: String, Sendable, CaseIterable {
        case all = "All"
        case counters = "Counters"
        case gauges = "Gauges"
        case histograms = "Histograms"
        case textReadouts = "TextReadouts"
    }

    var format = Format.text
    var kind = Kind.all
    var onlyUsed = false
    var filter: RegexPattern?
    /// `nil` if not given.
    var buckets: Buckets?
    /// Prometheus only: also texts, as gauges whose label holds the text.
    var withTexts = false

    /// The answer is 400.
    struct Refusal: Error, Equatable {
        var text: String
    }

    static let parameters = [
        "filter", "format", "hidden", "histogram_buckets", "pretty", "text_readouts", "type", "usedonly",
    ]
    static let prometheusParameters = ["filter", "histogram_buckets", "text_readouts", "usedonly"]

    init() {}

    init(_ query: QueryParameters, isPrometheus: Bool) throws(Refusal) {
        if isPrometheus { format = .prometheus }
        let known = isPrometheus ? Self.prometheusParameters : Self.parameters
        for parameter in query.all {
            guard known.contains(parameter.name) else {
                let names = known.joined(separator: ", ")
                throw Refusal(text: "unknown parameter '\(parameter.name)'; accepted: \(names)\n")
            }
            try take(parameter)
        }
        try check()
    }

    private mutating func take(_ parameter: QueryParameters.Parameter) throws(Refusal) {
        switch parameter.name {
        case "usedonly": onlyUsed = true
        case "text_readouts": withTexts = true
        case "filter":
            do throws(RegexPattern.Invalid) {
                filter = try RegexPattern(parameter.value)
            } catch {
                throw Refusal(text: "Invalid re2 regex: \(error.reason)")
            }
        case "format":
            guard let format = Format(rawValue: parameter.value) else {
                throw Refusal(text: "usage: /stats?format=(json|prometheus|text)\n\n")
            }
            self.format = format
        case "histogram_buckets":
            guard let buckets = Buckets(rawValue: parameter.value) else {
                throw Refusal(text: "usage: /stats?histogram_buckets=(cumulative|disjoint|detailed|summary)\n")
            }
            self.buckets = buckets
        case "type":
            guard let kind = Kind(rawValue: parameter.value) else {
                throw Refusal(text: "invalid &type= param")
            }
            self.kind = kind
        case "hidden":
            guard ["include", "only", "exclude"].contains(parameter.value) else {
                throw Refusal(text: "usage: /stats?hidden=(include|only|exclude)\n\n")
            }
        default: break
        }
    }

    private func check() throws(Refusal) {
        guard format == .prometheus else { return }
        switch buckets {
        case .disjoint, .detailed: throw Refusal(text: "unsupported prometheus histogram bucket mode")
        default: return
        }
    }
}
