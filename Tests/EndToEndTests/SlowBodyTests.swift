// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Clients that stop in the middle of a body: they are cut, and so is what they have begun.

internal import TestSupport
internal import Testing

@Suite(.timeLimit(.minutes(5)))
struct SlowBodyTests {
    @Test(arguments: ["stream_idle_timeout: 0.2s", "request_timeout: 0.2s"])
    func `a body that stops is a 408, and neither primary nor mirror has a whole request`(limit: String) async throws {
        let upstreams = [try await ScriptedUpstream.start(.silent), try await ScriptedUpstream.start(.silent)]
        var configuration = ProxyConfiguration(
            routes: [.init("/", to: "primary", mirrors: ["m"])],
            clusters: [.init("primary", ports: [upstreams[0].port]), .init("m", ports: [upstreams[1].port])],
            hasAdmin: true
        )
        configuration.manager = [limit]
        try await OperatedProxy.run(configuration) { proxy in
            let client = try await proxy.connect()
            let answer = try await client.ask("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\nabc")
            #expect(answer.status == 408 && answer.value("connection") == "close")
            try await client.end()
            for upstream in upstreams {
                #expect(try await upstream.end().messages.map(\.isComplete) == [false])
            }
            #expect(try await proxy.book("all[0].m", of: 1).outcomes == ["cut_primary_ended": 1])
        }
        for upstream in upstreams { await upstream.stop() }
    }
}
