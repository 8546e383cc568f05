// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a request may say about its own retries, once nobody from outside can say it any more.

import TestSupport
import Testing
import UnderstudyCore

struct RetryWishesTests {
    private func retries(
        _ lines: [String],
        _ status: Int = 500,
        answer: [String] = [],
        policy: RetryPolicy? = nil
    ) -> Int {
        var head = RequestHead("GET /", ["host: h"] + lines)
        guard var state = RetryState.make(policy.map { RetryRule($0) }, head: &head) else { return 0 }
        let answer = ResponseHead(status: status, answer)
        while state.retries < 100, case .retry = state.answered(answer, .init(random: 0)) {}
        return state.retries
    }

    private var policy: RetryPolicy {
        var policy = RetryPolicy()
        policy.conditions = .serverError
        policy.retries = 2
        return policy
    }

    @Test(arguments: [
        (["x-envoy-retry-on: 5xx"], 1), (["x-envoy-retry-on: bogus, 5xx"], 1), (["x-envoy-retry-on: gateway-error"], 0),
        (["x-envoy-retry-on: gateway-error", "x-envoy-retry-on: 5xx"], 1), (["x-envoy-retry-grpc-on: 5xx"], 0),
        (["x-envoy-retry-on: 5xx", "x-envoy-max-retries: 3"], 3), (["x-envoy-max-retries: 3"], 0), ([], 0),
    ])
    func `a request may ask on its own`(lines: [String], count: Int) {
        #expect(retries(lines) == count)
    }

    @Test(arguments: [
        (["x-envoy-max-retries: 0"], 0), (["x-envoy-max-retries: 5"], 5), (["x-envoy-max-retries: x"], 2),
        (["x-envoy-max-retries: 0", "x-envoy-max-retries: 1"], 2), (["x-envoy-max-retries: "], 2),
    ])
    func `its number wins over the policy's`(lines: [String], count: Int) {
        #expect(retries(lines, policy: policy) == count)
    }

    @Test func `each of the two lists has its own names`() {
        let cancelled = ["grpc-status: 1"]
        #expect(retries(["x-envoy-retry-grpc-on: cancelled"], 200, answer: cancelled) == 1)
        #expect(retries(["x-envoy-retry-on: cancelled"], 200, answer: cancelled) == 0)
    }

    @Test func `statuses and headers may be named`() {
        let codes = ["x-envoy-retry-on: retriable-status-codes", "x-envoy-retriable-status-codes: 1, 418,x"]
        #expect(retries(codes, 418) == 1)
        #expect(retries(codes, 419) == 0)
        let names = ["x-envoy-retry-on: retriable-headers", "x-envoy-retriable-header-names: X-Q, y"]
        #expect(retries(names, 200, answer: ["x-q: 1"]) == 1)
        #expect(retries(names, 200, answer: ["x-z: 1"]) == 0)
    }

    @Test(arguments: [true, false])
    func `no upstream gets to see it`(hasPolicy: Bool) {
        let names = [
            "x-envoy-retry-on", "x-envoy-retry-grpc-on", "x-envoy-max-retries", "x-envoy-retriable-status-codes",
            "x-envoy-retriable-header-names", "x-envoy-hedge-on-per-try-timeout",
            "x-envoy-upstream-rq-per-try-timeout-ms",
        ]
        var head = RequestHead("GET /", ["host: h"] + names.map { "\($0): 1" } + ["x-envoy-upstream-rq-timeout-ms: 1"])
        _ = RetryState.make(hasPolicy ? RetryRule(policy) : nil, head: &head)
        #expect(head.headers.texts == ["host: h", "x-envoy-upstream-rq-timeout-ms: 1"])
    }
}
