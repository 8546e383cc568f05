// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What health_check filters answer, remember and tell.

import TestSupport
import Testing
import UnderstudyCore

struct HealthCheckRulesTests {
    private static let cluster = "x-envoy-upstream-healthchecked-cluster: mine"
    private static let failing = "x-envoy-immediate-health-check-fail: true"

    private static func filter(_ path: String, passesThrough: Bool = false) -> HealthCheckFilter {
        var filter = HealthCheckFilter(passesThrough: passesThrough)
        filter.headers = [HeaderMatch(name: ":path", rule: .string(StringMatcher(.exact(path))))]
        return filter
    }

    private func rules(_ filters: HealthCheckFilter...) -> HealthCheckRules {
        HealthCheckRules(
            filters,
            serviceCluster: Array("mine".utf8),
            statistics: HealthCheckFilterStatistics(),
            now: 0
        )
    }

    private func decide(
        _ rules: HealthCheckRules,
        _ path: String = "/hc",
        isFailing: Bool = false,
        now: Duration = .zero,
        members: [String: ClusterMembership] = [:]
    ) -> HealthCheckRules.Mark {
        rules.decide(RequestHead("GET \(path)", ["host: h"]), isFailing: isFailing, now: nanoseconds(now)) {
            members[$0]
        }
    }

    private func nanoseconds(_ time: Duration) -> Int64 {
        time.components.seconds * 1_000_000_000 + time.components.attoseconds / 1_000_000_000
    }

    /// The lines of an answer once the filters have seen it.
    private func finish(
        _ rules: HealthCheckRules,
        _ mark: HealthCheckRules.Mark,
        status: Int = 200,
        _ lines: [String] = [],
        isFailing: Bool = false,
        now: Duration = .zero
    ) -> [String] {
        var head = ResponseHead()
        head.status = status
        head.headers = HeaderBlock(lines)
        rules.finish(&head, mark, isFailing: isFailing, now: nanoseconds(now))
        return head.headers.texts
    }

    @Test func `a check is answered, and anything else goes on`() {
        let rules = rules(Self.filter("/hc"))
        let check = decide(rules)
        #expect(check.isHealthCheck)
        #expect(check.reply?.draft.status == 200)
        #expect(check.reply?.draft.details.description == "health_check_ok")
        #expect(finish(rules, check) == [Self.cluster])
        let other = decide(rules, "/other")
        #expect(!other.isHealthCheck)
        #expect(other.reply == nil)
        #expect(finish(rules, other, ["a: b"]) == ["a: b"])
    }

    @Test func `while failing checks get 503 and every answer says so`() {
        let rules = rules(Self.filter("/hc"))
        let check = decide(rules, isFailing: true)
        #expect(check.reply?.draft.status == 503)
        #expect(check.reply?.draft.flag.description == "LH")
        #expect(check.reply?.draft.details.description == "health_check_failed")
        #expect(finish(rules, check, status: 503, isFailing: true) == [Self.cluster, Self.failing])
        let other = decide(rules, "/other", isFailing: true)
        #expect(other.reply == nil)
        #expect(finish(rules, other, isFailing: true) == [Self.failing])
    }

    @Test func `answers pass several filters from the last to the first`() {
        let rules = rules(Self.filter("/hc"), Self.filter("/x"))
        let check = decide(rules, isFailing: true)
        #expect(finish(rules, check, status: 503, isFailing: true) == [Self.failing, Self.cluster])
    }

    @Test func `passing through only adds the cluster, but not while failing`() {
        let rules = rules(Self.filter("/hc", passesThrough: true))
        let check = decide(rules)
        #expect(check.isHealthCheck)
        #expect(check.reply == nil)
        #expect(finish(rules, check, ["x-envoy-degraded: foo"]) == ["x-envoy-degraded: foo", Self.cluster])
        #expect(decide(rules, isFailing: true).reply?.status == 503)
    }

    @Test func `an answer is remembered to the end of its span of time, whatever it is`() {
        var filter = Self.filter("/hc", passesThrough: true)
        filter.cacheTime = .seconds(2)
        let rules = rules(filter)
        let first = decide(rules, now: .milliseconds(500))
        #expect(first.reply == nil)
        _ = finish(rules, first, status: 404, ["x-envoy-degraded: foo"], now: .milliseconds(600))
        let second = decide(rules, now: .milliseconds(1999))
        #expect(second.reply?.status == 404)
        #expect(second.reply?.draft.details.description == "health_check_cached")
        #expect(second.reply?.draft.flag.description == "LH")
        #expect(finish(rules, second, status: 404, now: .milliseconds(1999)) == ["x-envoy-degraded: ", Self.cluster])
        #expect(decide(rules, now: .seconds(2)).reply == nil)
    }

    @Test func `the failure that was asked for is remembered, too`() {
        var filter = Self.filter("/hc", passesThrough: true)
        filter.cacheTime = .seconds(2)
        let rules = rules(filter)
        let check = decide(rules, isFailing: true)
        _ = finish(rules, check, status: 503, isFailing: true)
        #expect(decide(rules).reply?.status == 503)
    }

    @Test(
        arguments: [
            ([:], 0, 503, "health_check_failed_no_cluster_found"),
            (["a": ClusterMembership(total: 0, healthy: 0)], 1, 503, "health_check_failed_cluster_empty"),
            (["a": ClusterMembership(total: 0, healthy: 0)], 0, 200, "health_check_ok_cluster_healthy"),
            (["a": ClusterMembership(total: 4, healthy: 2)], 50, 200, "health_check_ok_cluster_healthy"),
            (["a": ClusterMembership(total: 4, healthy: 1, degraded: 1)], 50, 200, "health_check_ok_cluster_healthy"),
            (["a": ClusterMembership(total: 4, healthy: 1)], 50, 503, "health_check_failed_cluster_unhealthy"),
        ] as [([String: ClusterMembership], Double, Int, String)]
    )
    func `clusters have to be well enough`(
        members: [String: ClusterMembership],
        percent: Double,
        status: Int,
        details: String
    ) {
        var filter = Self.filter("/hc")
        filter.minimumHealthyPercentages = ["a": percent]
        let reply = decide(rules(filter), members: members).reply
        #expect(reply?.status == status)
        #expect(reply?.draft.details.description == details)
    }

    @Test func `only what the proxy answers itself is counted`() {
        var cached = Self.filter("/cached", passesThrough: true)
        cached.cacheTime = .seconds(9)
        let statistics = HealthCheckFilterStatistics()
        let rules = HealthCheckRules([Self.filter("/hc"), cached], serviceCluster: [], statistics: statistics, now: 0)
        _ = decide(rules)
        _ = decide(rules, "/other")
        _ = finish(rules, decide(rules, "/cached"), ["x-envoy-degraded: "])
        _ = decide(rules, "/cached")
        _ = decide(rules, isFailing: true)
        let counted = statistics.counters("http.in.").filter { $0.value > 0 }
        #expect(
            counted == [
                Statistic("http.in.health_check.cached_response", 1),
                Statistic("http.in.health_check.degraded", 1),
                Statistic("http.in.health_check.failed", 1),
                Statistic("http.in.health_check.ok", 2),
                Statistic("http.in.health_check.request_total", 3),
            ]
        )
    }

    @Test func `the cache keeps status and degradation of each span apart`() {
        let cache = HealthCheckCache(lifetime: .milliseconds(10), now: 1000)
        #expect(cache.answer(now: 1000) == nil)
        cache.store(status: 999, isDegraded: true, now: 1000)
        #expect(cache.answer(now: 10_000_999) == HealthCheckCache.Answer(status: 999, isDegraded: true))
        #expect(cache.answer(now: 10_001_000) == nil)
        cache.store(status: 200, isDegraded: false, now: .max)
        #expect(cache.answer(now: .max) == HealthCheckCache.Answer(status: 200, isDegraded: false))
    }
}
