// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// TCP's urgent data, at which every read stops, and which stays where it is: nobody here wants it.

#if os(Linux)
import Foundation
import Glibc
import NIOCore
import TestSupport
import Testing

@testable import UnderstudyHTTP

@Suite struct EpollUrgentDataTests {
    private typealias Pair = EpollPair<TransportWitness>

    private func withPair(_ body: (Pair, Watched<TransportWitness.Seen>) async throws -> Void) async throws {
        let seen = Watched(TransportWitness.Seen())
        try await Pair.with { socket in
            let transport = EpollTransport(socket)
            let witness = TransportWitness(transport, seen)
            transport.attach(witness)
            return witness
        } _: {
            try await body($0, seen)
        }
    }

    /// Comes to the loop all at once.
    private func sendAround(_ pair: Pair, then act: @escaping @Sendable (any Transport) -> Void = { _ in }) async throws
    {
        try await pair.on { [peer = pair.peer] held in
            try peer.send("ab")
            try peer.send("!", isUrgent: true)
            try peer.send("cd")
            try PeerSocket.wait(for: CInt(POLLPRI), of: held.socket.descriptor)
            held.user.call(act)
        }
    }

    @Test func `what stands before and behind urgent data is read`() async throws {
        try await withPair { pair, seen in
            try await sendAround(pair)
            try await seen.wait("both sides of it") { $0.bytes == 4 }
            try pair.peer.send("ef")
            try await seen.wait("what comes later") { $0.bytes == 6 }
            pair.peer.close()
            try await seen.wait("the end") { !$0.ends.isEmpty }
            #expect(seen.current.bytes == 6)
            #expect(seen.current.ends == [.closedByPeer])
        }
    }

    @Test func `nor does it matter that nobody read when it came`() async throws {
        try await withPair { pair, seen in
            try await sendAround(pair) { $0.setReading(false) }
            try await pair.pass()
            #expect(seen.current.bytes == 0)
            try await pair.on { held in held.user.call { $0.setReading(true) } }
            try await seen.wait("both sides of it") { $0.bytes == 4 }
        }
    }

    @Test func `urgent data alone is nothing to tell`() async throws {
        try await withPair { pair, seen in
            try await pair.on { [peer = pair.peer] held in
                try peer.send("!", isUrgent: true)
                try PeerSocket.wait(for: CInt(POLLPRI), of: held.socket.descriptor)
            }
            try await pair.pass()
            #expect(seen.current.ends.isEmpty && seen.current.bytes == 0)
            try pair.peer.send("ab")
            try await seen.wait("what follows") { $0.bytes == 2 }
        }
    }

    @Test func `the loop rests though urgent data lies there`() async throws {
        try await withPair { pair, seen in
            let thread = try await pair.on { _ in
                try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
            }
            try await sendAround(pair) { $0.setReading(false) }
            var rests = 0
            try await eventually("the loop's thread sleeps whenever it is looked at") {
                let facts = try String(contentsOfFile: "/proc/\(thread)/stat", encoding: .utf8)
                rests = facts.contains(") S ") ? rests + 1 : 0
                return rests == 5
            }
            try await pair.on { held in
                try PeerSocket.wait(for: CInt(POLLPRI), of: held.socket.descriptor)
                held.user.call { $0.setReading(true) }
            }
            try await seen.wait("both sides of it") { $0.bytes == 4 }
        }
    }
}
#endif
