// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the health_check filter answers, and what is counted of it.

/// How many endpoints of a cluster there are, and how well they are.
public struct ClusterMembership: Sendable, Equatable {
    public var total: UInt64
    public var healthy: UInt64
    public var degraded: UInt64

    public init(total: UInt64, healthy: UInt64, degraded: UInt64 = 0) {
        self.total = total
        self.healthy = healthy
        self.degraded = degraded
    }
}

/// An answer without a body.
public struct HealthCheckReply: Sendable, Equatable {
    enum Verdict: Sendable, Equatable {
        case good, failed, cached, noCluster, clusterEmpty, clusterHealthy, clusterUnhealthy

        var details: StaticString {
            switch self {
            case .good: "health_check_ok"
            case .failed: "health_check_failed"
            case .cached: "health_check_cached"
            case .noCluster: "health_check_failed_no_cluster_found"
            case .clusterEmpty: "health_check_failed_cluster_empty"
            case .clusterHealthy: "health_check_ok_cluster_healthy"
            case .clusterUnhealthy: "health_check_failed_cluster_unhealthy"
            }
        }
    }

    public var status: Int
    /// Tells so in `x-envoy-degraded`.
    public var isDegraded = false
    var verdict: Verdict

    var isWell: Bool { (200..<300).contains(status) }

    public var draft: ReplyDraft {
        var draft = ReplyDraft(status: status)
        draft.flag = isWell ? "" : "LH"
        draft.details = verdict.details
        return draft
    }
}

/// Of one connection manager; only checks that the proxy answers itself are counted.
public final class HealthCheckFilterStatistics: Sendable {
    private let requests = Counter()
    private let successes = Counter()
    private let failures = Counter()
    private let cached = Counter()
    private let degraded = Counter()
    private let missingClusters = Counter()
    private let emptyClusters = Counter()
    private let unhealthyClusters = Counter()

    public init() {}

    func count(_ reply: HealthCheckReply) {
        requests.add()
        if reply.isWell { successes.add() } else { failures.add() }
        if reply.isDegraded { degraded.add() }
        switch reply.verdict {
        case .good, .failed, .clusterHealthy: break
        case .cached: cached.add()
        case .noCluster: missingClusters.add()
        case .clusterEmpty: emptyClusters.add()
        case .clusterUnhealthy: unhealthyClusters.add()
        }
    }

    /// Under Envoy's names.
    ///
    /// - Parameter prefix: `http.<stat_prefix>.`.
    public func counters(_ prefix: String) -> [Statistic] {
        let prefix = prefix + "health_check."
        return [
            Statistic(prefix + "cached_response", cached.current),
            Statistic(prefix + "degraded", degraded.current),
            Statistic(prefix + "failed", failures.current),
            Statistic(prefix + "failed_cluster_empty", emptyClusters.current),
            Statistic(prefix + "failed_cluster_not_found", missingClusters.current),
            Statistic(prefix + "failed_cluster_unhealthy", unhealthyClusters.current),
            Statistic(prefix + "ok", successes.current),
            Statistic(prefix + "request_total", requests.current),
        ]
    }
}
