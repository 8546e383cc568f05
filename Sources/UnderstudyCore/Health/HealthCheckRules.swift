// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the health_check filters of a listener do with requests and answers.

/// One filter, arranged for requests; shared by all workers.
private struct HealthCheckRule: Sendable {
    let filter: HealthCheckFilter
    let matchers: [HeaderMatcher]
    /// By name, in ascending order; Envoy's own order is that of a hash table.
    let percentages: [(cluster: String, percent: UInt64)]
    let cache: HealthCheckCache?

    init(_ filter: HealthCheckFilter, now: Int64) {
        self.filter = filter
        matchers = filter.headers.map(HeaderMatcher.init)
        percentages = filter.minimumHealthyPercentages.sorted { $0.key < $1.key }
            .map { ($0.key, UInt64(max(0, min($0.value, 100)))) }
        let isCached = filter.passesThrough && filter.cacheTime > .zero
        cache = isCached ? HealthCheckCache(lifetime: filter.cacheTime, now: now) : nil
    }

    func isCheck(_ head: borrowing RequestHead) -> Bool {
        for matcher in matchers where !matcher.matches(request: head) { return false }
        return true
    }
}

/// All `health_check` filters of a connection manager, in file order.
///
/// - Source: Envoy `HealthCheck` HTTP filter; bytes and details measured on Envoy 1.40.
public struct HealthCheckRules: Sendable {
    /// What became of one request, to be given back with its answer.
    public struct Mark: Sendable, Equatable {
        /// A bit for each filter that takes the request for a check.
        fileprivate var checks: UInt64 = 0
        /// `nil` lets the request go on.
        public fileprivate(set) var reply: HealthCheckReply?

        public init() {}

        /// For access logs.
        public var isHealthCheck: Bool { checks != 0 }
    }

    private let rules: [HealthCheckRule]
    private let statistics: HealthCheckFilterStatistics
    private let serviceCluster: [UInt8]

    /// Filters in one connection manager that are looked at.
    public static let most = 64

    /// - Parameters:
    ///   - serviceCluster: The proxy's own, from `--service-cluster` or `node.cluster`.
    ///   - now: Nanoseconds of a clock that only goes forward; the same clock in every call.
    public init(
        _ filters: [HealthCheckFilter],
        serviceCluster: [UInt8],
        statistics: HealthCheckFilterStatistics,
        now: Int64
    ) {
        self.statistics = statistics
        rules = filters.prefix(Self.most).map { HealthCheckRule($0, now: now) }
        self.serviceCluster = serviceCluster
    }

    public var isEmpty: Bool { rules.isEmpty }

    /// Decides on a request that has just been read.
    ///
    /// - Parameters:
    ///   - isFailing: `/healthcheck/fail` was asked for.
    ///   - membership: `nil` for a cluster that there is not.
    public func decide(
        _ head: borrowing RequestHead,
        isFailing: Bool,
        now: Int64,
        membership: (String) -> ClusterMembership?
    ) -> Mark {
        var mark = Mark()
        for (index, rule) in rules.enumerated() where rule.isCheck(head) {
            mark.checks |= 1 << UInt64(index)
            mark.reply = reply(rule, isFailing: isFailing, now: now, membership)
            guard let reply = mark.reply else { continue }
            // Those behind it do not see a request that is answered.
            statistics.count(reply)
            break
        }
        return mark
    }

    private func reply(
        _ rule: HealthCheckRule,
        isFailing: Bool,
        now: Int64,
        _ membership: (String) -> ClusterMembership?
    ) -> HealthCheckReply? {
        if isFailing { return HealthCheckReply(status: 503, verdict: .failed) }
        if let cache = rule.cache {
            return cache.answer(now: now).map {
                HealthCheckReply(status: $0.status, isDegraded: $0.isDegraded, verdict: .cached)
            }
        }
        return rule.filter.passesThrough ? nil : Self.judge(rule.percentages, membership)
    }

    private static func judge(
        _ percentages: [(cluster: String, percent: UInt64)],
        _ membership: (String) -> ClusterMembership?
    ) -> HealthCheckReply {
        guard !percentages.isEmpty else { return HealthCheckReply(status: 200, verdict: .good) }
        for (cluster, percent) in percentages {
            guard let members = membership(cluster) else { return HealthCheckReply(status: 503, verdict: .noCluster) }
            if members.total == 0 {
                if percent == 0 { continue }
                return HealthCheckReply(status: 503, verdict: .clusterEmpty)
            }
            if 100 * (members.healthy + members.degraded) < members.total * percent {
                return HealthCheckReply(status: 503, verdict: .clusterUnhealthy)
            }
        }
        return HealthCheckReply(status: 200, verdict: .clusterHealthy)
    }

    /// Adds what the filters tell in an answer, the proxy's own or an endpoint's.
    ///
    /// Comes behind what the router and the routes have added, and before date and server.
    public func finish(_ head: inout ResponseHead, _ mark: Mark, isFailing: Bool, now: Int64) {
        if mark.reply?.isDegraded == true { Self.set("x-envoy-degraded", [], in: &head) }
        // Answers pass the filters from the last to the first.
        for (index, rule) in rules.enumerated().reversed() {
            if mark.checks & 1 << UInt64(index) != 0 {
                rule.cache?.store(
                    status: head.status,
                    isDegraded: head.headers.firstIndex(named: Self.degraded) != nil,
                    now: now
                )
                Self.set("x-envoy-upstream-healthchecked-cluster", serviceCluster, in: &head)
            }
            if isFailing { Self.set("x-envoy-immediate-health-check-fail", Array("true".utf8), in: &head) }
        }
    }

    private static let degraded = Array("x-envoy-degraded".utf8)

    /// Replaces the first line of that name, and adds one if there is none.
    private static func set(_ name: StaticString, _ value: [UInt8], in head: inout ResponseHead) {
        var bytes: [UInt8] = []
        bytes.append(literal: name)
        if let index = head.headers.firstIndex(named: bytes) {
            head.headers.setValue(at: index, to: value)
        } else {
            head.headers.add(name, value, known: .other)
        }
    }
}
