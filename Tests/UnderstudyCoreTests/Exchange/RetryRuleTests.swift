// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What brings about a retry, by the names that a configuration gives it.

import Testing
import UnderstudyCore

struct RetryRuleTests {
    @Test(
        arguments: [
            ("5xx", .serverError), ("gateway-error", .gatewayError), ("reset", .reset),
            ("reset-before-request", .resetBeforeRequest), ("connect-failure", .connectFailure),
            ("retriable-4xx", .retriable4xx), ("refused-stream", .refusedStream),
            ("retriable-status-codes", .retriableStatusCodes), ("retriable-headers", .retriableHeaders),
            ("envoy-ratelimited", .envoyRateLimited), ("http3-post-connect-failure", .http3PostConnectFailure),
            ("cancelled", .grpcCancelled), ("deadline-exceeded", .grpcDeadlineExceeded), ("internal", .grpcInternal),
            ("resource-exhausted", .grpcResourceExhausted), ("unavailable", .grpcUnavailable),
        ] as [(String, RetryPolicy.Conditions)]
    )
    func `every condition has one name`(name: String, condition: RetryPolicy.Conditions) {
        #expect(RetryPolicy.Conditions(names: name) == condition)
        #expect(RetryPolicy.Conditions(names: " reset ,, \(name) ") == condition.union(.reset))
        #expect(RetryPolicy.Conditions(names: name.uppercased()).isEmpty)
    }

    @Test(arguments: ["", ",", "bogus", "5xx gateway-error", "5xxx"])
    func `unknown names are none`(names: String) {
        #expect(RetryPolicy.Conditions(names: names).isEmpty)
    }
}
