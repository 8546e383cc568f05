// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The names under which copies are counted are an interface, and every failure has one.

import Testing
import UnderstudyCore

struct MirrorOutcomeTests {
    @Test func `the labels are these, each once`() {
        #expect(
            MirrorOutcome.allCases.map { "\($0.label)" } == [
                "ok", "http_error_4xx", "http_error_5xx", "http_error_other", "timeout", "reset", "connect_failure",
                "protocol_error", "cut_slow", "cut_client_left", "cut_primary_ended", "cut_body_too_large",
                "cut_answer_too_large", "cut_held_back", "draining", "sampled_out", "unknown_cluster", "no_header",
                "no_host",
                "overflow", "budget", "body_too_large", "connect_method", "no_path", "primary_not_started",
                "disabled", "untrusted_source", "cluster_not_allowed", "hop_limit",
            ]
        )
        #expect(Set(MirrorOutcome.allCases).count == MirrorOutcome.allCases.count)
    }

    @Test(
        arguments: [
            (.noHealthyUpstream, .noHost),
            (.overflow, .overflow),
            (.connectFailure, .connectFailure),
            (.connectTimeout, .connectFailure),
            (.closed, .reset),
            (.reset, .reset),
            (.streamReset, .reset),
            (.streamRefused, .reset),
            (.goneAway, .reset),
            (.protocolError, .protocolError),
            (.timeout, .timeout),
        ] as [(UpstreamFailure, MirrorOutcome)]
    )
    func `a failure becomes one outcome`(failure: UpstreamFailure, outcome: MirrorOutcome) {
        #expect(MirrorOutcome(failure) == outcome)
    }

    @Test func `every failure has an outcome that is published`() {
        for failure in UpstreamFailure.allCases {
            #expect(MirrorOutcome.allCases.contains(MirrorOutcome(failure)))
        }
    }
}
