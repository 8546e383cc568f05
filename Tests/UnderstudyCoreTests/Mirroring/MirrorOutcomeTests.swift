// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The names under which copies are counted are an interface, and every failure has one.

import Testing
import UnderstudyCore

struct MirrorOutcomeTests {
    @Test func `the labels are these, each once`() {
        #expect(
            MirrorOutcome.all.map { "\($0.label)" } == [
                "ok", "http_error", "timeout", "reset", "connect_failure", "protocol_error", "cut_slow",
                "cut_client_left", "cut_primary_ended", "sampled_out", "unknown_cluster", "no_header", "no_host",
                "overflow", "budget", "connect_method", "no_path", "draining",
            ]
        )
        #expect(Set(MirrorOutcome.all).count == MirrorOutcome.all.count)
    }

    @Test(
        arguments: [
            (.noHealthyUpstream, .notSent(.noHost)),
            (.overflow, .notSent(.overflow)),
            (.connectFailure, .connectFailure),
            (.connectTimeout, .connectFailure),
            (.closed, .reset),
            (.reset, .reset),
            (.protocolError, .protocolError),
            (.timeout, .timeout),
        ] as [(UpstreamFailure, MirrorOutcome)]
    )
    func `a failure becomes one outcome`(failure: UpstreamFailure, outcome: MirrorOutcome) {
        #expect(MirrorOutcome(failure) == outcome)
    }

    @Test func `every failure has an outcome that is published`() {
        for failure in UpstreamFailure.allCases {
            #expect(MirrorOutcome.all.contains(MirrorOutcome(failure)))
        }
    }
}
