// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Counters and gauges.

internal import UnderstudyCore
internal import UnderstudyHTTP

struct NumberEndpoints: Sendable {
    let subject: AdminSubject

    private var stats: StatsEndpoints { StatsEndpoints(source: subject.view) }

    var endpoints: [AdminEndpoint] {
        let stats = self.stats
        return [
            AdminEndpoint(
                path: "/stats",
                help: "print server stats",
                parameters: [
                    .init(name: "usedonly", help: "Only include stats that have been written", kind: .flag),
                    .init(name: "filter", help: "Regular expression (RE2) that names have to match"),
                    .init(name: "format", help: "Form of the answer: text, json or prometheus"),
                    .init(name: "type", help: "All, Counters, Gauges, Histograms or TextReadouts", isOffered: false),
                    .init(name: "histogram_buckets", help: "none, cumulative, disjoint, detailed or summary"),
                    .init(name: "hidden", help: "include, only or exclude; nothing is hidden", isOffered: false),
                    .init(name: "pretty", help: "accepted", kind: .flag, isOffered: false),
                    .init(name: "text_readouts", help: "Prometheus: texts too", kind: .flag, isOffered: false),
                ]
            ) { stats.answer($0.query, isPrometheus: false) },
            AdminEndpoint(
                path: "/stats/prometheus",
                help: "print server stats in prometheus format",
                parameters: [
                    .init(name: "usedonly", help: "Only include stats that have been written", kind: .flag),
                    .init(name: "text_readouts", help: "Texts as gauges of 0 with a label", kind: .flag),
                    .init(name: "filter", help: "Regular expression (RE2) that names have to match"),
                    .init(name: "histogram_buckets", help: "cumulative or summary", isOffered: false),
                ]
            ) { stats.answer($0.query, isPrometheus: true) },
            AdminEndpoint(path: "/reset_counters", help: "reset all counters to zero", isMutating: true) { _ in
                subject.control.resetCounters()
                return PlainAnswer(body: "OK\n")
            },
        ]
    }
}
