// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Nothing of a connection with TLS outlives it, however it ends.

import NIOCore
import NIOEmbedded
import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct TLSMemoryTests {
    private struct Contexts {
        let server: ServerTLSContext
        let client: ClientTLSContext

        init() throws {
            let authority = try TestAuthority()
            let identity = try authority.issue(.init { $0.dns = ["shop.example"] })
            var downstream = DownstreamTLS()
            downstream.identities = [
                TLSIdentity(
                    chain: .inline(Array(identity.certificate.utf8)),
                    key: .inline(Array(identity.key.utf8))
                )
            ]
            server = try ServerTLSContext(downstream, counters: TLSCounters())
            client = try ClientTLSContext(UpstreamTLS(), counters: TLSCounters())
        }
    }

    /// What is left when the channel is gone.
    private final class Trace {
        weak var transport: NIOTransport?
        weak var security: (any TransportSecurity)?

        var isEmpty: Bool { transport == nil && security == nil }

        func channel(_ security: any TransportSecurity) throws -> EmbeddedChannel {
            let transport = NIOTransport(isAccepted: true)
            transport.secure(security)
            (self.transport, self.security) = (transport, security)
            let channel = EmbeddedChannel(handler: transport)
            channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
            return channel
        }
    }

    @Test(arguments: ["", "x", "GET / HTTP/1.1\r\n\r\n", "\u{16}\u{3}\u{1}"])
    func `a handshake that does not come to its end leaves nothing`(bytes: String) throws {
        let contexts = try Contexts()
        for session in [
            { contexts.server.makeSession(nil) },
            { try contexts.client.makeSession(serverName: [], hostname: [], speaks: nil) },
        ]
            as [() throws -> any TransportSecurity]
        {
            let trace = Trace()
            try autoreleased {
                let channel = try trace.channel(try session())
                // The library may refuse them, and end the channel at once.
                _ = try? channel.writeInbound(ByteBuffer(string: bytes))
                end(channel)
            }
            #expect(trace.isEmpty)
        }
    }

    @Test func `a connection that was secured leaves nothing`() throws {
        let contexts = try Contexts()
        let (client, server) = (Trace(), Trace())
        try autoreleased {
            let here = try client.channel(try contexts.client.makeSession(serverName: [], hostname: [], speaks: nil))
            let there = try server.channel(contexts.server.makeSession(nil))
            // More than there are flights in any handshake.
            for _ in 0..<10 {
                while let bytes = try here.readOutbound(as: ByteBuffer.self) { try there.writeInbound(bytes) }
                while let bytes = try there.readOutbound(as: ByteBuffer.self) { try here.writeInbound(bytes) }
            }
            #expect(client.transport?.isConnected == true && server.transport?.isConnected == true)
            end(here)
            end(there)
        }
        #expect(client.isEmpty && server.isEmpty)
    }

    /// Without waiting: the library does, for the other end's last word.
    private func end(_ channel: EmbeddedChannel) {
        channel.close(promise: nil)
        channel.embeddedEventLoop.advanceTime(by: .minutes(1))
    }

    /// What the body has made is gone behind it.
    private func autoreleased(_ body: () throws -> Void) rethrows { try body() }
}
