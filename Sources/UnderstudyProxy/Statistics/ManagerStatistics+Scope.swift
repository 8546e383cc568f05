// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The numbers of connection managers and listeners under Envoy's names.

internal import UnderstudyCore
internal import UnderstudyHTTP

extension ManagerStatistics {
    /// All numbers, under `http.<stat_prefix>.`.
    ///
    /// - Parameter filtersChecks: There is a health check filter.
    func scope(_ prefix: String, filtersChecks: Bool) -> StatisticsScope {
        var scope = StatisticsScope(.connectionManager(prefix))
        scope.reserveCapacity(80)
        server.add(to: &scope)
        addRequests(to: &scope)
        if filtersChecks {
            for value in healthChecks.counters("") { scope.counter(value.name, value.value) }
        }
        return scope
    }

    private func addRequests(to scope: inout StatisticsScope) {
        scope.counter("downstream_rq_total", requests)
        scope.gauge("downstream_rq_active", activeRequests)
        scope.counter("downstream_cx_ssl_total", tlsConnections)
        scope.gauge("downstream_cx_ssl_active", activeTLSConnections)
        // Both counters are added to one after the other.
        let http2 = min(http2Requests.current, requests.current)
        scope.counter("downstream_rq_http1_total", requests.current - http2)
        scope.counter("downstream_rq_http2_total", http2)
        scope.counter("downstream_rq_completed", completedRequests)
        for (index, counter) in answerClasses.enumerated() {
            scope.counter("downstream_rq_\(index + 1)xx", counter)
        }
        scope.counter("downstream_rq_rx_reset", receivedResets)
        scope.counter("downstream_rq_tx_reset", sentResets)
        scope.counter("downstream_rq_max_duration_reached", durationsReached)
        scope.counter("downstream_rq_response_before_rq_complete", overtakingAnswers)
        scope.counter("downstream_rq_overload_close", overloadCloses)
        scope.counter("downstream_rq_too_large", tooLargeRequests)
        scope.counter("downstream_rq_redirected_with_normalized_path", pathRedirects)
        scope.histogram("downstream_rq_time", requestTime)
        scope.counter("downstream_rq_ws_on_non_ws_route", refusedUpgrades)
        scope.counter("rq_total", routed)
        scope.counter("passthrough_internal_redirect_bad_location", redirectsToNowhere)
        scope.counter("passthrough_internal_redirect_no_route", redirectsWithoutRoute)
        scope.counter("passthrough_internal_redirect_unsafe_scheme", unsafeRedirects)
        scope.counter("passthrough_internal_redirect_too_many_redirects", tooManyRedirects)
        scope.counter("no_route", withoutRoute)
        scope.counter("no_cluster", withoutCluster)
        scope.counter("rq_direct_response", directResponses)
        scope.counter("rq_redirect", redirects)
        scope.counter("rq_reset_after_downstream_response_started", resetsAfterAnswer)
        scope.counter("rq_retry_skipped_request_not_complete", retriesSkipped)
    }
}

extension SharedListener {
    /// All numbers of the listener, under `listener.<address>.`.
    var scope: StatisticsScope {
        var scope = StatisticsScope(.listener(configuration.statName))
        scope.counter("downstream_cx_total", statistics.connections)
        scope.gauge("downstream_cx_active", statistics.activeConnections)
        scope.counter("downstream_cx_destroy", statistics.destroyed)
        scope.counter("downstream_cx_overflow", statistics.overflows)
        scope.counter("downstream_global_cx_overflow", statistics.globalOverflows)
        scope.counter("downstream_cx_overload_reject", statistics.overloadRejects)
        scope.counter("downstream_cx_accept_failed", statistics.acceptFailures)
        scope.counter("downstream_cx_accept_paused", statistics.acceptPauses)
        scope.gauge("downstream_pre_cx_active", statistics.arriving)
        scope.counter("downstream_pre_cx_timeout", statistics.arrivalTimeouts)
        scope.counter("downstream_cx_transport_socket_connect_timeout", statistics.handshakeTimeouts)
        scope.counter("no_filter_chain_match", statistics.withoutChain)
        scope.histogram("downstream_cx_length_ms", statistics.connectionLength)
        if configuration.allFilterChains.contains(where: { $0.tls != nil }) {
            statistics.tls.add(to: &scope, factory: "server_ssl_socket_factory")
        }
        for prefix in Set(configuration.allFilterChains.map(\.connectionManager.statPrefix)).sorted() {
            let answers = statistics.answers(prefix)
            scope.counter("http.\(prefix).downstream_rq_completed", answers.completed)
            for (index, counter) in answers.classes.enumerated() {
                scope.counter("http.\(prefix).downstream_rq_\(index + 1)xx", counter)
            }
        }
        return scope
    }
}
