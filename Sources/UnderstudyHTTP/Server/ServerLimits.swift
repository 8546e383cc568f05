// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Bounds on what one client connection may hold and how long it may wait.

public import NIOCore
public import UnderstudyCore

public struct ServerLimits: Sendable {
    /// Which HTTP clients speak; `automatic` is what TLS has agreed on, or else what the first bytes show.
    public var version = HTTPVersionChoice.http1
    /// How HTTP/1 is spoken.
    public var http1 = HTTP1Settings()
    /// How HTTP/2 is spoken; bounds on heads are those of `messages`.
    public var http2 = HTTP2Settings()
    /// Bounds on heads, chunk lines and trailers.
    public var messages = MessageLimits()
    /// What becomes of requests with an underscore in a header name.
    public var underscores = HeadRules.Underscores.allow
    /// Bytes that may wait for a client that does not read.
    ///
    /// Default 256 KiB.
    public var bufferedBytes = 256 * 1024
    /// Bytes of further requests that may arrive while one is served.
    ///
    /// Default 64 KiB.
    public var pipelinedBytes = 64 * 1024
    /// From the first byte of a head to its last; `nil` for no limit.
    ///
    /// Default 10 s.
    public var headTime: TimeAmount? = .seconds(10)
    /// From the first byte of a head to the end of the request; `nil` for no limit, the default.
    ///
    /// Source: Envoy `request_timeout`.
    public var requestTime: TimeAmount?
    /// Longest silence between requests; `nil` for no limit.
    ///
    /// Default one hour, as Envoy's `idle_timeout`.
    public var idleTime: TimeAmount? = .hours(1)
    /// Longest silence within a request body; `nil` for no limit.
    ///
    /// Default 5 min, as Envoy's `stream_idle_timeout`.
    public var bodyTime: TimeAmount? = .minutes(5)
    /// After this the connection ends, with the answer that is under way; `nil` for no limit, the default.
    ///
    /// Source: Envoy `max_connection_duration`.
    public var connectionTime: TimeAmount?
    /// How long a connection whose time is over still waits for another request.
    ///
    /// Default 5 s, as Envoy's `drain_timeout`.
    public var drainTime = TimeAmount.seconds(5)
    /// Requests that one connection may carry; 0 for no limit, the default.
    ///
    /// Source: Envoy `max_requests_per_connection`.
    public var requestsPerConnection = 0
    /// How long a client may go on sending after an answer that closes its connection; zero closes at once.
    ///
    /// Default 1 s, as Envoy's `delayed_close_timeout`.
    public var lingerTime = TimeAmount.seconds(1)

    public init() {}

    /// How long a client may take nothing of what it is sent last, with an end even where bodies have none.
    var lastAnswerTime: TimeAmount { bodyTime ?? .minutes(5) }

    var headRules: HeadRules { HeadRules(http1, limits: messages, underscores: underscores) }
}
