// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What several sockets are told in one turn of the loop, of which one may end another.

#if os(Linux)
import Glibc
import NIOCore
import TestSupport
import Testing

@testable import UnderstudyHTTP

@Suite struct EpollTurnTests {
    /// Notes that there is something to read, and does as the test says.
    private final class Source: EpollSource {
        let name: String
        private let told: Watched<[String]>
        private let reaction: (EpollLoop) -> Void
        private let loop: EpollLoop

        init(_ name: String, on loop: EpollLoop, _ told: Watched<[String]>, reaction: @escaping (EpollLoop) -> Void) {
            self.name = name
            self.loop = loop
            self.told = told
            self.reaction = reaction
        }

        func happened(_ events: EpollEvents) {
            guard events.contains(.readable) else { return }
            told.update { $0.append(name) }
            reaction(loop)
        }

        func revisited() {}
        func loopEnded() {}
    }

    /// What the other one is known by.
    private struct Other {
        var token: UInt64
        var descriptor: CInt
    }

    /// Two sockets become readable in the same turn; whichever is told first does `reaction` to the other.
    private func race(
        _ told: Watched<[String]>,
        _ reaction: @escaping @Sendable (EpollLoop, Other) -> Void = { _, _ in },
        then body: (EpollLoop) async throws -> Void = { _ in }
    ) async throws {
        let loop = try EpollLoop(name: "test")
        let ends = [try PeerSocket.pair(), try PeerSocket.pair()]
        try await loop.submit {
            var others = [Other(token: 0, descriptor: ends[1].0), Other(token: 0, descriptor: ends[0].0)]
            for index in 0..<2 {
                let source = Source("\(index)", on: loop, told) { reaction($0, others[index]) }
                others[1 - index].token = try loop.add(source, ends[index].0).get()
                try ends[index].1.send("now")
            }
        }.get()
        try await told.wait("the first one") { !$0.isEmpty }
        // The loop has had its turns when it has answered.
        for _ in 0..<20 { try await loop.submit {}.get() }
        try await body(loop)
        try await loop.shutdownGracefully()
        for end in ends { SystemSocket.giveBack(end.0) }
    }

    @Test func `two sockets that are ready together are both told`() async throws {
        let told = Watched<[String]>([])
        try await race(told)
        #expect(told.current.sorted() == ["0", "1"])
    }

    @Test func `whoever is closed by another in the same turn hears nothing of it`() async throws {
        let told = Watched<[String]>([])
        try await race(told) { $0.remove($1.token) }
        #expect(told.current.count == 1)
    }

    @Test func `a descriptor that is used again in the same turn is not told what was for the one before`() async throws
    {
        let told = Watched<[String]>([])
        let peers = Watched<[PeerSocket]>([])
        try await race(told) { loop, other in
            do {
                let (descriptor, peer) = try PeerSocket.pair()
                peers.update { $0.append(peer) }
                loop.remove(other.token)
                try PeerSocket.move(descriptor, to: other.descriptor)
                let token = try loop.add(Source("next", on: loop, told) { _ in }, other.descriptor).get()
                // In the very place of the one before.
                #expect(token & 0xFFFF_FFFF == other.token & 0xFFFF_FFFF)
            } catch {
                Issue.record(error)
            }
        } then: { _ in
            #expect(told.current.count == 1)
            try #require(peers.current.count == 1)
            try peers.current[0].send("now")
            try await told.wait("what is for it") { $0.count == 2 }
            #expect(told.current[1] == "next")
        }
    }
}
#endif
