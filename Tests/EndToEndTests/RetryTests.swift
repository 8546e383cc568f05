// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Requests that go out again: what is sent, how often, and what becomes of the copies.

internal import TestSupport
internal import Testing
internal import UnderstudyCore

@Suite(.timeLimit(.minutes(5)))
struct RetryTests {
    /// A retry policy of the cluster; that of a mirror's cluster must mean nothing.
    private func policy(backOff: String = "0.001s") -> [String] {
        let type = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
        let policy = "{ retry_on: \"5xx,reset\", num_retries: 2, retry_back_off: { base_interval: \(backOff) } }"
        return [
            """
            typed_extension_protocol_options: { \(type): { "@type": type.googleapis.com/\(type), \
            explicit_http_config: { http_protocol_options: {} }, retry_policy: \(policy) } }
            """
        ]
    }

    private func requests(at upstream: ScriptedUpstream) -> [ObservedMessage] {
        upstream.record.current.connections.flatMap(\.messages)
    }

    private func complete(at upstream: ScriptedUpstream) -> [ObservedMessage] {
        requests(at: upstream).filter(\.isComplete)
    }

    private static let good = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
    private static let bad = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"

    /// Fails this many requests, and answers the others.
    private func failing(_ count: UInt64) -> UpstreamBehaviour {
        let asked = Counter()
        return .answers { _ in
            asked.add()
            return asked.current <= count ? Self.bad : Self.good
        }
    }

    @Test(arguments: Coding.allCases)
    func `a request goes out again with its whole body, and its copy does not`(coding: Coding) async throws {
        try await Stage.run(primary: failing(2), mirrors: [failing(9)], settings: policy()) { stage in
            let client = try await stage.connect()
            let head = "POST / HTTP/1.1\r\nhost: h\r\n\(coding.header(5))\r\n\r\n"
            let answer = try await client.ask(head + coding.piece("12345") + coding.end)
            #expect(answer.status == 200)
            try await stage.primary.complete(3)
            try await stage.mirror.complete(1)
            #expect(requests(at: stage.primary).map(\.body) == ["12345", "12345", "12345"])
            #expect(requests(at: stage.mirror).count == 1)
        }
    }

    @Test func `after the last try the client gets what the primary says`() async throws {
        try await Stage.run(primary: failing(9), settings: policy()) { stage in
            let answer = try await stage.connect().ask("GET / HTTP/1.1\r\nhost: h\r\n\r\n")
            #expect(answer.status == 503)
            #expect(requests(at: stage.primary).count == 3)
        }
    }

    @Test func `a body that is too long to keep is delivered, and not sent again`() async throws {
        let length = 2 << 20
        try await Stage.run(primary: failing(9), settings: policy()) { stage in
            let client = try await stage.connect()
            try await client.send("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: \(length)\r\n\r\n")
            try await client.send(String(repeating: "a", count: length))
            let answer = try await client.answer()
            #expect(answer.status == 503)
            #expect(requests(at: stage.primary).map(\.bodyCount) == [length])
        }
    }

    @Test func `a primary that breaks in mid-body gets the rest with the next try`() async throws {
        let broken = Counter()
        var primary = UpstreamBehaviour.answers()
        primary.onBody = { message, connection in
            guard broken.current == 0, message.bodyCount >= 5 else { return }
            broken.add()
            connection.reset()
        }
        try await Stage.run(primary: primary, mirrors: [.answers()], settings: policy()) { stage in
            let client = try await stage.connect()
            try await client.send("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\n12345")
            try await stage.primary.end()
            try await client.send("67890")
            #expect(try await client.answer().status == 200)
            try await stage.mirror.complete(1)
            #expect(complete(at: stage.primary).map(\.body) == ["1234567890"])
            #expect(complete(at: stage.mirror).map(\.body) == ["1234567890"])
        }
    }

    @Test func `a place among the retries is free again once an answer begins`() async throws {
        let asked = (0..<4).map { _ in Counter() }
        let primary = UpstreamBehaviour.answers { message in
            let number = Int(message.target.dropFirst()) ?? 0
            asked[number].add()
            // The good answer never ends.
            return asked[number].current == 1 ? Self.bad : "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n1"
        }
        try await Stage.run(primary: primary, settings: policy()) { stage in
            for number in asked.indices {
                let client = try await stage.connect()
                try await client.send("GET /\(number) HTTP/1.1\r\nhost: h\r\n\r\n")
                let seen = try await client.seen.wait("an answer", within: .seconds(30)) { !$0.messages.isEmpty }
                #expect(seen.messages.first?.status == 200)
            }
        }
    }

    @Test func `a client that leaves while its request waits for another try is forgotten`() async throws {
        try await Stage.run(primary: failing(1), settings: policy(backOff: "864000s")) { stage in
            let client = try await stage.connect()
            try await client.send("GET /first HTTP/1.1\r\nhost: h\r\n\r\n")
            try await stage.primary.complete(1)
            client.close()
            let answer = try await stage.connect().ask("GET /second HTTP/1.1\r\nhost: h\r\n\r\n")
            #expect(answer.status == 200)
            #expect(complete(at: stage.primary).map(\.target) == ["/first", "/second"])
        }
    }
}
