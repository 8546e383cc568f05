// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which requests are copied, and to which cluster: decided once per request, policy by policy.

import TestSupport
import Testing
import UnderstudyCore

struct MirrorRuleTests {
    private let clusters = NameTable(
        ["service1", "service1-mirror", "a,b"].enumerated().map { (name: Array($0.element.utf8), value: $0.offset) }
    )

    private func decide(
        _ specifier: ClusterSpecifier,
        _ lines: [String] = [],
        start: String = "GET /",
        fraction: Fraction = .always,
        random: UInt64 = 0
    ) -> Result<Int, MirrorOutcome> {
        let policy = MirrorPolicy(cluster: specifier, fraction: RuntimeFraction(fraction))
        let rule = MirrorRule(policy, clusters: clusters)
        return rule.decide(RequestHead(start, ["host: service1"] + lines), clusters: clusters, random: random)
    }

    // MARK: The cluster

    @Test func `a fixed name is the cluster`() {
        #expect(decide(.name("service1-mirror")) == .success(1))
    }

    @Test(arguments: ["missing", "SERVICE1", "service1 ", ""])
    func `a fixed name that no cluster has means no copy`(name: String) {
        #expect(decide(.name(name)) == .failure(.unknownCluster))
    }

    @Test func `a missing header means no copy`() {
        #expect(decide(.header("x-mirror"), ["x-other: service1"]) == .failure(.noHeader))
    }

    @Test(
        arguments: [
            (["x-mirror: service1-mirror"], .success(1)),
            (["x-mirror: service1", "x-mirror: service1-mirror"], .success(0)),
            (["x-mirror: nobody", "x-mirror: service1-mirror"], .failure(.unknownCluster)),
            (["x-mirror: ", "x-mirror: service1-mirror"], .failure(.unknownCluster)),
            (["x-mirror: service1-mirror,service1"], .failure(.unknownCluster)),
            (["x-mirror: Service1"], .failure(.unknownCluster)),
            (["x-mirror-too: service1"], .failure(.noHeader)),
            (["x-mirror: a,b"], .success(2)),
        ] as [([String], Result<Int, MirrorOutcome>)]
    )
    func `the first value counts, exactly as it stands`(
        lines: [String],
        expected: Result<Int, MirrorOutcome>
    ) {
        #expect(decide(.header("x-mirror"), lines) == expected)
    }

    @Test(arguments: [":authority", "Host", "host", "HOST"])
    func `the Host may name the cluster, under both of its names`(header: String) {
        #expect(decide(.header(header)) == .success(0))
    }

    @Test func `the header's name is matched in any case`() {
        #expect(decide(.header("X-Mirror"), ["x-mirror: service1"]) == .success(0))
    }

    @Test(arguments: ["bad header", "", ":path"])
    func `a header that no request can have means no copy`(header: String) {
        #expect(decide(.header(header), ["x-mirror: service1"]) == .failure(.noHeader))
    }

    @Test func `a value of 60 KiB is looked up without harm`() {
        let value = String(repeating: "s", count: 60 * 1024)
        #expect(decide(.header("x-mirror"), ["x-mirror: \(value)"]) == .failure(.unknownCluster))
    }

    // MARK: Who is asked first

    @Test func `CONNECT is never copied`() {
        #expect(decide(.name("service1"), start: "CONNECT h:443") == .failure(.connectMethod))
        #expect(decide(.name("missing"), start: "CONNECT h:443") == .failure(.connectMethod))
    }

    @Test func `the share is drawn before the cluster is looked up`() {
        let never = Fraction(numerator: 0, denominator: 100)
        #expect(decide(.name("missing"), fraction: never) == .failure(.sampledOut))
        #expect(decide(.header("x-mirror"), fraction: never) == .failure(.sampledOut))
    }

    @Test(arguments: ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PURGE"])
    func `every other method is copied`(method: String) {
        #expect(decide(.name("service1"), start: "\(method) /") == .success(0))
    }

    @Test func `an upgrade is copied like any other request`() {
        let lines = ["connection: upgrade", "upgrade: websocket"]
        #expect(decide(.name("service1"), lines) == .success(0))
    }

    @Test func `the runtime may change the share`() {
        let never = RuntimeFraction(Fraction(numerator: 0, denominator: 100), key: "share")
        let rule = MirrorRule(MirrorPolicy(cluster: .name("service1"), fraction: never), clusters: clusters)
        let head = RequestHead("GET /", ["host: h"])
        let runtime = RuntimeSnapshot(["share": RuntimeValue(text: "100", integer: 100)])
        #expect(rule.decide(head, clusters: clusters, random: 99) == .failure(.sampledOut))
        #expect(rule.decide(head, clusters: clusters, random: 99, runtime: runtime) == .success(0))
    }

    @Test func `the literal Host of a policy reaches the rule`() {
        let policy = MirrorPolicy(cluster: .name("service1"), host: .literal("m:1"))
        guard case .literal(let text) = MirrorRule(policy, clusters: clusters).host else {
            Issue.record("not a literal")
            return
        }
        #expect(text == Array("m:1".utf8))
    }
}
