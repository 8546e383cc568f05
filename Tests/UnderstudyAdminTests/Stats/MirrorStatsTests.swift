// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The books in `/stats` and for Prometheus, under names that are ours.

import Testing
import UnderstudyCore

@testable import UnderstudyAdmin

struct MirrorStatsTests {
    private static func book(_ route: String, _ mirror: String, ok: UInt64) -> StatisticsScope {
        var scope = StatisticsScope(.mirror(MirrorKey(route: route, mirror: mirror)))
        scope.counter("requests", ok + 2)
        scope.gauge("in_flight", 2)
        scope.counter("outcomes.ok", ok)
        scope.counter("outcomes.cut_slow", 0)
        let primary = Histogram(.thousandths)
        for value: UInt64 in [90, 240, 1_000, 2_400] { primary.record(value) }
        primary.takeInterval()
        scope.histogram("primary_time_ms", primary)
        scope.histogram("mirror_time_ms", Histogram(.thousandths))
        return scope
    }

    private static func shown(_ scopes: [StatisticsScope], _ query: String, isPrometheus: Bool) throws -> [String] {
        let query = try StatsQuery(QueryParameters(query), isPrometheus: isPrometheus)
        let text = String(decoding: StatsEndpoints.render(scopes, query), as: UTF8.self)
        return text.split(separator: "\n").map(String.init)
    }

    @Test func `text has the names of the hierarchy`() throws {
        let lines = try Self.shown([Self.book("shop", "next", ok: 3)], "type=All", isPrometheus: false)
        #expect(
            lines.prefix(5) == [
                "mirror.shop.next.in_flight: 2", "mirror.shop.next.outcomes.cut_slow: 0",
                "mirror.shop.next.outcomes.ok: 3", "mirror.shop.next.requests: 5",
                "mirror.shop.next.mirror_time_ms: No recorded values",
            ]
        )
        #expect(
            lines.last?.hasPrefix("mirror.shop.next.primary_time_ms: P0(0.0905,0.0905) P25(0.0905,0.0905) P50(0.245,")
                == true
        )
    }

    @Test func `metrics are ours, with outcome and leg as labels`() throws {
        var total = StatisticsScope(.part("mirrors"))
        total.gauge("copies_max", 4096)
        let scopes = [Self.book("shop", "next", ok: 3), Self.book("rest[0]", "", ok: 0), total]
        #expect(
            try Self.shown(scopes, "filter=(requests|flight|outcomes|max)", isPrometheus: true) == [
                "# TYPE understudy_mirror_outcomes_total counter",
                #"understudy_mirror_outcomes_total{route="rest[0]",mirror="",outcome="cut_slow"} 0"#,
                #"understudy_mirror_outcomes_total{route="rest[0]",mirror="",outcome="ok"} 0"#,
                #"understudy_mirror_outcomes_total{route="shop",mirror="next",outcome="cut_slow"} 0"#,
                #"understudy_mirror_outcomes_total{route="shop",mirror="next",outcome="ok"} 3"#,
                "# TYPE understudy_mirror_requests_total counter",
                #"understudy_mirror_requests_total{route="rest[0]",mirror=""} 2"#,
                #"understudy_mirror_requests_total{route="shop",mirror="next"} 5"#,
                "# TYPE understudy_mirror_in_flight gauge",
                #"understudy_mirror_in_flight{route="rest[0]",mirror=""} 2"#,
                #"understudy_mirror_in_flight{route="shop",mirror="next"} 2"#,
                "# TYPE understudy_mirrors_copies_max gauge",
                "understudy_mirrors_copies_max{} 4096",
            ]
        )
    }

    @Test func `both legs are in one family, in seconds and with the same buckets`() throws {
        let lines = try Self.shown([Self.book("r", "m", ok: 3)], "filter=time", isPrometheus: true)
        let name = "understudy_mirror_time_seconds"
        #expect(lines.filter { $0.hasPrefix("#") } == ["# TYPE \(name) histogram"])
        let labels = #"route="r",mirror="m",leg="primary""#
        let primary = lines.filter { $0.contains(labels) }
        #expect(
            primary.prefix(6) == [
                "\(name)_bucket{\(labels),le=\"0.0001\"} 1", "\(name)_bucket{\(labels),le=\"0.00025\"} 2",
                "\(name)_bucket{\(labels),le=\"0.0005\"} 2", "\(name)_bucket{\(labels),le=\"0.001\"} 3",
                "\(name)_bucket{\(labels),le=\"0.0025\"} 4", "\(name)_bucket{\(labels),le=\"0.005\"} 4",
            ]
        )
        #expect(primary.last == "\(name)_count{\(labels)} 4")
        let sum = try #require(primary.first { $0.hasPrefix("\(name)_sum") }?.split(separator: " ").last)
        let seconds = try #require(Double(sum))
        #expect(abs(seconds - 0.00383) < 0.00005)
        let bounds = { (leg: String) in
            lines.filter { $0.contains("leg=\"\(leg)\",le=") }.compactMap {
                $0.split(separator: "le=").last?.split(separator: "}").first
            }
        }
        #expect(bounds("mirror") == bounds("primary"))
        #expect(bounds("primary").last == "\"+Inf\"")
    }

    @Test func `a summary is in seconds, too`() throws {
        let lines = try Self.shown(
            [Self.book("r", "m", ok: 3)],
            "filter=primary_time&histogram_buckets=summary",
            isPrometheus: true
        )
        #expect(lines[0] == "# TYPE understudy_mirror_time_seconds summary")
        #expect(
            lines[1].hasPrefix(#"understudy_mirror_time_seconds{route="r",mirror="m",leg="primary",quantile="0"} "#)
        )
        let least = try #require(lines[1].split(separator: " ").last.flatMap { Double($0) })
        #expect(abs(least - 0.0000905) < 1e-9)
    }

    @Test func `names of routes are escaped in labels and break no line of text`() throws {
        let book = Self.book("a\"b\\c\nd: e\u{7F}", "m", ok: 1)
        #expect(
            try Self.shown([book], "filter=requests", isPrometheus: true).last
                == #"understudy_mirror_requests_total{route="a\"b\\c\nd: e"# + "\u{7F}" + #"",mirror="m"} 3"#
        )
        #expect(
            try Self.shown([book], "filter=requests", isPrometheus: false) == [#"mirror.a"b\c_d_ e_.m.requests: 3"#]
        )
    }

    @Test func `mirrors whose names look alike in text stay apart for Prometheus`() throws {
        let books = [Self.book("a.b", "c", ok: 1), Self.book("a", "b.c", ok: 2)]
        #expect(
            try Self.shown(books, "filter=requests", isPrometheus: true) == [
                "# TYPE understudy_mirror_requests_total counter",
                #"understudy_mirror_requests_total{route="a",mirror="b.c"} 4"#,
                #"understudy_mirror_requests_total{route="a.b",mirror="c"} 3"#,
            ]
        )
        #expect(try Self.shown(books, "filter=requests", isPrometheus: false) == ["mirror.a.b.c.requests: 7"])
    }

    @Test func `what never was can be left out`() throws {
        let books = [Self.book("r", "m", ok: 1)]
        let lines = try Self.shown(books, "usedonly", isPrometheus: true)
        #expect(!lines.contains { $0.contains("cut_slow") || $0.contains("leg=\"mirror\"") })
        #expect(try Self.shown(books, "type=Counters&usedonly", isPrometheus: false).count == 2)
    }

    @Test func `buckets are in milliseconds in text and JSON`() throws {
        let books = [Self.book("r", "m", ok: 1)]
        let text = try Self.shown(books, "filter=primary&histogram_buckets=cumulative", isPrometheus: false)
        #expect(
            text.first?.hasPrefix("mirror.r.m.primary_time_ms: B0.1(1,1) B0.25(2,2) B0.5(2,2) B1(3,3) B2.5(4,4)")
                == true
        )
        let detailed = try Self.shown(books, "filter=primary&histogram_buckets=detailed", isPrometheus: false)
        #expect(detailed[1] == "  totals=0.09,0.001:1, 0.24,0.01:1, 1,0.1:1, 2.4,0.1:1")
        let json = try Self.shown(books, "format=json&filter=primary&histogram_buckets=cumulative", isPrometheus: false)
        #expect(json.joined().contains(#"{"upper_bound":0.25,"interval":2,"cumulative":2}"#))
    }
}
