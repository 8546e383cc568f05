// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is counted of HTTP/2; the names are those of Envoy's `http2.`.

public import UnderstudyCore

/// Of all client connections of the process together, or of one cluster's.
public final class HTTP2Counters: Sendable {
    public let receivedResets = Counter()
    public let sentResets = Counter()
    /// Heads and trailers over the limits.
    public let headerOverflows = Counter()
    /// Header blocks on streams that there are no longer.
    public let headersWithoutStream = Counter()
    public let emptyFrameFloods = Counter()
    public let priorityFloods = Counter()
    public let windowUpdateFloods = Counter()
    public let outboundFloods = Counter()
    public let outboundControlFloods = Counter()
    /// Malformed messages.
    public let messagingErrors = Counter()
    /// Streams beyond the limit, and those that a peer did not want.
    public let refusedStreams = Counter()
    /// Header blocks of too many frames.
    public let tooManyHeaderFrames = Counter()
    public let trailers = Counter()
    /// Streams whose last bytes the peer did not take in time.
    public let flushTimeouts = Counter()
    public let keepAliveTimeouts = Counter()
    public let sentGoAways = Counter()
    public let rejectedUnderscores = Counter()
    public let droppedUnderscores = Counter()
    public let activeStreams = Gauge()
    /// Bytes of bodies that wait for a window or a socket.
    public let pendingBytes = Gauge()

    public init() {}

    public func add(to scope: inout StatisticsScope, prefix: String = "http2.") {
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
