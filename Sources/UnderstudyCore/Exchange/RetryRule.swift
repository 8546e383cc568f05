// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A retry policy arranged for the request path.

extension RetryPolicy.Conditions {
    /// The conditions of a comma list, without those that nobody knows.
    ///
    /// - Source: Envoy `retry_on`; Envoy 1.40 accepts unknown names and ignores them.
    public init(names: String) {
        let bytes = Array(names.utf8)
        self.init(names: bytes.span, 0..<bytes.count)
    }

    init(names bytes: Span<UInt8>, _ range: Range<Int>) {
        self = []
        for name in HeaderToken.elements(bytes, range) {
            for (known, condition) in Self.known where name == known { insert(condition) }
        }
    }

    /// Those that speak of gRPC's own status.
    static let anyGRPC: RetryPolicy.Conditions = [
        .grpcCancelled, .grpcDeadlineExceeded, .grpcInternal, .grpcResourceExhausted, .grpcUnavailable,
    ]

    private static let names: [(String, RetryPolicy.Conditions)] = [
        ("5xx", .serverError), ("gateway-error", .gatewayError), ("reset", .reset),
        ("reset-before-request", .resetBeforeRequest), ("connect-failure", .connectFailure),
        ("retriable-4xx", .retriable4xx), ("refused-stream", .refusedStream),
        ("retriable-status-codes", .retriableStatusCodes), ("retriable-headers", .retriableHeaders),
        ("envoy-ratelimited", .envoyRateLimited), ("http3-post-connect-failure", .http3PostConnectFailure),
        ("cancelled", .grpcCancelled), ("deadline-exceeded", .grpcDeadlineExceeded),
        ("internal", .grpcInternal), ("resource-exhausted", .grpcResourceExhausted),
        ("unavailable", .grpcUnavailable),
    ]

    private static let known = names.map { (Array($0.0.utf8), $0.1) }
}

/// A `RetryPolicy` whose matchers are compiled.
public final class RetryRule: Sendable {
    public let policy: RetryPolicy
    let retriableHeaders: [HeaderMatcher]
    let retriableRequestHeaders: [HeaderMatcher]
    let resetHeaders: [(name: [UInt8], isTimestamp: Bool)]
    /// Milliseconds, at least one.
    let backOffBase: UInt64
    /// Milliseconds, at least the base.
    let backOffMaximum: UInt64
    /// Milliseconds.
    let resetMaximum: UInt64

    public init(_ policy: RetryPolicy) {
        self.policy = policy
        retriableHeaders = policy.retriableHeaders.map { HeaderMatcher($0) }
        retriableRequestHeaders = policy.retriableRequestHeaders.map { HeaderMatcher($0) }
        resetHeaders = policy.resetHeaders.map { ($0.name.utf8.map(HeaderToken.lowercased), $0.isTimestamp) }
        backOffBase = max(1, policy.backOffBase.wholeMilliseconds)
        backOffMaximum = max(backOffBase, policy.backOffMaximum.wholeMilliseconds)
        resetMaximum = policy.resetMaximum.wholeMilliseconds
    }

    /// For requests that ask for retries on a route that does not.
    static let byHeadersAlone = RetryRule(RetryPolicy())
}

extension Duration {
    fileprivate var wholeMilliseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (thousands, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1000)
        // Safe: less than a thousand is added to what is at most the largest multiple of a thousand.
        return overflow ? UInt64.max : thousands &+ UInt64(attoseconds) / 1_000_000_000_000_000
    }
}
