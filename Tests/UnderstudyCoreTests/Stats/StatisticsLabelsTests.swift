// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Prefixes and labels as Envoy's `/stats` and `/stats/prometheus` show them; recorded from Envoy 1.40.

import Testing
import UnderstudyCore

struct StatisticsLabelsTests {
    struct Case: Sendable {
        var kind: StatisticsScope.Kind
        var prefix: String
        /// The metric without `envoy_` as far as the prefix makes it.
        var metric: String
        var labels: String

        init(_ kind: StatisticsScope.Kind, _ prefix: String, _ metric: String, _ labels: String) {
            self.kind = kind
            self.prefix = prefix
            self.metric = metric
            self.labels = labels
        }
    }

    private static let cases = [
        Case(.cluster("a-mirror"), "cluster.a-mirror.", "cluster_", #"envoy_cluster_name="a-mirror""#),
        Case(.cluster("a:b"), "cluster.a_b.", "cluster_", #"envoy_cluster_name="a_b""#),
        Case(.cluster("a.b"), "cluster.a.b.", "cluster_b_", #"envoy_cluster_name="a""#),
        Case(
            .healthCheck(cluster: "a", name: "h1"),
            "cluster.a.health_check.name.h1.",
            "cluster_health_check_",
            #"envoy_health_check_name="h1",envoy_cluster_name="a""#
        ),
        Case(.connectionManager("second"), "http.second.", "http_", #"envoy_http_conn_manager_prefix="second""#),
        Case(
            .connectionManager("in:gress.http"),
            "http.in_gress.http.",
            "http_http_",
            #"envoy_http_conn_manager_prefix="in_gress""#
        ),
        Case(
            .listener("127.0.0.1:18080"),
            "listener.127.0.0.1_18080.",
            "listener_",
            #"envoy_listener_address="127.0.0.1_18080""#
        ),
        Case(
            .listener("[::1]:18082"),
            "listener.[__1]_18082.",
            "listener_",
            #"envoy_listener_address="[__1]_18082""#
        ),
        Case(.listener("sec.ond"), "listener.sec.ond.", "listener_ond_", #"envoy_listener_address="sec""#),
        Case(.listener("admin"), "listener.admin.", "listener_admin_", ""),
        Case(
            .listenerWorker("127.0.0.1:18080", 1),
            "listener.127.0.0.1_18080.worker_1.",
            "listener_worker_",
            #"envoy_worker_id="1",envoy_listener_address="127.0.0.1_18080""#
        ),
        Case(
            .listenerWorker("sec.ond", 1),
            "listener.sec.ond.worker_1.",
            "listener_ond_worker_1_",
            #"envoy_listener_address="sec""#
        ),
        Case(
            .listenerConnectionManager("127.0.0.1:18080", statPrefix: "ingress"),
            "listener.127.0.0.1_18080.http.ingress.",
            "listener_http_",
            #"envoy_http_conn_manager_prefix="ingress",envoy_listener_address="127.0.0.1_18080""#
        ),
        Case(
            .listenerConnectionManager("admin", statPrefix: "admin"),
            "listener.admin.http.admin.",
            "listener_admin_http_",
            #"envoy_http_conn_manager_prefix="admin""#
        ),
        Case(
            .virtualCluster(virtualHost: "vhone", name: "other"),
            "vhost.vhone.vcluster.other.",
            "vhost_vcluster_",
            #"envoy_virtual_cluster="other",envoy_virtual_host="vhone""#
        ),
        Case(
            .virtualCluster(virtualHost: "vh.one", name: "vc.get"),
            "vhost.vh.one.vcluster.vc.get.",
            "vhost_one_vcluster_vc_get_",
            #"envoy_virtual_host="vh""#
        ),
        Case(
            .route(virtualHost: "vhone", statPrefix: "myroute"),
            "vhost.vhone.route.myroute.",
            "vhost_route_",
            #"envoy_virtual_host="vhone",envoy_route="myroute""#
        ),
        Case(
            .route(virtualHost: "vh.one", statPrefix: "my.route"),
            "vhost.vh.one.route.my.route.",
            "vhost_one_route_my_route_",
            #"envoy_virtual_host="vh""#
        ),
        Case(.worker("server", 0), "server.worker_0.", "server_worker_", #"envoy_worker_id="0""#),
        Case(.part("listener_manager"), "listener_manager.", "listener_manager_", ""),
        Case(
            .mirror(MirrorKey(route: "a.b:c\n", mirror: "m.n")),
            "mirror.a.b_c_.m.n.",
            "mirror_",
            "route=\"a.b:c\n\",mirror=\"m.n\""
        ),
        Case(.part("mirrors"), "mirrors.", "mirrors_", ""),
    ]

    @Test(arguments: cases) func `prefixes and labels are Envoy's`(_ expected: Case) {
        #expect(expected.kind.prefix == expected.prefix)
        let labelled = expected.kind.labelled
        #expect(String(labelled.rest.map { $0 == "." ? "_" : $0 }) == expected.metric)
        #expect(labelled.isOurs == labelled.rest.hasPrefix("mirror"))
        #expect(labelled.labels.map { "\($0.name)=\"\($0.value)\"" }.joined(separator: ",") == expected.labels)
    }

    @Test(arguments: [
        ("upstream_rq_200", "upstream_rq", "envoy_response_code=200"),
        ("external.upstream_rq_503", "external.upstream_rq", "envoy_response_code=503"),
        ("downstream_rq_5xx", "downstream_rq_xx", "envoy_response_code_class=5"),
        ("retry.upstream_rq_2xx", "retry.upstream_rq_xx", "envoy_response_code_class=2"),
        ("upstream_rq_total", "upstream_rq_total", ""),
        ("upstream_rq_0rtt", "upstream_rq_0rtt", ""),
        ("rq_200", "rq_200", ""),
        ("", "", ""),
    ])
    func `response codes at the end of a name become labels`(name: String, rest: String, label: String) {
        let labelled = LabelledName(name)
        #expect(labelled.rest == rest)
        #expect(labelled.label.map { "\($0.name)=\($0.value)" } ?? "" == label)
    }

    @Test(arguments: [
        ("requests", "requests_total", "", 1), ("in_flight", "in_flight", "", 1), ("enabled", "enabled", "", 1),
        ("outcomes.http_error_5xx", "outcomes_total", "outcome=http_error_5xx", 1),
        ("primary_time_ms", "time_seconds", "leg=primary", 1000),
        ("mirror_time_ms", "time_seconds", "leg=mirror", 1000),
    ])
    func `names of a mirror have their label and unit`(name: String, rest: String, label: String, divisor: Double) {
        let labelled = LabelledName(name, in: .mirror(MirrorKey(route: "r", mirror: "m")))
        #expect(labelled.rest == rest)
        #expect(labelled.label.map { "\($0.name)=\($0.value)" } ?? "" == label)
        #expect(labelled.divisor == divisor)
        #expect(LabelledName(name, in: .cluster("c")) == LabelledName(name))
    }

    @Test func `scopes under one name add up`() {
        var one = StatisticsScope(.connectionManager("in"))
        one.counter("downstream_rq_total", 2)
        one.gauge("downstream_rq_active", 0, isUsed: false)
        var other = StatisticsScope(.connectionManager("in"))
        other.gauge("downstream_rq_active", 3)
        other.counter("downstream_rq_total", 5)
        other.counter("downstream_rq_2xx", 1)
        one.add(other)
        #expect(
            one.statistics == [
                Statistic("http.in.downstream_rq_total", 7), Statistic("http.in.downstream_rq_active", 3),
                Statistic("http.in.downstream_rq_2xx", 1),
            ]
        )
        #expect(one.values.allSatisfy { $0.isUsed })
    }
}
