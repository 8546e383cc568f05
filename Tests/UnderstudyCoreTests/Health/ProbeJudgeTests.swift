// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What answers to checks say, and the bytes that are looked for in them.

import TestSupport
import Testing
import UnderstudyCore

struct ProbeJudgeTests {
    private func verdict(
        _ status: Int,
        _ lines: [String] = [],
        body: String = "",
        verifiesCluster: Bool = true,
        _ change: (inout HealthCheck.HTTPProbe) -> Void = { _ in }
    ) -> ProbeJudge.Verdict {
        var probe = HealthCheck.HTTPProbe(path: "/")
        change(&probe)
        var head = ResponseHead()
        head.status = status
        head.headers = HeaderBlock(lines)
        var answer = ProbeAnswer(head)
        answer.body = Array(body.utf8)
        return ProbeJudge(probe).judge(answer, verifiesCluster: verifiesCluster)
    }

    private static let failed = ProbeJudge.Result.failed(isRetriable: false)

    @Test func `only 200 is well unless others are expected`() {
        #expect(verdict(200).result == .healthy)
        for status in [199, 201, 204, 302, 404, 503] { #expect(verdict(status).result == Self.failed) }
        #expect(verdict(200) { $0.expectedStatuses = [201..<203, 404..<405] }.result == Self.failed)
        #expect(verdict(202) { $0.expectedStatuses = [201..<203, 404..<405] }.result == .healthy)
        #expect(verdict(203) { $0.expectedStatuses = [201..<203, 404..<405] }.result == Self.failed)
        #expect(verdict(404) { $0.expectedStatuses = [201..<203, 404..<405] }.result == .healthy)
    }

    @Test func `expected comes before retriable`() {
        #expect(verdict(429) { $0.retriableStatuses = [429..<430] }.result == .failed(isRetriable: true))
        #expect(verdict(200) { $0.retriableStatuses = [200..<300] }.result == .healthy)
    }

    @Test func `degraded and excluded are told by headers, the latter only of a failure`() {
        #expect(verdict(200, ["x-envoy-degraded: "]).result == .degraded)
        #expect(verdict(503, ["x-envoy-immediate-health-check-fail: false"]).isExcluded)
        #expect(!verdict(200, ["x-envoy-immediate-health-check-fail: true"]).isExcluded)
        #expect(!verdict(503).isExcluded)
    }

    @Test func `a body that lacks what is waited for fails whatever the status`() {
        #expect(verdict(200, body: "I am well") { $0.receive = [Array("am".utf8)] }.result == .healthy)
        #expect(verdict(200, body: "I was well") { $0.receive = [Array("am".utf8)] }.result == Self.failed)
        let retriable = verdict(429) {
            $0.receive = [Array("am".utf8)]
            $0.retriableStatuses = [429..<430]
        }
        #expect(retriable.result == Self.failed)
    }

    @Test func `the service's name has to match if there is a matcher`() {
        let name = "x-envoy-upstream-healthchecked-cluster: "
        func wants(_ prefix: String) -> (inout HealthCheck.HTTPProbe) -> Void {
            { $0.serviceName = StringMatcher(.prefix(prefix)) }
        }
        #expect(verdict(200, [name + "locations-1"], wants("locations")).result == .healthy)
        #expect(verdict(200, [name + "locations-1"], wants("locations")).hasVerifiedCluster)
        #expect(verdict(200, [name + "places"], wants("locations")).result == Self.failed)
        #expect(verdict(200, [], wants("locations")).result == Self.failed)
        #expect(verdict(200, verifiesCluster: false, wants("locations")).result == .healthy)
        #expect(!verdict(503, [name + "locations"], wants("locations")).hasVerifiedCluster)
    }

    @Test func `a body is kept only where it is looked at, and never without a bound`() {
        var probe = HealthCheck.HTTPProbe(path: "/")
        #expect(ProbeJudge(probe).bodyLimit == 0)
        probe.receive = [[1]]
        #expect(ProbeJudge(probe).bodyLimit == 1024)
        probe.bodyLimit = 0
        #expect(ProbeJudge(probe).bodyLimit == ProbeJudge.largestBody)
    }

    @Test func `segments are found in their order, with anything between them, and never overlap`() {
        func matches(_ segments: [String], _ bytes: String) -> Bool {
            PayloadMatch.matches(segments.map { Array($0.utf8) }, in: Array(bytes.utf8))
        }
        #expect(matches([], ""))
        #expect(matches(["a", "b"], "xaxxbx"))
        #expect(!matches(["b", "a"], "xaxxbx"))
        #expect(!matches(["ab", "bc"], "abc"))
        #expect(matches(["ab", "bc"], "abbc"))
        #expect(!matches(["aa", "aa"], "aaa"))
        #expect(!matches(["a"], ""))
    }
}
