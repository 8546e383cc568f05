// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// When a request to the primary is tried again.

/// Source: Envoy `RetryPolicy`.
public struct RetryPolicy: Sendable, Equatable {
    public struct Conditions: OptionSet, Sendable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }

        public static let serverError = Conditions(rawValue: 1 << 0)
        public static let gatewayError = Conditions(rawValue: 1 << 1)
        public static let reset = Conditions(rawValue: 1 << 2)
        public static let resetBeforeRequest = Conditions(rawValue: 1 << 3)
        public static let connectFailure = Conditions(rawValue: 1 << 4)
        public static let retriable4xx = Conditions(rawValue: 1 << 5)
        public static let refusedStream = Conditions(rawValue: 1 << 6)
        public static let retriableStatusCodes = Conditions(rawValue: 1 << 7)
        public static let retriableHeaders = Conditions(rawValue: 1 << 8)
        public static let envoyRateLimited = Conditions(rawValue: 1 << 9)
        public static let http3PostConnectFailure = Conditions(rawValue: 1 << 10)
        public static let grpcCancelled = Conditions(rawValue: 1 << 11)
        public static let grpcDeadlineExceeded = Conditions(rawValue: 1 << 12)
        public static let grpcInternal = Conditions(rawValue: 1 << 13)
        public static let grpcResourceExhausted = Conditions(rawValue: 1 << 14)
        public static let grpcUnavailable = Conditions(rawValue: 1 << 15)
    }

    public var conditions: Conditions = []
    /// Further tries after the first.
    ///
    /// Default 1.
    public var retries = 1
    /// From the end of the request, or from the start of a later try, to the answer's head; `nil` for none.
    public var perTryTimeout: Duration?
    /// Longest silence of the upstream within a try; `nil` for none.
    public var perTryIdleTimeout: Duration?
    public var retriableStatuses: Set<Int> = []
    /// Any of them in the answer.
    public var retriableHeaders: [HeaderMatch] = []
    /// If there are any, one of them has to match the request.
    public var retriableRequestHeaders: [HeaderMatch] = []
    /// Default 25 ms.
    ///
    /// Source: `retry_back_off.base_interval`.
    public var backOffBase = Duration.milliseconds(25)
    /// Default ten times the base.
    ///
    /// Source: `retry_back_off.max_interval`.
    public var backOffMaximum = Duration.milliseconds(250)
    /// Headers of the answer that say how long to wait, in order.
    public var resetHeaders: [ResetHeader] = []
    /// Longest wait that such a header may ask for; default 300 s.
    public var resetMaximum = Duration.seconds(300)
    /// Prefers endpoints that have not been tried, with this many picks.
    ///
    /// 0 takes any. Source: `retry_host_predicate` of previous hosts, `host_selection_retry_max_attempts`.
    public var otherHostPicks = 0

    /// Source: Envoy `RetryPolicy.ResetHeader`.
    public struct ResetHeader: Sendable, Equatable {
        /// Lower case.
        public var name: String
        /// The value is a time of the clock rather than a number of seconds from now.
        public var isTimestamp: Bool

        public init(name: String, isTimestamp: Bool) {
            self.name = name
            self.isTimestamp = isTimestamp
        }
    }

    public init() {}
}
