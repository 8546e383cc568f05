// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a socket's user hears, and what its peer sees.

#if os(Linux)
import NIOCore
import TestSupport
import Testing

@testable import UnderstudyHTTP

@Suite struct EpollTransportTests {
    /// Connects a client to a server with one witness.
    private func withConnection(
        buffered: Int = 64 * 1024,
        received: @escaping @Sendable (TransportWitness, ByteBuffer) -> Void = { _, _ in },
        _ body: (RawConnection, Watched<TransportWitness.Seen>, NIOLoopBound<Held>) async throws -> Void
    ) async throws {
        let loop = try EpollLoop(name: "test")
        let seen = Watched(TransportWitness.Seen())
        let held = try await loop.submit { NIOLoopBound(Held(), eventLoop: loop) }.get()
        let listener = try await ServerListener.bind(
            to: try SocketAddress(ipAddress: "127.0.0.1", port: 0),
            group: loop,
            bufferedBytes: buffered
        ) { _, transport, _, _ in
            let witness = TransportWitness(transport, seen, received: received)
            transport.attach(witness)
            held.value.witness = witness
        }
        let client = try await RawConnection.connect(to: listener.localAddress?.port ?? 0)
        try await seen.wait("the connection") { $0.isConnected }
        try await body(client, seen, held)
        client.close()
        try await listener.close()
        try await loop.shutdownGracefully()
        #expect(!seen.current.wasInterrupted)
    }

    /// The client at the other end reads HTTP.
    private static func answer(_ count: Int) -> ByteBuffer {
        var bytes = ByteBuffer(string: "HTTP/1.1 200 OK\r\ncontent-length: \(count)\r\n\r\n")
        bytes.writeRepeatingByte(0x61, count: count)
        return bytes
    }

    private final class Held {
        var witness: TransportWitness?

        func call(_ body: (any Transport) -> Void) { witness?.call(body) }
    }

    private func on(_ held: NIOLoopBound<Held>, _ body: @escaping @Sendable (any Transport) -> Void) async throws {
        try await held.eventLoop.submit { held.value.call(body) }.get()
    }

    @Test func `what the system does not take of bytes that are sent at once leaves later, before all that follows`()
        async throws
    {
        try await withConnection { client, seen, held in
            let answer = Self.answer(24 << 20)
            try await on(held) { transport in
                transport.send(answer.getSlice(at: 0, length: 20 << 20) ?? ByteBuffer())
                #expect(transport.queuedBytes > 0)
                #expect(!transport.isWritable)
                transport.send(answer.getSlice(at: 20 << 20, length: answer.readableBytes - (20 << 20)) ?? ByteBuffer())
            }
            try await client.seen.wait("the answer", within: Patience.bulk) { $0.bytes == answer.readableBytes }
            try await seen.wait("room") { $0.writability.last == true }
            try await on(held) { #expect($0.queuedBytes == 0 && $0.isWritable) }
        }
    }

    @Test func `megabytes come back as they were sent`() async throws {
        try await withConnection(received: { witness, bytes in
            witness.call {
                $0.write(bytes)
                $0.flush()
            }
        }) { client, seen, _ in
            let answer = Self.answer(8 << 20)
            client.push(answer)
            try await client.seen.wait("the echo", within: Patience.bulk) { $0.bytes == answer.readableBytes }
            #expect(seen.current.bytes == answer.readableBytes)
        }
    }

    @Test func `a peer that does not read is told as backed up, and as ready again when it has read`() async throws {
        try await withConnection(buffered: 100_000) { client, seen, held in
            client.setReading(false)
            let answer = Self.answer(16 << 20)
            try await on(held) { transport in
                transport.write(answer)
                transport.flush()
                #expect(!transport.isWritable)
                #expect(transport.queuedBytes > 100_000)
            }
            try await seen.wait("being backed up") { $0.writability == [false] }
            client.setReading(true)
            try await seen.wait("being ready again", within: Patience.bulk) { $0.writability == [false, true] }
            try await client.seen.wait("all bytes", within: Patience.bulk) { $0.bytes == answer.readableBytes }
        }
    }

    @Test func `nothing is read while nobody wants to read`() async throws {
        try await withConnection { client, seen, held in
            try await on(held) { $0.setReading(false) }
            client.push("early")
            // The loop has had its turn when it has answered.
            for _ in 0..<20 { try await on(held) { _ in } }
            #expect(seen.current.bytes == 0)
            try await on(held) { $0.setReading(true) }
            try await seen.wait("what was held back") { $0.bytes == 5 }
        }
    }

    @Test func `a peer's end is told once, after everything that came before it`() async throws {
        try await withConnection { client, seen, _ in
            try await client.send("last words")
            client.close()
            try await seen.wait("the end") { !$0.ends.isEmpty }
            #expect(seen.current.bytes == 10)
            #expect(seen.current.ends == [.closedByPeer])
        }
    }

    @Test func `a peer's end is told even if nobody reads`() async throws {
        try await withConnection { client, seen, held in
            try await on(held) { $0.setReading(false) }
            try await client.send("last words")
            client.close()
            try await seen.wait("the end") { !$0.ends.isEmpty }
            #expect(seen.current.bytes == 10)
        }
    }

    @Test func `what was queued leaves before the connection is closed`() async throws {
        try await withConnection { client, seen, held in
            let answer = Self.answer(8 << 20)
            client.setReading(false)
            try await on(held) { transport in
                transport.write(answer)
                transport.closeAfterFlush(linger: .milliseconds(1))
            }
            client.setReading(true)
            let last = try await client.end(within: Patience.bulk)
            #expect(last.bytes == answer.readableBytes)
            #expect(last.end == .closed)
            #expect(seen.current.ends == [.closedByPeer])
        }
    }

    @Test func `a connection that is reset is seen as that`() async throws {
        try await withConnection { client, seen, held in
            try await on(held) { $0.reset() }
            let last = try await client.end()
            #expect(last.end == .reset)
            #expect(seen.current.ends.isEmpty)
        }
    }

    @Test func `whoever has closed hears nothing any more`() async throws {
        try await withConnection { client, seen, held in
            try await on(held) { transport in
                transport.write(ByteBuffer(string: "lost"))
                transport.close()
                #expect(!transport.isConnected)
                transport.write(ByteBuffer(string: "lost"))
                transport.flush()
                transport.setReading(true)
                transport.close()
            }
            try await client.end()
            #expect(seen.current.ends.isEmpty)
        }
    }

    @Test func `a peer that does not take its last bytes keeps the connection until it leaves`() async throws {
        try await withConnection { client, seen, held in
            let answer = Self.answer(16 << 20)
            client.setReading(false)
            try await on(held) { transport in
                transport.write(answer)
                transport.closeAfterFlush(linger: .zero)
            }
            // The loop has had its turns when it has answered.
            for _ in 0..<20 { try await on(held) { _ in } }
            #expect(seen.current.ends.isEmpty)
            client.reset()
            try await seen.wait("the end") { !$0.ends.isEmpty }
            #expect(seen.current.ends == [.reset])
        }
    }

    @Test func `what is written to a peer that has gone counts as that, whatever the loop has heard`() async throws {
        try await withConnection { client, seen, held in
            try await on(held) { transport in
                client.reset()
                // The loop is kept from seeing it.
                while client.seen.current.end == nil {}
                transport.write(ByteBuffer(string: "lost"))
                transport.flush()
            }
            try await seen.wait("the end") { !$0.ends.isEmpty }
            #expect(seen.current.ends == [.writeFailed])
        }
    }

    @Test func `tasks that never end do not keep sockets from their turn`() async throws {
        try await withConnection(received: { witness, bytes in
            witness.call {
                $0.write(bytes)
                $0.flush()
            }
        }) { client, _, held in
            let isOver = Watched(false)
            @Sendable func again() {
                if !isOver.current { held.eventLoop.execute(again) }
            }
            for _ in 0..<50_000 { held.eventLoop.execute(again) }
            let answer = Self.answer(100_000)
            client.push(answer)
            try await client.seen.wait("the echo", within: Patience.bulk) { $0.bytes == answer.readableBytes }
            isOver.update { $0 = true }
        }
    }
}
#endif
