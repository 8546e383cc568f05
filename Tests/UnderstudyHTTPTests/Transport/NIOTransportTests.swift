// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a channel does not tell by itself must reach the transport's user all the same.

import NIOCore
import NIOPosix
import TestSupport
import Testing
import UnderstudyHTTP

struct NIOTransportTests {
    private final class Witness: TransportUser {
        private let ends: Watched<[TransportEnd]>

        init(_ ends: Watched<[TransportEnd]>) {
            self.ends = ends
        }

        func transportConnected() {}
        func transportReceived(_ bytes: ByteBuffer) {}
        func transportWritabilityChanged() {}
        func transportClosed(_ reason: TransportEnd) { ends.update { $0.append(reason) } }
    }

    private func serve(
        on group: MultiThreadedEventLoopGroup,
        _ ends: Watched<[TransportEnd]>,
        accepting: @escaping @Sendable (any Channel) -> Void
    ) async throws -> any Channel {
        try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let transport = NIOTransport(isAccepted: true)
                    transport.attach(Witness(ends))
                    try channel.pipeline.syncOperations.addHandler(transport)
                    accepting(channel)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    private func withLoop(_ body: (MultiThreadedEventLoopGroup) async throws -> Void) async throws {
        // One loop: what a listener and its connections do comes in the same order each time.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        try await body(group)
        try await group.shutdownGracefully()
    }

    @Test func `a connection whose listener closes before it is active is told to its user`() async throws {
        try await withLoop { group in
            let ends = Watched<[TransportEnd]>([])
            let server = try await serve(on: group, ends) { $0.parent?.close(promise: nil) }
            let client = try await ClientBootstrap(group: group).connect(to: try #require(server.localAddress)).get()
            try await ends.wait("the end of the connection") { !$0.isEmpty }
            // It may be closed already.
            try? await client.close()
            #expect(ends.current == [.closedByPeer])
        }
    }

    @Test func `the end of any other connection is told once`() async throws {
        try await withLoop { group in
            let ends = Watched<[TransportEnd]>([])
            let connections = Watched(0)
            let gone = Watched(false)
            let server = try await serve(on: group, ends) { channel in
                connections.update { $0 += 1 }
                channel.closeFuture.whenComplete { _ in gone.update { $0 = true } }
            }
            let client = try await ClientBootstrap(group: group).connect(to: try #require(server.localAddress)).get()
            try await connections.wait("the connection") { $0 == 1 }
            try await client.close()
            // The handlers are gone by then.
            try await gone.wait("the connection's end") { $0 }
            #expect(ends.current == [.closedByPeer])
            try await server.close()
        }
    }
}
