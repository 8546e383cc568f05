// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// When a request is tried again, and after how long.

import TestSupport
import Testing
import UnderstudyCore

struct RetryStateTests {
    private func fresh(
        _ names: String,
        request lines: [String] = [],
        _ change: (inout RetryPolicy) -> Void = { _ in }
    ) -> RetryState? {
        var policy = RetryPolicy()
        policy.conditions = RetryPolicy.Conditions(names: names)
        change(&policy)
        var head = RequestHead("GET /", ["host: h"] + lines)
        return RetryState.make(RetryRule(policy), head: &head)
    }

    /// Whether an answer brings about a retry.
    private func retries(
        _ names: String,
        _ status: Int,
        _ lines: [String] = [],
        request: [String] = [],
        _ change: (inout RetryPolicy) -> Void = { _ in }
    ) -> Bool {
        guard var state = fresh(names, request: request, change) else { return false }
        let decision = state.answered(ResponseHead(status: status, lines), .init(random: 0))
        return decision != .no
    }

    private func retries(_ names: String, _ failure: UpstreamFailure, hasSent: Bool) -> Bool {
        guard var state = fresh(names) else { return false }
        return state.failed(failure, hasSent: hasSent, .init(random: 0)) != .no
    }

    private func wait(_ decision: RetryState.Decision) -> Duration? {
        guard case .retry(let wait, _) = decision else { return nil }
        return wait
    }

    @Test(arguments: [
        ("5xx", 500, true), ("5xx", 599, true), ("5xx", 404, false), ("5xx", 200, false), ("gateway-error", 500, false),
        ("gateway-error", 502, true), ("gateway-error", 503, true), ("gateway-error", 504, true),
        ("gateway-error", 505, false), ("retriable-4xx", 409, true), ("retriable-4xx", 404, false),
        ("retriable-status-codes", 404, true), ("retriable-status-codes", 405, false), ("reset", 503, false),
        ("connect-failure", 503, false), ("", 503, false),
    ])
    func `a status`(names: String, status: Int, expected: Bool) {
        #expect(retries(names, status) { $0.retriableStatuses = [404] } == expected)
    }

    @Test func `an upstream that limits its rate decides alone`() {
        let limited = ["x-envoy-ratelimited: true"]
        #expect(!retries("5xx", 503, limited))
        #expect(retries("5xx,envoy-ratelimited", 503, limited))
        #expect(retries("envoy-ratelimited", 200, limited))
        #expect(!retries("envoy-ratelimited", 503))
    }

    @Test(arguments: [
        ("cancelled", "1", true), ("deadline-exceeded", "4", true), ("resource-exhausted", "8", true),
        ("internal", "13", true), ("unavailable", "14", true), ("unavailable", "13", false),
        ("unavailable", "0", false),
        ("unavailable", "x", false), ("5xx", "14", false),
    ])
    func `a status of gRPC`(names: String, status: String, expected: Bool) {
        #expect(retries(names, 200, ["grpc-status: \(status)"]) == expected)
        #expect(!retries(names, 200))
    }

    @Test func `a header of the answer`() {
        let change: (inout RetryPolicy) -> Void = { policy in
            policy.retriableHeaders = [
                HeaderMatch(name: "x-again", rule: .present(true)),
                HeaderMatch(name: ":status", rule: .string(StringMatcher(.exact("418")))),
            ]
        }
        #expect(retries("retriable-headers", 200, ["x-again: 1"], change))
        #expect(retries("retriable-headers", 418, [], change))
        #expect(!retries("retriable-headers", 200, [], change))
        #expect(!retries("5xx", 200, ["x-again: 1"], change))
    }

    @Test func `a header of the request may be asked for`() {
        let change: (inout RetryPolicy) -> Void = { policy in
            policy.retriableRequestHeaders = [
                HeaderMatch(name: "a", rule: .present(true)), HeaderMatch(name: "b", rule: .present(true)),
            ]
        }
        #expect(!retries("5xx", 500, [], change))
        #expect(retries("5xx", 500, request: ["b: 1"], change))
    }

    @Test func `Too Early is tried at once, unless the client was early itself`() throws {
        let change: (inout RetryPolicy) -> Void = { $0.retriableStatuses = [425] }
        var state = try #require(fresh("retriable-status-codes", change))
        let head = ResponseHead(status: 425, [])
        #expect(state.answered(head, .init(random: 7)) == .retry(after: .zero, .atOnce))
        #expect(!retries("retriable-status-codes", 425, request: ["early-data: 1"], change))
    }

    @Test(
        arguments: [
            ("5xx", .closed, true, true), ("gateway-error", .reset, true, true), ("reset", .protocolError, true, true),
            ("reset-before-request", .closed, true, false), ("reset-before-request", .closed, false, true),
            ("connect-failure", .closed, false, false), ("connect-failure", .connectFailure, false, true),
            ("connect-failure", .connectTimeout, false, true), ("reset-before-request", .connectFailure, false, true),
            ("5xx", .connectFailure, false, true), ("retriable-4xx", .connectFailure, false, false),
            ("refused-stream", .reset, true, false), ("refused-stream", .streamRefused, true, true),
            ("refused-stream", .goneAway, true, true), ("refused-stream", .streamReset, true, false),
            ("reset", .streamReset, true, true), ("connect-failure", .streamRefused, true, false),
            ("reset-before-request", .streamRefused, true, false), ("5xx", .overflow, false, false),
            ("5xx", .noHealthyUpstream, false, false), ("5xx", .timeout, true, false),
        ] as [(String, UpstreamFailure, Bool, Bool)]
    )
    func `a failure`(names: String, failure: UpstreamFailure, hasSent: Bool, expected: Bool) {
        #expect(retries(names, failure, hasSent: hasSent) == expected)
    }

    @Test(arguments: [
        ("5xx", true, true), ("gateway-error", true, true), ("reset", true, true), ("connect-failure", false, false),
        ("reset-before-request", true, false), ("reset-before-request", false, true), ("retriable-4xx", true, false),
    ])
    func `the timeout of a single try is a reset`(names: String, hasSent: Bool, expected: Bool) throws {
        var state = try #require(fresh(names))
        #expect((state.tryTimedOut(hasSent: hasSent, .init(random: 0)) != .no) == expected)
    }

    @Test func `retries are counted, and the budget's refusals with them`() throws {
        var state = try #require(fresh("5xx") { $0.retries = 3 })
        let head = ResponseHead(status: 500, [])
        #expect(state.answered(ResponseHead(status: 200, []), .init(random: 0)) == .no)
        #expect(wait(state.answered(head, .init(random: 0))) == .zero)
        #expect(state.answered(head, .init(random: 0, hasBudget: false)) == .overflow)
        #expect(state.retries == 1)
        #expect(wait(state.failed(.closed, hasSent: true, .init(random: 0))) == .zero)
        #expect(state.answered(head, .init(random: 0)) == .limitExceeded)
        #expect(state.answered(head, .init(random: 0, hasBudget: false)) == .limitExceeded)
        #expect(state.retries == 2)
    }

    @Test func `back-off doubles up to its maximum, and chance takes a part of it`() throws {
        var state = try #require(fresh("5xx") { $0.retries = 10 })
        let head = ResponseHead(status: 500, [])
        let intervals: [UInt64] = [25, 50, 100, 200, 250, 250]
        for interval in intervals {
            #expect(wait(state.answered(head, .init(random: interval * 8 + 24))) == .milliseconds(24))
        }
        var longest = try #require(fresh("5xx") { $0.retries = 10 })
        for interval in intervals {
            let decision = longest.answered(head, .init(random: interval - 1))
            #expect(wait(decision) == .milliseconds(interval - 1))
        }
    }

    @Test(arguments: [(0.0, 0.0), (0.1, 0.1), (5, 1)])
    func `no interval is shorter than a millisecond or than the base`(base: Double, maximum: Double) throws {
        var state = try #require(
            fresh("5xx") { policy in
                policy.retries = 3
                policy.backOffBase = .milliseconds(base)
                policy.backOffMaximum = .milliseconds(maximum)
            }
        )
        let head = ResponseHead(status: 500, [])
        for _ in 0..<3 {
            let decision = state.answered(head, .init(random: UInt64.max))
            #expect(wait(decision).map { $0 < .milliseconds(max(1, base)) } == true)
        }
    }

    @Test(
        arguments: [
            (["retry-after: 2"], 2_000), (["retry-after: 0"], nil), (["retry-after: 301"], nil),
            (["retry-after: x", "x-reset: 1005"], 5_000), (["x-reset: 999"], nil), (["x-reset: 1000"], nil),
            (["retry-after: 301", "x-reset: 1003"], 3_000), (["retry-after: 18446744073709551615"], nil),
            (["retry-after: 0", "x-reset: 1005"], nil), ([], nil),
        ] as [([String], Int?)]
    )
    func `the upstream may say how long to wait`(lines: [String], milliseconds: Int?) throws {
        func decision(_ random: UInt64) throws -> RetryState.Decision {
            var state = try #require(
                fresh("5xx") { policy in
                    policy.resetHeaders = [
                        .init(name: "retry-after", isTimestamp: false), .init(name: "x-reset", isTimestamp: true),
                    ]
                }
            )
            return state.answered(ResponseHead(status: 503, lines), .init(random: random, now: 1_000))
        }
        guard let milliseconds else {
            #expect(try decision(0) == .retry(after: .zero, .backOff))
            return
        }
        #expect(try decision(0) == .retry(after: .milliseconds(milliseconds), .rateLimit))
        // Half as much again is never reached.
        let most = milliseconds + milliseconds / 2 - 1
        #expect(try decision(UInt64(milliseconds / 2 - 1)) == .retry(after: .milliseconds(most), .rateLimit))
        #expect(try decision(UInt64(milliseconds / 2)) == .retry(after: .milliseconds(milliseconds), .rateLimit))
    }

    @Test func `a wait that the upstream asked for leaves the back-off alone`() throws {
        var state = try #require(
            fresh("5xx") { policy in
                policy.retries = 3
                policy.resetHeaders = [.init(name: "retry-after", isTimestamp: false)]
            }
        )
        #expect(wait(state.answered(ResponseHead(status: 503, ["retry-after: 1"]), .init(random: 0))) == .seconds(1))
        #expect(wait(state.answered(ResponseHead(status: 503, []), .init(random: 24))) == .milliseconds(24))
        #expect(wait(state.answered(ResponseHead(status: 503, []), .init(random: 49))) == .milliseconds(49))
    }

    @Test func `without any condition there is no state`() {
        #expect(fresh("") == nil)
        #expect(fresh("bogus") == nil)
    }
}
