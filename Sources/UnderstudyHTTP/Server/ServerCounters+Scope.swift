// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The numbers of client connections under Envoy's names.

public import UnderstudyCore

extension ServerCounters {
    /// Connections, under the names of `downstream_cx_`.
    public func add(to scope: inout StatisticsScope) {
        scope.counter("downstream_cx_total", connections)
        scope.gauge("downstream_cx_active", activeConnections)
        scope.counter("downstream_cx_http1_total", http1Connections)
        scope.gauge("downstream_cx_http1_active", activeHTTP1Connections)
        scope.counter("downstream_cx_http2_total", http2Connections)
        scope.gauge("downstream_cx_http2_active", activeHTTP2Connections)
        scope.counter("downstream_cx_destroy", destroyed)
        scope.counter("downstream_cx_destroy_local", destroyedLocally)
        scope.counter("downstream_cx_destroy_remote", destroyedRemotely)
        scope.counter("downstream_cx_destroy_active_rq", destroyedWithRequest)
        scope.counter("downstream_cx_destroy_local_active_rq", destroyedLocallyWithRequest)
        scope.counter("downstream_cx_destroy_remote_active_rq", destroyedRemotelyWithRequest)
        scope.counter("downstream_cx_idle_timeout", idleTimeouts)
        scope.counter("downstream_cx_delayed_close_timeout", delayedCloseTimeouts)
        scope.counter("downstream_cx_max_duration_reached", maxDurationsReached)
        scope.counter("downstream_cx_max_requests_reached", maxRequestsReached)
        scope.counter("downstream_cx_drain_close", drainCloses)
        scope.counter("downstream_cx_overload_disable_keepalive", keepalivesDisabled)
        scope.counter("downstream_cx_protocol_error", protocolErrors)
        scope.counter("downstream_cx_upgrades_total", upgrades)
        scope.gauge("downstream_cx_upgrades_active", activeUpgrades)
        scope.counter("downstream_cx_rx_bytes_total", bytes.received)
        scope.counter("downstream_cx_tx_bytes_total", bytes.sent)
        scope.histogram("downstream_cx_length_ms", connectionLength)
        scope.counter("downstream_rq_header_timeout", headTimeouts)
        scope.counter("downstream_rq_timeout", requestTimeouts)
        scope.counter("downstream_rq_idle_timeout", streamIdleTimeouts)
        scope.counter("downstream_flow_control_paused_reading_total", flowPauses)
        scope.counter("downstream_flow_control_resumed_reading_total", flowResumptions)
    }
}
