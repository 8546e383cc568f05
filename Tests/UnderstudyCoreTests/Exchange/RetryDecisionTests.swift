// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A request may go out twice only if nobody can tell.

import Testing
import UnderstudyCore

struct RetryDecisionTests {
    private func mayRetry(
        _ method: UnderstudyCore.Method = .get,
        _ framing: BodyFraming = .none,
        _ failure: UpstreamFailure = .closed,
        reused: Bool = true
    ) -> Bool {
        RetryDecision.mayRetry(method: method, framing: framing, failure: failure, connectionWasReused: reused)
    }

    @Test func `an idempotent request without a body may, after a stale connection closed`() {
        #expect(mayRetry())
    }

    @Test(
        arguments: [
            (.get, true), (.head, true), (.put, true), (.delete, true), (.options, true), (.trace, true),
            (.post, false), (.patch, false), (.connect, false), (.other, false),
        ] as [(UnderstudyCore.Method, Bool)]
    )
    func `the method decides`(method: UnderstudyCore.Method, expected: Bool) {
        #expect(mayRetry(method) == expected)
        #expect(method.isIdempotent == expected)
    }

    @Test(arguments: [BodyFraming.length(1), .chunked])
    func `a request with a body is not sent again`(framing: BodyFraming) {
        #expect(!mayRetry(.put, framing))
    }

    @Test(arguments: UpstreamFailure.allCases)
    func `only an orderly end is taken for a stale connection`(failure: UpstreamFailure) {
        #expect(mayRetry(.get, .none, failure) == (failure == .closed || failure == .goneAway))
    }

    @Test func `what the upstream says it has not looked at goes again, whatever the method`() {
        #expect(mayRetry(.post, .none, .goneAway))
        #expect(!mayRetry(.post, .length(1), .goneAway))
        #expect(!mayRetry(.get, .none, .streamRefused))
        #expect(!mayRetry(.get, .none, .goneAway, reused: false))
    }

    @Test func `a first request on its connection is not sent again`() {
        #expect(!mayRetry(reused: false))
    }
}
