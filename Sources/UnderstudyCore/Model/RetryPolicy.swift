// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// When a request to the primary is tried again.

/// Source: Envoy `RetryPolicy`.
package struct RetryPolicy: Sendable, Equatable {
    package struct Conditions: OptionSet, Sendable {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }

        package static let serverError = Conditions(rawValue: 1 << 0)
        package static let gatewayError = Conditions(rawValue: 1 << 1)
        package static let reset = Conditions(rawValue: 1 << 2)
        package static let resetBeforeRequest = Conditions(rawValue: 1 << 3)
        package static let connectFailure = Conditions(rawValue: 1 << 4)
        package static let retriable4xx = Conditions(rawValue: 1 << 5)
        package static let refusedStream = Conditions(rawValue: 1 << 6)
        package static let retriableStatusCodes = Conditions(rawValue: 1 << 7)
        package static let retriableHeaders = Conditions(rawValue: 1 << 8)
        package static let envoyRateLimited = Conditions(rawValue: 1 << 9)
        package static let http3PostConnectFailure = Conditions(rawValue: 1 << 10)
        package static let grpcCancelled = Conditions(rawValue: 1 << 11)
        package static let grpcDeadlineExceeded = Conditions(rawValue: 1 << 12)
        package static let grpcInternal = Conditions(rawValue: 1 << 13)
        package static let grpcResourceExhausted = Conditions(rawValue: 1 << 14)
        package static let grpcUnavailable = Conditions(rawValue: 1 << 15)
    }

    package var conditions: Conditions = []
    /// Further tries after the first.
    ///
    /// Default 1.
    package var retries = 1
    /// From the end of the request, or from the start of a later try, to the answer's head; `nil` for none.
    package var perTryTimeout: Duration?
    /// Longest silence of the upstream within a try; `nil` for none.
    package var perTryIdleTimeout: Duration?
    package var retriableStatuses: Set<Int> = []
    /// Any of them in the answer.
    package var retriableHeaders: [HeaderMatch] = []
    /// If there are any, one of them has to match the request.
    package var retriableRequestHeaders: [HeaderMatch] = []
    /// Default 25 ms.
    ///
    /// Source: `retry_back_off.base_interval`.
    package var backOffBase = Duration.milliseconds(25)
    /// Default ten times the base.
    ///
    /// Source: `retry_back_off.max_interval`.
    package var backOffMaximum = Duration.milliseconds(250)
    /// Headers of the answer that say how long to wait, in order.
    package var resetHeaders: [ResetHeader] = []
    /// Longest wait that such a header may ask for; default 300 s.
    package var resetMaximum = Duration.seconds(300)
    /// Prefers endpoints that have not been tried, with this many picks.
    ///
    /// 0 takes any. Source: `retry_host_predicate` of previous hosts, `host_selection_retry_max_attempts`.
    package var otherHostPicks = 0

    /// Source: Envoy `RetryPolicy.ResetHeader`.
    package struct ResetHeader: Sendable, Equatable {
        /// Lower case.
        package var name: String
        /// The value is a time of the clock rather than a number of seconds from now.
        package var isTimestamp: Bool

        package init(name: String, isTimestamp: Bool) {
            self.name = name
            self.isTimestamp = isTimestamp
        }
    }

    package init() {}
}
