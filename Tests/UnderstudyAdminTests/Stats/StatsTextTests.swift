// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Numbers as lines; the forms are measured on Envoy 1.40.

import Testing
import UnderstudyCore

@testable import UnderstudyAdmin

struct StatsTextTests {
    @Test func `texts come first, then counters and gauges together, then histograms, each sorted by name`() throws {
        #expect(
            try StatsFixture.lines("") == [
                #"server.version_text: "1.0 "x"""#,
                "cluster.a-mirror.bind_errors: 0", "cluster.a-mirror.upstream_cx_active: 2",
                "cluster.a-mirror.upstream_rq_200: 2", "cluster.a-mirror.upstream_rq_404: 2",
                "cluster.a-mirror.upstream_rq_total: 2", "cluster.a-mirror.version: 0",
                "cluster.a.b.bind_errors: 0", "cluster.a.b.upstream_cx_active: 3",
                "cluster.a.b.upstream_rq_200: 3", "cluster.a.b.upstream_rq_404: 3",
                "cluster.a.b.upstream_rq_total: 3", "cluster.a.b.version: 0",
                "cluster.a.bind_errors: 0", "cluster.a.upstream_cx_active: 1",
                "cluster.a.upstream_rq_200: 1", "cluster.a.upstream_rq_404: 1",
                "cluster.a.upstream_rq_total: 1", "cluster.a.version: 0",
                "http.in.downstream_rq_2xx: 4", "http.in.downstream_rq_total: 4", "server.live: 1",
                "cluster.a-mirror.upstream_rq_time: No recorded values",
                "cluster.a.b.upstream_rq_time: No recorded values", "cluster.a.upstream_rq_time: No recorded values",
                "server.initialization_time_ms: " + Self.summary,
            ]
        )
    }

    private static let summary = """
        P0(nan,18.5) P25(nan,18.5) P50(nan,18.5) P75(nan,18.5) P90(nan,18.5) P95(nan,18.5) P99(nan,18.5) \
        P99.5(nan,18.5) P99.9(nan,18.5) P100(nan,18.5)
        """

    @Test(arguments: [
        ("filter=^server\\.live$", ["server.live: 1"]),
        ("filter=SERVER", []),
        ("type=Gauges&filter=cluster.a.u", ["cluster.a.upstream_cx_active: 1"]),
        ("type=Counters&filter=http", ["http.in.downstream_rq_2xx: 4", "http.in.downstream_rq_total: 4"]),
        ("type=TextReadouts", [#"server.version_text: "1.0 "x"""#]),
        ("usedonly&filter=cluster.a.(v|bi|upstream_rq_t)", ["cluster.a.upstream_rq_total: 1"]),
        ("usedonly=false&type=Histograms", ["server.initialization_time_ms: " + summary]),
        ("histogram_buckets=summary&filter=init", ["server.initialization_time_ms: " + summary]),
    ])
    func `only what is asked for is shown`(query: String, lines: [String]) throws {
        #expect(try StatsFixture.lines(query) == lines)
    }

    @Test func `buckets are shown in Envoy's three forms`() throws {
        let cumulative = try StatsFixture.shown("filter=init&histogram_buckets=cumulative")
        #expect(
            cumulative == """
                server.initialization_time_ms: B0.5(0,0) B1(0,0) B5(0,0) B10(0,0) B25(0,1) B50(0,1) B100(0,1) \
                B250(0,1) B500(0,1) B1000(0,1) B2500(0,1) B5000(0,1) B10000(0,1) B30000(0,1) B60000(0,1) \
                B300000(0,1) B600000(0,1) B1.8e+06(0,1) B3.6e+06(0,1)

                """
        )
        let disjoint = try StatsFixture.shown("filter=init&histogram_buckets=disjoint")
        #expect(disjoint.contains("B10(0,0) B25(0,1) B50(0,0)"))
        let detailed = try StatsFixture.shown("filter=init&histogram_buckets=detailed")
        #expect(
            detailed == "server.initialization_time_ms:\n  totals=18,1:1\n  intervals=\n  summary=\(Self.summary)\n"
        )
    }

    @Test(arguments: [
        (0.0, "0", "0", "0"), (46.333333333333336, "46.333333333333336", "46.333333333333336", "46.333333333333336"),
        (30_000, "30000", "30000", "30000"), (300_000, "300000", "3e+05", "300000"),
        (1_800_000, "1800000", "1800000", "1.8e+06"), (1_000_000, "1000000", "1e+06", "1e+06"),
        (0.1, "0.1", "0.1", "0.1"), (.nan, "nan", "null", "nan"),
    ])
    func `numbers are written as Envoy writes them`(value: Double, plain: String, json: String, general: String) {
        #expect(StatsNumber.plain(value) == plain)
        #expect(StatsNumber.json(value) == json)
        #expect(StatsNumber.general(value) == general)
    }
}
