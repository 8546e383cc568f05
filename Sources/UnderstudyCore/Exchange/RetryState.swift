// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Whether and when a request to the primary is tried again.

/// The retries of one request as a value.
///
/// The shell asks after every try that did not go well, and keeps clock, dice and budget.
/// - Source: Envoy `RetryPolicy` and the router's `x-envoy-` request headers.
public struct RetryState: Sendable {
    public enum Decision: Equatable, Sendable {
        /// Nothing speaks for a retry: what happened is what the client is told, as in the next two cases.
        case no
        /// No retries are left.
        case limitExceeded
        /// The budget is spent.
        case overflow
        case retry(after: Duration, Pace)
    }

    /// What a wait follows.
    public enum Pace: Equatable, Sendable {
        case atOnce, backOff
        /// The upstream itself.
        case rateLimit
    }

    /// What is known besides the failure.
    public struct Circumstances: Sendable {
        public var random: UInt64
        /// Seconds since 1970.
        public var now: UInt64
        /// Whether another retry may be under way in the cluster.
        public var hasBudget: Bool

        public init(random: UInt64, now: UInt64 = 0, hasBudget: Bool = true) {
            self.random = random
            self.now = now
            self.hasBudget = hasBudget
        }
    }

    private let rule: RetryRule
    private let conditions: RetryPolicy.Conditions
    private let statuses: Set<Int>
    /// Names of headers of which any in the answer speaks for a retry.
    private let headerNames: [HeaderMatcher]
    /// The request arrived before its connection was proven, so 425 is the client's own affair (RFC 8470).
    private let isEarly: Bool
    private var remaining: UInt64
    /// Milliseconds within which the next back-off lies.
    private var interval: UInt64
    /// Retries so far.
    public private(set) var retries = 0

    /// What the route or the cluster wants for this request, and what its own headers want.
    ///
    /// The headers are removed in any case. A client from outside has none left by now.
    /// - Returns: `nil` if nothing could bring about a retry.
    public static func make(_ rule: RetryRule?, head: inout RequestHead) -> RetryState? {
        let wishes = RetryWishes(head)
        if wishes.areThere { head.removeRetryWishes() }
        let rule = rule ?? .byHeadersAlone
        let conditions = rule.policy.conditions.union(wishes.conditions)
        guard !conditions.isEmpty, rule.mayRetry(head) else { return nil }
        return RetryState(rule, conditions, wishes, isEarly: head.headers.firstIndex(named: earlyData) != nil)
    }

    private static let earlyData = Array("early-data".utf8)

    private init(
        _ rule: RetryRule,
        _ conditions: RetryPolicy.Conditions,
        _ wishes: RetryWishes,
        isEarly: Bool
    ) {
        self.rule = rule
        self.conditions = conditions
        self.isEarly = isEarly
        statuses = rule.policy.retriableStatuses.union(wishes.statuses)
        headerNames = rule.retriableHeaders + wishes.headerNames
        remaining = wishes.retries ?? UInt64(max(0, rule.policy.retries))
        interval = rule.backOffBase
    }

    /// The head of an answer arrived.
    public mutating func answered(
        _ head: borrowing ResponseHead,
        _ circumstances: Circumstances
    ) -> Decision {
        switch wish(after: head) {
        case nil: return .no
        case .atOnce?: return decide(circumstances) { _ in (0, .atOnce) }
        default:
            let limit = rule.rateLimit(in: head, now: circumstances.now)
            return decide(circumstances) { state in
                guard let limit else { return (state.nextBackOff(circumstances.random), .backOff) }
                // Safe: the limit is 2 or more, and at most half of it is added to what fits a Duration.
                return (limit + circumstances.random % (limit / 2), .rateLimit)
            }
        }
    }

    /// A try failed before the head of an answer.
    ///
    /// - Parameter hasSent: Whether any byte of the request has been sent.
    public mutating func failed(
        _ failure: UpstreamFailure,
        hasSent: Bool,
        _ circumstances: Circumstances
    ) -> Decision {
        switch failure {
        case .noHealthyUpstream, .overflow, .timeout: return .no
        case .connectFailure, .connectTimeout:
            guard conditions.contains(.connectFailure) || speaksForRetry(hasSent: hasSent) else { return .no }
        case .streamRefused, .goneAway:
            guard conditions.contains(.refusedStream) || speaksForRetry(hasSent: hasSent) else { return .no }
        case .closed, .reset, .streamReset, .protocolError:
            guard speaksForRetry(hasSent: hasSent) else { return .no }
        }
        return decide(circumstances) { ($0.nextBackOff(circumstances.random), .backOff) }
    }

    /// The timeout of a single try passed before the head of an answer.
    public mutating func tryTimedOut(hasSent: Bool, _ circumstances: Circumstances) -> Decision {
        guard speaksForRetry(hasSent: hasSent) else { return .no }
        return decide(circumstances) { ($0.nextBackOff(circumstances.random), .backOff) }
    }

    /// A reset counts as the server error that it would become.
    private func speaksForRetry(hasSent: Bool) -> Bool {
        if !hasSent, conditions.contains(.resetBeforeRequest) { return true }
        return !conditions.isDisjoint(with: [.reset, .serverError, .gatewayError])
    }

    private mutating func decide(
        _ circumstances: Circumstances,
        wait: (inout RetryState) -> (milliseconds: UInt64, pace: Pace)
    ) -> Decision {
        guard remaining > 0 else { return .limitExceeded }
        remaining -= 1
        guard circumstances.hasBudget else { return .overflow }
        retries += 1
        let (milliseconds, pace) = wait(&self)
        return .retry(after: .milliseconds(milliseconds), pace)
    }

    /// A random part of an interval that doubles with every retry.
    private mutating func nextBackOff(_ random: UInt64) -> UInt64 {
        defer { interval = interval < rule.backOffMaximum / 2 ? interval * 2 : rule.backOffMaximum }
        return random % interval
    }

    private func wish(after head: borrowing ResponseHead) -> Pace? {
        if head.headers.firstIndex(named: Self.rateLimited) != nil {
            return conditions.contains(.envoyRateLimited) ? .backOff : nil
        }
        let status = head.status
        if conditions.contains(.serverError), (500..<600).contains(status) { return .backOff }
        if conditions.contains(.gatewayError), (502...504).contains(status) { return .backOff }
        if conditions.contains(.retriable4xx), status == 409 { return .backOff }
        if conditions.contains(.retriableStatusCodes), statuses.contains(status) {
            guard status == 425 else { return .backOff }
            if !isEarly { return .atOnce }
        }
        if conditions.contains(.retriableHeaders), headerNames.contains(where: { $0.matches(response: head) }) {
            return .backOff
        }
        return isRetriableGRPC(head) ? .backOff : nil
    }

    private static let rateLimited = Array("x-envoy-ratelimited".utf8)

    private func isRetriableGRPC(_ head: borrowing ResponseHead) -> Bool {
        guard !conditions.isDisjoint(with: .anyGRPC),
            let line = head.headers.firstIndex(named: Self.grpcStatus)
        else { return false }
        return switch Decimal.lenientUnsigned(head.headers.bytes.span, head.headers.lines[line].value) {
        case 1?: conditions.contains(.grpcCancelled)
        case 4?: conditions.contains(.grpcDeadlineExceeded)
        case 8?: conditions.contains(.grpcResourceExhausted)
        case 13?: conditions.contains(.grpcInternal)
        case 14?: conditions.contains(.grpcUnavailable)
        default: false
        }
    }

    private static let grpcStatus = Array("grpc-status".utf8)
}

extension RetryRule {
    fileprivate func mayRetry(_ head: borrowing RequestHead) -> Bool {
        if retriableRequestHeaders.isEmpty { return true }
        for matcher in retriableRequestHeaders where matcher.matches(request: head) { return true }
        return false
    }

    /// How long the answer asks to wait, in milliseconds; 2 or more.
    ///
    /// - Source: Envoy `RateLimitedRetryBackOff`: the first header with a number that is not too large.
    fileprivate func rateLimit(in head: borrowing ResponseHead, now: UInt64) -> UInt64? {
        for (name, isTimestamp) in resetHeaders {
            guard let line = head.headers.firstIndex(named: name),
                let number = Decimal.lenientUnsigned(head.headers.bytes.span, head.headers.lines[line].value)
            else { continue }
            if isTimestamp, number < now { continue }
            let (milliseconds, overflow) = (isTimestamp ? number - now : number).multipliedReportingOverflow(by: 1000)
            guard !overflow, milliseconds <= resetMaximum else { continue }
            return milliseconds > 1 ? milliseconds : nil
        }
        return nil
    }
}
