// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the proxy holds while somebody is slow, measured from outside.

internal import NIOCore
internal import TestSupport
internal import Testing

@Suite(.timeLimit(.minutes(5)), .enabled(if: ProcessFigures.areThere))
struct MemoryTests {
    /// More than all the sockets' buffers on the way can take.
    private static let bodies = 4

    /// Most that one slow peer may cost.
    ///
    /// In debug builds, with everything that is paged in on first use.
    private static let most = 24 << 20

    @Test func `a primary that does not read stops the client, not the memory`() async throws {
        try await Stage.run(primary: .neverReads) { stage in
            let client = try await stage.connect()
            let before = try ProcessFigures.peakMemory(of: stage.proxy)
            let count = BodyPattern.count * Self.bodies
            try await client.send("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: \(count)\r\n\r\n")
            for _ in 0..<Self.bodies { client.push(BodyPattern.all) }
            let waiting = try await client.unsentBytesAtStandstill()
            #expect(waiting > 0, "the whole upload disappeared somewhere")
            let growth = try ProcessFigures.peakMemory(of: stage.proxy) - before
            #expect(growth < Self.most, "grew by \(growth >> 20) MiB")

            try await stage.primary.connection().setReading(true)
            try await stage.primary.complete(1, within: Patience.bulk)
        }
    }

    @Test func `a client that does not read stops the primary, not the memory`() async throws {
        try await Stage.run(primary: .silent) { stage in
            let client = try await stage.connect()
            client.setReading(false)
            let before = try ProcessFigures.peakMemory(of: stage.proxy)
            try await client.send("GET / HTTP/1.1\r\nhost: h\r\n\r\n")
            try await stage.primary.complete(1)
            let primary = try await stage.primary.connection()
            primary.push("HTTP/1.1 200 OK\r\ncontent-length: \(BodyPattern.count * Self.bodies)\r\n\r\n")
            for _ in 0..<Self.bodies { primary.push(BodyPattern.all) }
            let waiting = try await primary.unsentBytesAtStandstill()
            #expect(waiting > 0, "the whole download disappeared somewhere")
            let growth = try ProcessFigures.peakMemory(of: stage.proxy) - before
            #expect(growth < Self.most, "grew by \(growth >> 20) MiB")

            client.setReading(true)
            #expect(try await client.answer(within: Patience.bulk).bodyCount == BodyPattern.count * Self.bodies)
        }
    }

    @Test func `mirrors that do not read cost their budget and no more`() async throws {
        let clients = 6
        try await Stage.run(primary: .answers(), mirrors: [.neverReads]) { stage in
            let before = try ProcessFigures.peakMemory(of: stage.proxy)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for _ in 0..<clients {
                    tasks.addTask {
                        let client = try await stage.connect()
                        try await client.upload(.length, to: "/")
                        #expect(try await client.answer(within: Patience.bulk).status == 200)
                    }
                }
                try await tasks.waitForAll()
            }
            let growth = try ProcessFigures.peakMemory(of: stage.proxy) - before
            // 4 MiB a copy, and what any six uploads cost.
            #expect(growth < clients * (4 << 20) + Self.most, "grew by \(growth >> 20) MiB")
        }
    }

    @Test func `fast uploads and downloads leave little behind`() async throws {
        try await Stage.run(primary: .answers(), mirrors: [.answers()]) { stage in
            let client = try await stage.connect()
            let before = try ProcessFigures.peakMemory(of: stage.proxy)
            for number in 0..<4 {
                try await client.upload(.chunked, to: "/")
                #expect(try await client.answer(number, within: Patience.bulk).status == 200)
            }
            let growth = try ProcessFigures.peakMemory(of: stage.proxy) - before
            #expect(growth < Self.most, "grew by \(growth >> 20) MiB")
        }
    }
}

extension RawConnection {
    /// Bytes that wait to be sent, once they no longer grow fewer.
    ///
    /// That something has come to rest shows only over time, so this looks several times.
    func unsentBytesAtStandstill() async throws -> Int {
        var last = try await unsentBytes()
        var looksAlike = 0
        while looksAlike < 5 {
            try await Task.sleep(for: .milliseconds(100))
            let now = try await unsentBytes()
            looksAlike = now == last ? looksAlike + 1 : 0
            last = now
        }
        return last
    }
}
