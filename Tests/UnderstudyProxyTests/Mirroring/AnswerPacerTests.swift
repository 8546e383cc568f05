// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A mirror's huge answer is read as the loop has time for it, over real sockets.

import NIOCore
import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyProxy

@Suite(.timeLimit(.minutes(5)))
struct AnswerPacerTests {
    /// More than all the sockets' buffers on the way can take, and than is read before the first pause.
    private static let huge = ByteBuffer(repeating: UInt8(ascii: "x"), count: 12 << 20)

    /// Answers with more than is ever read at this rate.
    private static let flood = answers(huge)

    private static func answers(_ body: ByteBuffer, of length: Int? = nil) -> UpstreamBehaviour {
        var behaviour = UpstreamBehaviour()
        behaviour.onEnd = { _, connection in
            connection.push("HTTP/1.1 200 OK\r\ncontent-length: \(length ?? body.readableBytes)\r\n\r\n")
            connection.push(body)
        }
        return behaviour
    }

    private static func slow(_ configuration: inout ServerConfiguration) {
        configuration.mirroring.total.answerBytesPerSecond = 16 * 1024
        configuration.action.timeout = .zero
    }

    /// The mirror's connection once the proxy has ceased to read.
    private static func paused(_ rig: RunningServer) async throws -> RawConnection {
        #expect(try await rig.ask().status == 200)
        let mirror = try await rig.mirrors[0].connection()
        try await eventually("bytes that are not taken") { try await mirror.unsentBytes() > 0 }
        #expect(rig.counts().inFlight == 1)
        return mirror
    }

    @Test func `an answer that is too fast is held back, and goes on when there is time for it`() async throws {
        var configuration: ServerConfiguration?
        try await RunningServer.run(mirrors: [Self.flood]) { settings, _ in
            Self.slow(&settings)
            configuration = settings
        } _: { rig async throws in
            _ = try await Self.paused(rig)
            // Clients notice nothing of it.
            for _ in 0..<3 { #expect(try await rig.ask("/other").status == 200) }
            var faster = try #require(configuration)
            faster.mirroring.total.answerBytesPerSecond = 1 << 40
            try await rig.server.replace(with: faster, time: 0)
            let counts = try await rig.settled()
            #expect(counts[.ok] == 4)
            #expect(counts.isBalanced)
            #expect(rig.server.mirroring().connections.used <= 4)
        }
    }

    @Test func `a mirror that resets while it is held back is forgotten`() async throws {
        try await RunningServer.run(mirrors: [Self.flood]) { settings, _ in
            Self.slow(&settings)
        } _: { rig async throws in
            try await Self.paused(rig).reset()
            #expect(try await rig.settled()[.reset] == 1)
            try await eventually("no connection") { rig.server.mirroring().connections.used == 0 }
        }
    }

    @Test func `a mirror that closes while it is held back is forgotten`() async throws {
        // As much as the system takes although nobody reads.
        let some = Self.answers(ByteBuffer(repeating: UInt8(ascii: "x"), count: 128 << 10), of: 1 << 20)
        try await RunningServer.run(mirrors: [some]) { settings, _ in
            Self.slow(&settings)
        } _: { rig async throws in
            #expect(try await rig.ask().status == 200)
            let mirror = try await rig.mirrors[0].connection()
            try await rig.mirrors[0].complete(1)
            try await eventually("a pause") { try await Self.queue(rig).paused == 1 }
            mirror.close()
            #expect(try await rig.settled()[.reset] == 1)
            try await eventually("no connection") { rig.server.mirroring().connections.used == 0 }
        }
    }

    /// Of the only worker: copies that are held back, and places in its queue.
    private static func queue(_ rig: RunningServer) async throws -> (paused: Int, length: Int) {
        let worker = rig.server.workers[0]
        return try await worker.eventLoop.submit {
            (worker.value.pacer.pausedCount, worker.value.pacer.queueLength)
        }.get()
    }

    @Test func `a copy whose time is over while it is held back is forgotten`() async throws {
        try await RunningServer.run(mirrors: [Self.flood]) { settings, _ in
            Self.slow(&settings)
            settings.action.mirrorLimits.timeout = .seconds(1)
        } _: { rig async throws in
            #expect(try await rig.ask().status == 200)
            try await rig.mirrors[0].end()
            let counts = try await rig.settled()
            #expect(counts[.cutHeldBack] == 1)
            try await eventually("no connection") { rig.server.mirroring().connections.used == 0 }
        }
    }

    @Test func `copies that end while they are held back leave nothing in the queue`() async throws {
        let some = Self.answers(ByteBuffer(repeating: UInt8(ascii: "x"), count: 64 << 10))
        try await RunningServer.run(mirrors: [some]) { settings, _ in
            Self.slow(&settings)
            settings.action.mirrorLimits.timeout = .milliseconds(50)
        } _: { rig async throws in
            for _ in 0..<300 { #expect(try await rig.ask().status == 200) }
            let counts = try await rig.settled()
            // One whose time is over before anything of it was read is the mirror's own time-out.
            #expect(counts[.cutHeldBack] + counts[.timeout] == 300)
            #expect(counts[.cutHeldBack] > 0)
            let (paused, length) = try await Self.queue(rig)
            #expect(paused == 0)
            #expect(length <= 130)
        }
    }

    @Test func `a debt is no more than a second's worth`() {
        var pace = AnswerPace(rate: 1_000_000, now: 0)
        for _ in 0..<1_000 { _ = pace.spend(16 * 1024) }
        #expect(pace.available == -1_000_000)
        pace.advance(to: 1_000_000_001)
        pace.advance(to: 1_100_000_000)
        #expect(pace.isOpen)
    }
}
