// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What becomes of a connection that is asked for, and who hears of it.

#if os(Linux)
import Glibc
import NIOCore
import TestSupport
import Testing

@testable import UnderstudyHTTP

@Suite struct EpollConnectTests {
    /// On one loop.
    private final class Attempt {
        let transport: EpollTransport

        init(_ loop: EpollLoop, _ seen: Watched<TransportWitness.Seen>) {
            transport = EpollTransport(EpollSocket(loop, readSize: .upstream))
            transport.attach(TransportWitness(transport, seen))
        }
    }

    private func withAttempt(
        _ body: (EpollLoop, NIOLoopBound<Attempt>, Watched<TransportWitness.Seen>) async throws -> Void
    ) async throws {
        let loop = try EpollLoop(name: "test")
        let seen = Watched(TransportWitness.Seen())
        let attempt = try await loop.submit { NIOLoopBound(Attempt(loop, seen), eventLoop: loop) }.get()
        try await body(loop, attempt, seen)
        try await loop.shutdownGracefully()
    }

    /// - Returns: Why not; `nil` if it is connected.
    private func connect(
        _ attempt: NIOLoopBound<Attempt>,
        to port: Int,
        within timeout: TimeAmount = .seconds(10)
    ) async throws -> (any Error)? {
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: port)
        do {
            try await attempt.eventLoop.flatSubmit {
                attempt.value.transport.connect(to: address, SocketOptions(connectTimeout: timeout))
            }.get()
            return nil
        } catch {
            try await attempt.eventLoop.submit { attempt.value.transport.connectFailed(error) }.get()
            return error
        }
    }

    @Test func `a port that nobody listens on refuses`() async throws {
        try await withAttempt { loop, attempt, seen in
            let error = try await connect(attempt, to: ScriptedUpstream.closedPort)
            #expect((error as? IOError)?.errnoCode == ECONNREFUSED)
            #expect(seen.current.ends == [.couldNotConnect])
            #expect(try await loop.submit { attempt.value.transport.connectError }.get() == .system(ECONNREFUSED))
        }
    }

    @Test func `a peer that does not answer has its time and no more`() async throws {
        let hole = try await BlackHole.open()
        try await withAttempt { _, attempt, seen in
            let error = try await connect(attempt, to: hole.port, within: .milliseconds(50))
            guard case .connectTimeout? = error as? ChannelError else {
                Issue.record("it failed with \(String(describing: error))")
                return
            }
            #expect(seen.current.ends == [.connectTimedOut])
        }
        await hole.close()
    }

    @Test func `a socket that was refused connects when it is asked again`() async throws {
        let upstream = try await ScriptedUpstream.start(.silent)
        try await withAttempt { loop, attempt, seen in
            let refusing = try SocketAddress(ipAddress: "127.0.0.1", port: ScriptedUpstream.closedPort)
            await #expect(throws: IOError.self) {
                try await loop.flatSubmit {
                    attempt.value.transport.connect(to: refusing, SocketOptions(connectTimeout: .seconds(1)))
                }.get()
            }
            #expect(seen.current.ends.isEmpty)
            #expect(try await connect(attempt, to: upstream.port) == nil)
            try await seen.wait("a connection") { $0.isConnected }
            let connection = try await upstream.connection()
            connection.push("hello")
            try await seen.wait("its bytes") { $0.bytes == 5 }
        }
        await upstream.stop()
    }

    @Test func `whoever closes while it connects hears nothing any more`() async throws {
        let hole = try await BlackHole.open()
        try await withAttempt { loop, attempt, seen in
            let address = try SocketAddress(ipAddress: "127.0.0.1", port: hole.port)
            let future = try await loop.submit {
                let options = SocketOptions(connectTimeout: .hours(1))
                let future = attempt.value.transport.connect(to: address, options)
                attempt.value.transport.close()
                return future
            }.get()
            await #expect(throws: ChannelError.ioOnClosedChannel) { try await future.get() }
            #expect(!seen.current.isConnected && seen.current.ends.isEmpty)
        }
        await hole.close()
    }
}
#endif
