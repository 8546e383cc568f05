// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Numbers in Prometheus' format; the forms are measured on Envoy 1.40.

import Testing
import UnderstudyCore

@testable import UnderstudyAdmin

struct StatsPrometheusTests {
    @Test func `metrics are grouped, and sorted level by level`() throws {
        #expect(
            try StatsFixture.lines("filter=_(total|2xx|404|200|active)$", isPrometheus: true) == [
                "# TYPE envoy_cluster_b_upstream_rq counter",
                #"envoy_cluster_b_upstream_rq{envoy_response_code="200",envoy_cluster_name="a"} 3"#,
                #"envoy_cluster_b_upstream_rq{envoy_response_code="404",envoy_cluster_name="a"} 3"#,
                "# TYPE envoy_cluster_b_upstream_rq_total counter",
                #"envoy_cluster_b_upstream_rq_total{envoy_cluster_name="a"} 3"#,
                "# TYPE envoy_cluster_upstream_rq counter",
                #"envoy_cluster_upstream_rq{envoy_response_code="200",envoy_cluster_name="a"} 1"#,
                #"envoy_cluster_upstream_rq{envoy_response_code="404",envoy_cluster_name="a"} 1"#,
                #"envoy_cluster_upstream_rq{envoy_response_code="200",envoy_cluster_name="a-mirror"} 2"#,
                #"envoy_cluster_upstream_rq{envoy_response_code="404",envoy_cluster_name="a-mirror"} 2"#,
                "# TYPE envoy_cluster_upstream_rq_total counter",
                #"envoy_cluster_upstream_rq_total{envoy_cluster_name="a"} 1"#,
                #"envoy_cluster_upstream_rq_total{envoy_cluster_name="a-mirror"} 2"#,
                "# TYPE envoy_http_downstream_rq_total counter",
                #"envoy_http_downstream_rq_total{envoy_http_conn_manager_prefix="in"} 4"#,
                "# TYPE envoy_http_downstream_rq_xx counter",
                #"envoy_http_downstream_rq_xx{envoy_response_code_class="2",envoy_http_conn_manager_prefix="in"} 4"#,
                "# TYPE envoy_cluster_b_upstream_cx_active gauge",
                #"envoy_cluster_b_upstream_cx_active{envoy_cluster_name="a"} 3"#,
                "# TYPE envoy_cluster_upstream_cx_active gauge",
                #"envoy_cluster_upstream_cx_active{envoy_cluster_name="a"} 1"#,
                #"envoy_cluster_upstream_cx_active{envoy_cluster_name="a-mirror"} 2"#,
            ]
        )
    }

    @Test func `a histogram has a bucket for each bound, a sum and a count`() throws {
        let lines = try StatsFixture.lines("filter=init", isPrometheus: true)
        #expect(lines.count == 23)
        #expect(
            lines.prefix(2) == [
                "# TYPE envoy_server_initialization_time_ms histogram",
                #"envoy_server_initialization_time_ms_bucket{le="0.5"} 0"#,
            ]
        )
        #expect(
            lines.suffix(4) == [
                #"envoy_server_initialization_time_ms_bucket{le="3600000"} 1"#,
                #"envoy_server_initialization_time_ms_bucket{le="+Inf"} 1"#,
                "envoy_server_initialization_time_ms_sum{} 18.486486486486488",
                "envoy_server_initialization_time_ms_count{} 1",
            ]
        )
        let labelled = try StatsFixture.lines("filter=a-mirror.upstream_rq_time", isPrometheus: true)
        #expect(labelled.contains(#"envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name="a-mirror",le="1"} 0"#))
    }

    @Test func `a summary tells the last interval`() throws {
        let lines = try StatsFixture.lines("filter=init&histogram_buckets=summary", isPrometheus: true)
        #expect(
            lines.prefix(2) == [
                "# TYPE envoy_server_initialization_time_ms summary",
                #"envoy_server_initialization_time_ms{quantile="0"} nan"#,
            ]
        )
        #expect(lines.last == "envoy_server_initialization_time_ms_count{} 0")
    }

    @Test func `texts are shown on demand, as labels`() throws {
        let without = try StatsFixture.shown("filter=text", isPrometheus: true)
        #expect(without.isEmpty)
        #expect(
            try StatsFixture.lines("filter=text&text_readouts", isPrometheus: true) == [
                "# TYPE envoy_server_version_text gauge",
                #"envoy_server_version_text{text_value="1.0 \"x\""} 1"#,
            ]
        )
    }

    @Test func `unused histograms and gauges can be left out`() throws {
        let lines = try StatsFixture.lines("usedonly", isPrometheus: true)
        #expect(!lines.contains { $0.contains("upstream_rq_time") || $0.contains("_version{") })
        #expect(lines.contains { $0.contains("envoy_server_live{} 1") })
    }

    @Test func `no metric is begun twice among a thousand clusters`() throws {
        let scopes = (0..<1_000).flatMap { number in
            var cluster = StatisticsScope(.cluster("c\(number)"))
            cluster.counter("upstream_rq_\(200 + number % 3)", 1)
            cluster.gauge(number.isMultiple(of: 2) ? "even" : "odd", 1)
            cluster.counter("health_check.attempt", 1)
            var check = StatisticsScope(.healthCheck(cluster: "c\(number)", name: "h"))
            check.counter("attempt", 1)
            return [check, cluster]
        }
        let shown = String(decoding: StatsEndpoints.render(scopes, StatsQuery.prometheus), as: UTF8.self)
        let heads = shown.split(separator: "\n").filter { $0.hasPrefix("#") }
        #expect(
            heads == [
                "# TYPE envoy_cluster_health_check_attempt counter", "# TYPE envoy_cluster_upstream_rq counter",
                "# TYPE envoy_cluster_even gauge", "# TYPE envoy_cluster_odd gauge",
            ]
        )
    }
}

extension StatsQuery {
    fileprivate static var prometheus: StatsQuery {
        var query = StatsQuery()
        query.format = .prometheus
        return query
    }
}
