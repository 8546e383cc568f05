// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A cluster's numbers under Envoy's names.

internal import UnderstudyCore
internal import UnderstudyHTTP

extension SharedCluster {
    /// All numbers, under `cluster.<name>.`.
    var scope: StatisticsScope {
        let name = configuration.statName.isEmpty ? configuration.name : configuration.statName
        var scope = StatisticsScope(.cluster(name))
        scope.reserveCapacity(160)
        addConnections(to: &scope)
        addRequests(to: &scope)
        addRetries(to: &scope)
        addAnswers(to: &scope)
        addMembers(to: &scope)
        addPlaces(to: &scope)
        addBreakers(to: &scope)
        if configuration.version != .http1 { statistics.http2.add(to: &scope) }
        addHealth(to: &scope)
        if configuration.tls != nil { statistics.tls.add(to: &scope, factory: "client_ssl_socket_factory") }
        return scope
    }

    private func addHealth(to scope: inout StatisticsScope) {
        if !configuration.healthChecks.isEmpty {
            for value in statistics.healthChecks.counters("") { scope.counter(value.name, value.value) }
            for value in statistics.healthChecks.gauges("") { scope.gauge(value.name, value.value) }
        }
        guard configuration.outlierDetection != nil else { return }
        for value in statistics.outliers.counters("") { scope.counter(value.name, value.value) }
        for value in statistics.outliers.gauges("") { scope.gauge(value.name, value.value) }
    }

    private func addConnections(to scope: inout StatisticsScope) {
        let upstream = statistics.upstream
        scope.counter("upstream_cx_total", upstream.connections)
        scope.gauge("upstream_cx_active", upstream.activeConnections)
        scope.counter("upstream_cx_http1_total", upstream.http1Connections)
        scope.counter("upstream_cx_http2_total", upstream.http2Connections)
        scope.counter("upstream_cx_connect_fail", upstream.connectFailures)
        scope.counter("upstream_cx_connect_timeout", upstream.connectTimeouts)
        scope.counter("upstream_cx_idle_timeout", upstream.idleTimeouts)
        scope.counter("upstream_cx_max_requests", upstream.spentConnections)
        scope.counter("upstream_cx_none_healthy", statistics.noneHealthy)
        scope.counter("upstream_cx_overflow", upstream.connectionOverflows)
        scope.counter("upstream_cx_destroy", upstream.destroyed)
        scope.counter("upstream_cx_destroy_local", upstream.destroyedLocally)
        scope.counter("upstream_cx_destroy_remote", upstream.destroyedRemotely)
        scope.counter("upstream_cx_destroy_with_active_rq", upstream.destroyedWithRequest)
        scope.counter("upstream_cx_destroy_local_with_active_rq", upstream.destroyedLocallyWithRequest)
        scope.counter("upstream_cx_destroy_remote_with_active_rq", upstream.destroyedRemotelyWithRequest)
        scope.counter("upstream_cx_close_notify", upstream.closeNotifies)
        scope.counter("upstream_cx_protocol_error", upstream.protocolErrors)
        scope.counter("upstream_cx_rx_bytes_total", upstream.bytes.received)
        scope.counter("upstream_cx_tx_bytes_total", upstream.bytes.sent)
        scope.histogram("upstream_cx_connect_ms", upstream.connectTime)
        scope.histogram("upstream_cx_length_ms", upstream.connectionLength)
        scope.histogram("upstream_rq_per_cx", upstream.requestsPerConnection)
    }

    private func addRequests(to scope: inout StatisticsScope) {
        let upstream = statistics.upstream
        scope.counter("upstream_rq_total", upstream.requests)
        scope.gauge("upstream_rq_active", upstream.activeRequests)
        scope.counter("upstream_rq_pending_total", upstream.pendingRequests)
        scope.gauge("upstream_rq_pending_active", upstream.activePendingRequests)
        scope.counter("upstream_rq_pending_overflow", upstream.pendingOverflows)
        scope.counter("upstream_rq_pending_failure_eject", upstream.pendingFailures)
        scope.counter("upstream_rq_active_overflow", upstream.activeOverflows)
        scope.counter("upstream_rq_cancelled", upstream.cancelledRequests)
        scope.counter("upstream_rq_timeout", statistics.timeouts)
        scope.counter("upstream_rq_per_try_timeout", statistics.tryTimeouts)
        scope.counter("upstream_rq_per_try_idle_timeout", statistics.tryIdleTimeouts)
        scope.counter("upstream_rq_max_duration_reached", statistics.durationsReached)
        scope.counter("upstream_rq_rx_reset", statistics.receivedResets)
        scope.counter("upstream_rq_tx_reset", statistics.sentResets)
        scope.counter("upstream_flow_control_paused_reading_total", statistics.flowPauses)
        scope.counter("upstream_flow_control_resumed_reading_total", statistics.flowResumptions)
        scope.counter("upstream_internal_redirect_succeeded_total", statistics.redirectsFollowed)
        scope.counter("upstream_internal_redirect_failed_total", statistics.redirectsRefused)
    }

    private func addRetries(to scope: inout StatisticsScope) {
        scope.counter("upstream_rq_retry", statistics.retries)
        scope.counter("upstream_rq_retry_success", statistics.retrySuccesses)
        scope.counter("upstream_rq_retry_overflow", statistics.retryOverflows)
        scope.counter("upstream_rq_retry_limit_exceeded", statistics.retriesExceeded)
        scope.counter("upstream_rq_retry_backoff_exponential", statistics.retryBackoffs)
        scope.counter("upstream_rq_retry_backoff_ratelimited", statistics.retryLimitedBackoffs)
    }

    private func addAnswers(to scope: inout StatisticsScope) {
        var sums: [String: UInt64] = ["upstream_rq_completed": 0]
        for (answer, count) in statistics.answerCounts {
            let code = "upstream_rq_\(answer.status)"
            let hundreds = "upstream_rq_\(answer.status / 100)xx"
            let origin = answer.origin == .external ? "external." : "internal."
            for scope in ["", origin] {
                sums[scope + "upstream_rq_completed", default: 0] += count
                sums[scope + code, default: 0] += count
                sums[scope + hundreds, default: 0] += count
            }
        }
        for (status, count) in statistics.retriedCounts {
            for name in ["upstream_rq_\(status)", "upstream_rq_\(status / 100)xx", "upstream_rq_completed"] {
                sums["retry." + name, default: 0] += count
            }
        }
        for (name, sum) in sums { scope.counter(name, sum) }
        if configuration.tracksTimeoutBudgets {
            scope.histogram("upstream_rq_timeout_budget_percent_used", statistics.timeoutUse)
            scope.histogram("upstream_rq_timeout_budget_per_try_percent_used", statistics.tryTimeoutUse)
        }
        scope.histogram("external.upstream_rq_time", statistics.clientTime)
        scope.histogram("internal.upstream_rq_time", statistics.copyTime)
        scope.histogram("upstream_rq_time", statistics.requestTime)
    }

    private func addMembers(to scope: inout StatisticsScope) {
        let plan = hostList.plan
        scope.gauge("membership_total", UInt64(plan.counts.total))
        scope.gauge("membership_healthy", UInt64(plan.counts.healthy))
        scope.gauge("membership_degraded", UInt64(plan.counts.degraded))
        scope.gauge("membership_excluded", UInt64(plan.counts.excluded))
        scope.counter("membership_change", statistics.membershipChanges)
        scope.counter("update_attempt", statistics.updateAttempts)
        scope.counter("update_success", statistics.updateSuccesses)
        scope.counter("update_failure", statistics.updateFailures)
        scope.counter("update_empty", statistics.emptyUpdates)
        scope.counter("update_no_rebuild", statistics.updatesWithoutChange)
        scope.counter("lb_healthy_panic", statistics.panics)
        // As Envoy: of clusters whose endpoints may change only.
        let isDynamic = configuration.discovery.dnsOptions != nil
        scope.gauge("max_host_weight", UInt64(isDynamic ? hostList.hosts.map(\.endpoint.weight).max() ?? 0 : 0))
    }

    private func addPlaces(to scope: inout StatisticsScope) {
        guard let places = hostList.plan.places else { return }
        switch configuration.balancing.policy {
        case .ringHash:
            scope.gauge("ring_hash_lb.size", UInt64(places.size))
            scope.gauge("ring_hash_lb.min_hashes_per_host", UInt64(places.fewest))
            scope.gauge("ring_hash_lb.max_hashes_per_host", UInt64(places.most))
        case .maglev:
            scope.gauge("maglev_lb.min_entries_per_host", UInt64(places.fewest))
            scope.gauge("maglev_lb.max_entries_per_host", UInt64(places.most))
        case .roundRobin, .leastRequest, .random: break
        }
    }

    private func addBreakers(to scope: inout StatisticsScope) {
        for priority in RoutingPriority.allCases {
            let prefix = "circuit_breakers.\(priority.label)."
            let both = ClusterStatistics.Origin.allCases.map { limits(for: $0, priority) }
            func open(_ limit: (UpstreamLimits) -> ResourceLimit) -> UInt64 {
                // A limit of zero refuses, but is never used up: such a breaker does not show as open.
                both.contains { limit($0).isExhausted && limit($0).current > 0 } ? 1 : 0
            }
            func remaining(_ limit: (UpstreamLimits) -> ResourceLimit) -> UInt64 {
                UInt64(both.map { limit($0).remaining }.min() ?? 0)
            }
            scope.gauge(prefix + "cx_open", open(\.connections))
            scope.gauge(prefix + "cx_pool_open", 0)
            scope.gauge(prefix + "rq_open", open(\.requests))
            scope.gauge(prefix + "rq_pending_open", open(\.pending))
            scope.gauge(
                prefix + "rq_retry_open",
                mayRetry(priority) || both.allSatisfy { $0.retries.current == 0 } ? 0 : 1
            )
            guard configuration.circuitBreakers[priority].tracksRemaining else { continue }
            scope.gauge(prefix + "remaining_cx", remaining(\.connections))
            scope.gauge(prefix + "remaining_rq", remaining(\.requests))
            scope.gauge(prefix + "remaining_pending", remaining(\.pending))
            scope.gauge(prefix + "remaining_retries", remaining(\.retries))
        }
    }
}
