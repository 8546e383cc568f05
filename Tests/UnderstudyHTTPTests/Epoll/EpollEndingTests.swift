// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How connections end: by the peer, by their user, and in the midst of what the loop is telling.

#if os(Linux)
import Glibc
import NIOCore
import TestSupport
import Testing

@testable import UnderstudyHTTP

@Suite struct EpollEndingTests {
    private typealias Pair = EpollPair<TransportWitness>

    private func withPair(
        readSize: ReadSize = .client,
        received: @escaping @Sendable (TransportWitness, ByteBuffer) -> Void = { _, _ in },
        changed: @escaping @Sendable (any Transport) -> Void = { _ in },
        _ body: (Pair, Watched<TransportWitness.Seen>) async throws -> Void
    ) async throws {
        let seen = Watched(TransportWitness.Seen())
        try await Pair.with(readSize: readSize) { socket in
            let transport = EpollTransport(socket)
            let witness = TransportWitness(transport, seen, received: received)
            witness.writabilityReaction = changed
            transport.attach(witness)
            return witness
        } _: {
            try await body($0, seen)
        }
        #expect(!seen.current.wasInterrupted)
    }

    /// More than the system takes of one connection.
    private static let much = ByteBuffer(repeating: 0x61, count: 24 << 20)

    /// More than one read takes.
    private static let some = [UInt8](repeating: 0x62, count: 30_000)

    private static let pollEnd = CInt(POLLHUP)

    // MARK: By the peer

    @Test func `a peer that ends its side is gone: what the system has taken arrives, and what is queued is lost`()
        async throws
    {
        try await withPair { pair, seen in
            let taken = try await pair.on { [peer = pair.peer] held in
                held.user.call { $0.write(Self.much) }
                held.user.call { $0.flush() }
                let taken = Self.much.readableBytes - held.socket.queuedBytes
                peer.finishSending()
                return taken
            }
            try await seen.wait("the end") { !$0.ends.isEmpty }
            let got = try await pair.peer.readToEnd()
            #expect(got.end == .closed)
            #expect(taken > 0 && got.bytes >= taken && got.bytes < Self.much.readableBytes)
            #expect(seen.current.ends == [.closedByPeer])
            #expect(seen.current.writability.allSatisfy { !$0 })
        }
    }

    @Test(arguments: [true, false])
    func `a peer's last bytes are told before its end, though both came at once`(isReading: Bool) async throws {
        try await withPair { pair, seen in
            try await pair.on { [peer = pair.peer] held in
                held.user.call { $0.setReading(isReading) }
                try peer.send(Self.some)
                peer.finishSending()
            }
            try await seen.wait("the end") { !$0.ends.isEmpty }
            #expect(seen.current.bytes == Self.some.count)
            #expect(seen.current.ends == [.closedByPeer])
        }
    }

    @Test(arguments: [true, false])
    func `what came before a reset is told first, and the reset once`(isReading: Bool) async throws {
        try await withPair { pair, seen in
            try await pair.on { [peer = pair.peer] held in
                held.user.call { $0.setReading(isReading) }
                try peer.send(Self.some)
                peer.reset()
                try PeerSocket.wait(for: Self.pollEnd, of: held.socket.descriptor)
            }
            try await seen.wait("the end") { !$0.ends.isEmpty }
            #expect(seen.current.bytes == Self.some.count)
            #expect(seen.current.ends == [.reset])
        }
    }

    @Test func `what came before a write that failed is told first`() async throws {
        try await withPair { pair, seen in
            try await pair.on { [peer = pair.peer] held in
                try peer.send(Self.some)
                peer.reset()
                try PeerSocket.wait(for: Self.pollEnd, of: held.socket.descriptor)
                held.user.call { $0.write(ByteBuffer(string: "lost")) }
                held.user.call { $0.flush() }
                #expect(held.socket.hasFailed)
                #expect(held.socket.queuedBytes == 0)
            }
            try await seen.wait("the end") { !$0.ends.isEmpty }
            #expect(seen.current.bytes == Self.some.count)
            #expect(seen.current.ends == [.writeFailed])
        }
    }

    @Test func `a reset while bytes are queued is no invitation to write`() async throws {
        try await withPair { pair, seen in
            try await pair.on { held in
                held.user.call { $0.write(Self.much) }
                held.user.call { $0.flush() }
            }
            try await seen.wait("being backed up") { $0.writability == [false] }
            try await pair.on { [peer = pair.peer] held in
                #expect(held.socket.queuedBytes > 0)
                peer.reset()
                try PeerSocket.wait(for: Self.pollEnd, of: held.socket.descriptor)
            }
            try await seen.wait("the end") { !$0.ends.isEmpty }
            #expect(seen.current.ends == [.reset])
            #expect(seen.current.writability == [false])
            #expect(try await pair.on { $0.socket.queuedBytes } == 0)
        }
    }

    // MARK: By the user

    @Test func `closing at once forgets what is queued, and looks orderly`() async throws {
        try await withPair { pair, seen in
            try await pair.on { held in
                held.user.call { $0.write(Self.much) }
                held.user.call { $0.flush() }
                held.user.call { $0.close() }
            }
            let got = try await pair.peer.readToEnd()
            #expect(got.end == .closed)
            #expect(got.bytes > 0 && got.bytes < Self.much.readableBytes)
            #expect(seen.current.ends.isEmpty && seen.current.writability.isEmpty)
        }
    }

    @Test func `closing behind a flush sends all that is queued, and then the end`() async throws {
        try await withPair { pair, seen in
            try await pair.on { held in
                held.user.call { $0.write(Self.much) }
                held.user.call { $0.closeAfterFlush(linger: .zero) }
            }
            let got = try await pair.peer.readToEnd()
            #expect(got.end == .closed)
            #expect(got.bytes == Self.much.readableBytes)
            try await seen.wait("the end") { !$0.ends.isEmpty }
            #expect(seen.current.ends == [.closedByPeer])
        }
    }

    @Test func `aborting resets the connection, whatever is queued`() async throws {
        try await withPair { pair, seen in
            try await pair.on { held in
                held.user.call { $0.write(Self.much) }
                held.user.call { $0.flush() }
                held.user.call { $0.reset() }
            }
            let got = try await pair.peer.readToEnd()
            #expect(got.end == .reset)
            #expect(got.bytes < Self.much.readableBytes)
            #expect(seen.current.ends.isEmpty && seen.current.writability.isEmpty)
        }
    }

    @Test func `the end of the output comes behind what is queued, and the peer is still heard`() async throws {
        try await withPair { pair, seen in
            try await pair.on { held in
                held.user.call { $0.write(Self.much) }
                held.user.call { $0.endOutput() }
                held.user.call { $0.write(ByteBuffer(string: "too late")) }
                held.user.call { $0.flush() }
            }
            let got = try await pair.peer.readToEnd()
            #expect(got.end == .closed)
            #expect(got.bytes == Self.much.readableBytes)
            try pair.peer.send("more")
            try await seen.wait("what the peer says behind it") { $0.bytes == 4 }
            #expect(seen.current.ends.isEmpty)
            pair.peer.close()
            try await seen.wait("the end") { !$0.ends.isEmpty }
            #expect(seen.current.ends == [.closedByPeer])
        }
    }

    // MARK: From within what the loop tells

    enum Closing: CaseIterable, Sendable {
        case atOnce, abruptly, behindFlush

        func perform(_ transport: any Transport) {
            switch self {
            case .atOnce: transport.close()
            case .abruptly: transport.reset()
            case .behindFlush: transport.closeAfterFlush(linger: .zero)
            }
        }
    }

    @Test(arguments: Closing.allCases)
    func `whoever closes while it is told of bytes hears of no others`(closing: Closing) async throws {
        // Of an upstream several reads are told in a row.
        try await withPair(
            readSize: .upstream,
            received: { witness, _ in witness.call(closing.perform) }
        ) { pair, seen in
            try await pair.on { [peer = pair.peer] _ in try peer.send(Self.some) }
            #expect(try await pair.peer.readToEnd().end != .none)
            try await pair.pass()
            #expect(seen.current.bytes == (closing == .behindFlush ? Self.some.count : ReadSize.medium))
            #expect(seen.current.ends == (closing == .behindFlush ? [.closedByPeer] : []))
        }
    }

    @Test(arguments: [false, true])
    func `whoever closes while it is told of writability hears nothing any more`(isWritable: Bool) async throws {
        try await withPair(changed: { transport in
            if transport.isWritable == isWritable { transport.close() }
        }) { pair, seen in
            try await pair.on { [peer = pair.peer] held in
                held.user.call { $0.write(Self.much) }
                held.user.call { $0.flush() }
                // Which would be told next.
                if !isWritable { try peer.send("more") }
            }
            let got = try await pair.peer.readToEnd()
            #expect(got.end == (isWritable ? .closed : .reset))
            #expect(got.bytes < Self.much.readableBytes || isWritable)
            #expect(seen.current.writability == (isWritable ? [false, true] : [false]))
            #expect(seen.current.ends.isEmpty && seen.current.bytes == 0)
            #expect(try await pair.on { !$0.user.transport.isConnected })
        }
    }

    /// Closes its socket as soon as the system has taken everything.
    private final class Sender: EpollSocketOwner {
        private let socket: EpollSocket
        let told: Watched<[String]>

        init(_ socket: EpollSocket, _ told: Watched<[String]>) {
            self.socket = socket
            self.told = told
            socket.owner = self
        }

        func socketConnected() {}
        func socketCouldNotConnect() { note("no connection") }
        func socketReceived(_ bytes: ByteBuffer) { note("received") }
        func socketWritabilityChanged() {}
        func socketClosed(_ end: SocketEnd) { note("closed") }

        func socketSent() {
            guard socket.queuedBytes == 0 else { return }
            note("sent")
            socket.close()
        }

        private func note(_ text: String) { told.update { $0.append(text) } }
    }

    @Test(arguments: [1, 24 << 20])
    func `whoever closes when its bytes have been taken hears nothing any more`(count: Int) async throws {
        let told = Watched<[String]>([])
        try await EpollPair<Sender>.with {
            Sender($0, told)
        } _: { pair in
            try await pair.on { held in
                held.socket.write(ByteBuffer(repeating: 0x61, count: count))
                held.socket.flush()
                // Few bytes are taken at once, many only while the peer reads.
                #expect(held.socket.isClosed == (count == 1))
            }
            let got = try await pair.peer.readToEnd()
            #expect(got.bytes == count && got.end == .closed)
            try await pair.pass()
            #expect(told.current == ["sent"])
        }
    }
}
#endif
