// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is counted of HTTP/2; the names are those of Envoy's `http2.`.

package import UnderstudyCore

/// Of all client connections of the process together, or of one cluster's.
package final class HTTP2Counters: Sendable {
    package let receivedResets = Counter()
    package let sentResets = Counter()
    /// Heads and trailers over the limits.
    package let headerOverflows = Counter()
    /// Header blocks on streams that there are no longer.
    package let headersWithoutStream = Counter()
    package let emptyFrameFloods = Counter()
    package let priorityFloods = Counter()
    package let windowUpdateFloods = Counter()
    package let outboundFloods = Counter()
    package let outboundControlFloods = Counter()
    /// Malformed messages.
    package let messagingErrors = Counter()
    /// Streams beyond the limit, and those that a peer did not want.
    package let refusedStreams = Counter()
    /// Header blocks of too many frames.
    package let tooManyHeaderFrames = Counter()
    package let trailers = Counter()
    /// Streams whose last bytes the peer did not take in time.
    package let flushTimeouts = Counter()
    package let keepAliveTimeouts = Counter()
    package let sentGoAways = Counter()
    package let rejectedUnderscores = Counter()
    package let droppedUnderscores = Counter()
    package let activeStreams = Gauge()
    /// Bytes of bodies that wait for a window or a socket.
    package let pendingBytes = Gauge()

    package init() {}

    package func add(to scope: inout StatisticsScope, prefix: String = "http2.") {
        scope.counter(prefix + "rx_reset", receivedResets)
        scope.counter(prefix + "tx_reset", sentResets)
        scope.counter(prefix + "header_overflow", headerOverflows)
        scope.counter(prefix + "headers_cb_no_stream", headersWithoutStream)
        scope.counter(prefix + "inbound_empty_frames_flood", emptyFrameFloods)
        scope.counter(prefix + "inbound_priority_frames_flood", priorityFloods)
        scope.counter(prefix + "inbound_window_update_frames_flood", windowUpdateFloods)
        scope.counter(prefix + "outbound_flood", outboundFloods)
        scope.counter(prefix + "outbound_control_flood", outboundControlFloods)
        scope.counter(prefix + "rx_messaging_error", messagingErrors)
        scope.counter(prefix + "stream_refused_errors", refusedStreams)
        scope.counter(prefix + "too_many_header_frames", tooManyHeaderFrames)
        scope.counter(prefix + "trailers", trailers)
        scope.counter(prefix + "tx_flush_timeout", flushTimeouts)
        scope.counter(prefix + "keepalive_timeout", keepAliveTimeouts)
        scope.counter(prefix + "goaway_sent", sentGoAways)
        scope.counter(prefix + "requests_rejected_with_underscores_in_headers", rejectedUnderscores)
        scope.counter(prefix + "dropped_headers_with_underscores", droppedUnderscores)
        scope.gauge(prefix + "streams_active", activeStreams)
        scope.gauge(prefix + "pending_send_bytes", pendingBytes)
    }
}
