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
        scope.counter("downstream_rq_http1_total", requests)
        scope.counter("downstream_rq_completed", completedRequests)
        for (index, counter) in answerClasses.enumerated() {
            scope.counter("downstream_rq_\(index + 1)xx", counter)
        }
        scope.counter("downstream_rq_rx_reset", receivedResets)
        scope.counter("downstream_rq_tx_reset", sentResets)
        scope.counter("downstream_rq_idle_timeout", idleTimeouts)
        scope.counter("downstream_rq_max_duration_reached", durationsReached)
        scope.counter("downstream_rq_response_before_rq_complete", overtakingAnswers)
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
        scope.counter("downstream_cx_total", listenerStatistics.connections)
        scope.gauge("downstream_cx_active", listenerStatistics.activeConnections)
        scope.counter("downstream_cx_destroy", listenerStatistics.destroyed)
        scope.histogram("downstream_cx_length_ms", listenerStatistics.connectionLength)
        let prefix = "http.\(configuration.connectionManager.statPrefix)."
        scope.counter(prefix + "downstream_rq_completed", listenerStatistics.completedRequests)
        for (index, counter) in listenerStatistics.answerClasses.enumerated() {
            scope.counter(prefix + "downstream_rq_\(index + 1)xx", counter)
        }
        return scope
    }
}
