// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which endpoint a request goes to: by hash and by priority.

internal import TestSupport
internal import Testing

@Suite(.timeLimit(.minutes(5)))
struct BalancingTests {
    @Test(arguments: ["RING_HASH", "MAGLEV"])
    func `a header's value always leads to the same endpoint`(policy: String) async throws {
        var upstreams: [ScriptedUpstream] = []
        for name in ["a", "b", "c", "d"] { upstreams.append(try await ScriptedUpstream.start(.answers(name))) }
        let hash = "hash_policy: [{ header: { header_name: x-user } }]"
        let configuration = ProxyConfiguration(
            routes: [.init("/", to: "c", settings: [hash])],
            clusters: [.init("c", ports: upstreams.map(\.port), settings: ["lb_policy: \(policy)"])],
            hasAdmin: true
        )
        try await OperatedProxy.run(configuration) { proxy in
            var places: [String: Set<String>] = [:]
            for _ in 0..<3 {
                for user in 0..<16 {
                    let name = "user \(user)"
                    places[name, default: []].insert(try await proxy.ask("/", ["x-user: \(name)"]).body)
                }
            }
            #expect(places.values.allSatisfy { $0.count == 1 }, "\(places)")
            // All of 16 users at one of four endpoints: 4 in 4^16 at random.
            #expect(Set(places.values.flatMap(\.self)).count > 1)
        }
        for upstream in upstreams { await upstream.stop() }
    }

    @Test func `the next priority serves when the first is ill`() async throws {
        let isWell = Watched(true)
        let first = try await ScriptedUpstream.start(
            .answers { request in
                let isIll = request.target == "/check" && !isWell.current
                return "HTTP/1.1 \(isIll ? "503 No" : "200 OK")\r\ncontent-length: 5\r\n\r\nfirst"
            }
        )
        let second = try await ScriptedUpstream.start(.answers("second"))
        let configuration = ProxyConfiguration(
            routes: [.init("/", to: "c")],
            clusters: [
                .init("c", ports: [first.port], settings: [HealthTests.httpChecks], spares: [[second.port]])
            ],
            hasAdmin: true
        )
        try await OperatedProxy.run(configuration) { proxy in
            try await proxy.statistic("cluster.c.membership_healthy") { $0 == 2 }
            #expect(Set(try await HealthTests.bodies(proxy, 10)) == ["first"])
            isWell.update { $0 = false }
            try await proxy.statistic("cluster.c.membership_healthy") { $0 == 1 }
            #expect(Set(try await HealthTests.bodies(proxy, 10)) == ["second"])
            isWell.update { $0 = true }
            try await proxy.statistic("cluster.c.membership_healthy") { $0 == 2 }
            #expect(Set(try await HealthTests.bodies(proxy, 10)) == ["first"])
        }
        await first.stop()
        await second.stop()
    }
}
