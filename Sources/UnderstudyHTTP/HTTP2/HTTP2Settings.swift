// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What of HTTP/2 differs from one listener or cluster to the next.

public import NIOCore
public import UnderstudyCore

/// Bounds and preferences of one HTTP/2 connection, on either side.
///
/// - Source: Envoy `Http2ProtocolOptions`; the defaults are those of `HTTP2Options`.
public struct HTTP2Settings: Sendable {
    public struct KeepAlive: Sendable {
        /// Between two PINGs; `nil` for none.
        public var interval: TimeAmount?
        public var timeout = TimeAmount.seconds(20)
        /// Percent of `interval` that chance adds.
        public var jitter = 15.0
        /// After such a silence the connection is asked before it gets a request; `nil` for never.
        public var idleInterval: TimeAmount?

        public init() {}
    }

    /// What was configured.
    public var options: HTTP2Options
    public var keepAlive: KeepAlive?
    /// Bounds on decoded heads and trailers.
    public var messages = MessageLimits()
    /// What becomes of requests with an underscore in a header name.
    public var underscores = HeadRules.Underscores.allow

    public init(_ options: HTTP2Options = HTTP2Options()) {
        self.options = options
        keepAlive = options.keepAlive.map { KeepAlive($0) }
    }
}

extension HTTP2Settings.KeepAlive {
    init(_ options: HTTP2Options.KeepAlive) {
        self.init()
        if options.interval > .zero { interval = TimeAmount(options.interval) }
        timeout = TimeAmount(options.timeout)
        jitter = options.jitter
        if options.idleInterval > .zero { idleInterval = TimeAmount(options.idleInterval) }
    }
}
