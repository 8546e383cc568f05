// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A connection on loopback: one end on an event loop, with whoever uses it, and one in the test's hand.

#if os(Linux)
import NIOCore
import TestSupport
import Testing

@testable import UnderstudyHTTP

/// What happens within `on` is found by the loop all at once: it is held until that returns.
struct EpollPair<User>: Sendable {
    /// On the loop.
    final class Held {
        let socket: EpollSocket
        let user: User

        init(_ socket: EpollSocket, _ user: User) {
            self.socket = socket
            self.user = user
        }
    }

    let loop: EpollLoop
    let peer: PeerSocket
    private let held: NIOLoopBound<Held>

    /// - Parameter use: Gives the socket its owner before it begins.
    static func with(
        readSize: ReadSize = .client,
        buffered: Int = 64 * 1024,
        _ use: @escaping @Sendable (EpollSocket) -> User,
        isolation: isolated (any Actor)? = #isolation,
        _ body: (EpollPair) async throws -> Void
    ) async throws {
        let loop = try EpollLoop(name: "test")
        let (accepted, peer) = try PeerSocket.connect()
        let held = try await loop.submit {
            let address = SystemSocket.localAddress(accepted)
            let socket = EpollSocket(loop, descriptor: accepted, remoteAddress: address, readSize: readSize)
            socket.setMark(buffered)
            let held = Held(socket, use(socket))
            socket.begin(nil)
            return NIOLoopBound(held, eventLoop: loop)
        }.get()
        do {
            try await body(EpollPair(loop: loop, peer: peer, held: held))
        } catch {
            try await loop.shutdownGracefully()
            throw error
        }
        peer.close()
        try await loop.shutdownGracefully()
    }

    @discardableResult
    func on<Result: Sendable>(_ body: @escaping @Sendable (Held) throws -> Result) async throws -> Result {
        try await loop.submit { try body(held.value) }.get()
    }

    /// What was ready has been told when this returns.
    func pass() async throws {
        for _ in 0..<20 { try await on { _ in } }
    }
}
#endif
