// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// From SIGTERM to the end: requests in flight are finished, new ones are not begun, and nothing waits for ever.

internal import TestSupport
internal import Testing

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

@Suite(.timeLimit(.minutes(5)))
struct DrainTests {
    @Test(arguments: [SIGTERM, SIGINT])
    func `a request in flight ends well, and then the process does`(signal: Int32) async throws {
        let arguments = ["--concurrency", "1"]
        try await Stage.run(
            primary: .silent,
            mirrors: [.answers()],
            arguments: arguments,
            staysAlive: false
        ) { stage in
            let idle = try await stage.connect()
            let client = try await stage.connect()
            try await client.send("GET /slow HTTP/1.1\r\nhost: h\r\n\r\n")
            try await stage.primary.complete(1)
            stage.proxy.signal(signal)
            try await Self.refusesConnections(stage)
            // The loop that serves both is draining.
            try await idle.end()
            #expect(stage.proxy.output.current.code == nil)

            try await stage.primary.connection().send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            let answer = try await client.answer()
            #expect(answer.status == 200)
            #expect(answer.body == "ok")
            #expect(answer.value("connection") == "close")
            try await client.end()
            #expect(try await stage.proxy.end().code == 0)
        }
    }

    @Test func `an upload in flight is taken to its end`() async throws {
        try await Stage.run(primary: .answers(), mirrors: [.answers()], staysAlive: false) { stage in
            let client = try await stage.connect()
            try await client.send("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 6\r\n\r\nabc")
            try await stage.primary.body(3)
            stage.proxy.signal(SIGTERM)
            try await Self.refusesConnections(stage)
            try await client.send("def")
            #expect(try await client.answer().status == 200)
            #expect(try await stage.mirror.complete(1)[0].body == "abcdef")
            #expect(try await stage.proxy.end().code == 0)
        }
    }

    @Test func `a download in flight arrives whole`() async throws {
        let big = UpstreamBehaviour.answersPattern(BodyPattern.count, chunked: true)
        try await Stage.run(primary: big, staysAlive: false) { stage in
            let client = try await stage.connect()
            client.setReading(false)
            try await client.send("GET / HTTP/1.1\r\nhost: h\r\n\r\n")
            try await stage.primary.complete(1)
            stage.proxy.signal(SIGTERM)
            try await Self.refusesConnections(stage)
            client.setReading(true)
            let answer = try await client.answer(within: Patience.bulk)
            #expect(answer.isIntact && answer.bodyCount == BodyPattern.count, "seed \(BodyPattern.seed)")
            #expect(try await stage.proxy.end().code == 0)
        }
    }

    @Test func `thirty requests in flight all end well`() async throws {
        try await Stage.run(primary: .silent, mirrors: [.answers()], staysAlive: false) { stage in
            var clients: [RawConnection] = []
            for number in 0..<30 {
                let client = try await stage.connect()
                try await client.send("GET /\(number) HTTP/1.1\r\nhost: h\r\n\r\n")
                clients.append(client)
            }
            try await stage.primary.complete(30)
            stage.proxy.signal(SIGTERM)
            try await Self.refusesConnections(stage)
            for index in 0..<30 {
                try await stage.primary.connection(index).send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            }
            for client in clients { #expect(try await client.answer().status == 200) }
            #expect(try await stage.proxy.end().code == 0)
        }
    }

    @Test func `a copy that is nearly done is given a moment after the last client`() async throws {
        try await Stage.run(primary: .answers(), mirrors: [.silent], staysAlive: false) { stage in
            let client = try await stage.connect()
            #expect(try await client.ask("GET / HTTP/1.1\r\nhost: h\r\n\r\n").status == 200)
            try await stage.mirror.complete(1)
            stage.proxy.signal(SIGTERM)
            try await client.end()
            #expect(stage.mirror.record.current.connections[0].end == nil)
            try await stage.mirror.connection().send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            #expect(try await stage.proxy.end().code == 0)
        }
    }

    @Test func `a mirror that never answers does not hold up the end`() async throws {
        try await Stage.run(primary: .answers(), mirrors: [.silent], timeout: "0s", staysAlive: false) { stage in
            let client = try await stage.connect()
            #expect(try await client.ask("GET / HTTP/1.1\r\nhost: h\r\n\r\n").status == 200)
            try await stage.mirror.complete(1)
            client.close()
            let start = ContinuousClock.now
            stage.proxy.signal(SIGTERM)
            #expect(try await stage.proxy.end().code == 0)
            #expect(ContinuousClock.now - start < .seconds(5))
        }
    }

    @Test func `idle clients are let go at once`() async throws {
        try await Stage.run(primary: .answers(), staysAlive: false) { stage in
            let fresh = try await stage.connect()
            let used = try await stage.connect()
            #expect(try await used.ask("GET / HTTP/1.1\r\nhost: h\r\n\r\n").status == 200)
            stage.proxy.signal(SIGTERM)
            #expect(try await fresh.end().messages.isEmpty)
            #expect(try await used.end().messages.count == 1)
            #expect(try await stage.proxy.end().code == 0)
        }
    }

    @Test func `the drain time cuts what takes longer`() async throws {
        let arguments = ["--drain-time-s", "1"]
        try await Stage.run(primary: .silent, arguments: arguments, staysAlive: false) { stage in
            let client = try await stage.connect()
            try await client.send("GET / HTTP/1.1\r\nhost: h\r\n\r\n")
            try await stage.primary.complete(1)
            let start = ContinuousClock.now
            stage.proxy.signal(SIGTERM)
            #expect(try await client.end().completeMessages.isEmpty)
            #expect(ContinuousClock.now - start >= .milliseconds(950))
            try await stage.primary.end()
            #expect(try await stage.proxy.end().code == 0)
            #expect(ContinuousClock.now - start < .seconds(6))
        }
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func `a second signal ends at once`(second: Int32) async throws {
        try await Stage.run(primary: .silent, staysAlive: false) { stage in
            let client = try await stage.connect()
            try await client.send("GET / HTTP/1.1\r\nhost: h\r\n\r\n")
            try await stage.primary.complete(1)
            stage.proxy.signal(SIGTERM)
            try await Self.refusesConnections(stage)
            stage.proxy.signal(second)
            let code = try await stage.proxy.end(within: .seconds(5)).code
            #expect(code == -second || code == 128 + second)
        }
    }

    @Test func `a client that is in the middle of a head may finish it`() async throws {
        let arguments = ["--concurrency", "1"]
        try await Stage.run(primary: .answers(), arguments: arguments, staysAlive: false) { stage in
            let idle = try await stage.connect()
            let client = try await stage.connect()
            try await client.send("GET /1 HTTP/1.1\r\nhost: h\r\n\r\nGET /2 HTTP/1.1\r\nho")
            // The half head came with the request before it, so it has been read.
            #expect(try await client.answer().status == 200)
            stage.proxy.signal(SIGTERM)
            try await idle.end()
            try await client.send("st: h\r\n\r\n")
            let answer = try await client.answer(1)
            #expect(answer.status == 200)
            #expect(answer.value("connection") == "close")
            #expect(try await stage.proxy.end().code == 0)
        }
    }

    /// Waits until the listener is gone.
    private static func refusesConnections(_ stage: Stage) async throws {
        let start = ContinuousClock.now
        while ContinuousClock.now - start < Patience.usual {
            guard let client = try? await stage.connect() else { return }
            // It came in just before the end and is let go.
            client.close()
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("the listener is still open")
    }
}
