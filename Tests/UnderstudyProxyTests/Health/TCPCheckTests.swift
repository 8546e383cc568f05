// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Checks that connect, send and wait for bytes.

import NIOCore
import NIOPosix
import TestSupport
import Testing
import UnderstudyCore
import UnderstudyProxy

struct TCPCheckTests {
    /// Counts its connections and says what a test has it say.
    private final class Server: Sendable {
        let received = Watched<[UInt8]>([])
        let channels = Watched<[any Channel]>([])
        private let listener = Watched<(any Channel)?>(nil)

        static func start() async throws -> Server {
            let server = Server()
            let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton.next())
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(Collector(server.received))
                        server.channels.update { $0.append(channel) }
                    }
                }
                .bind(host: "127.0.0.1", port: 0).get()
            server.listener.update { $0 = listener }
            return server
        }

        var port: Int { listener.current?.localAddress?.port ?? 0 }

        func channel(_ index: Int) async throws -> any Channel {
            try await channels.wait("connection number \(index)") { $0.count > index }[index]
        }

        func say(_ text: String, on index: Int = 0) async throws {
            try await channel(index).writeAndFlush(ByteBuffer(string: text)).get()
        }

        func stop() async {
            try? await listener.current?.close().get()
            for channel in channels.current { try? await channel.close().get() }
        }
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        let received: Watched<[UInt8]>

        init(_ received: Watched<[UInt8]>) {
            self.received = received
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            received.update { $0.append(contentsOf: bytes.readableBytesView) }
        }
    }

    private static let question: HealthCheck.Probe = {
        var probe = HealthCheck.TCPProbe()
        probe.send = Array("PING".utf8)
        probe.receive = [Array("PO".utf8), Array("NG".utf8)]
        return .tcp(probe)
    }()

    @Test func `without bytes to wait for a connection is enough, and is closed`() async throws {
        let server = try await Server.start()
        let rig = HealthRig(.tcp(HealthCheck.TCPProbe()))
        rig.checker.update(hosts: [try SharedHost.local(server.port)])
        #expect(try await rig.change(0) == [])
        try await server.channel(0).closeFuture.get()
        _ = try await server.channel(1)
        await rig.checker.stop()
        await server.stop()
    }

    @Test func `bytes may come in pieces, and the connection is used again`() async throws {
        let server = try await Server.start()
        let rig = HealthRig(Self.question)
        rig.checker.update(hosts: [try SharedHost.local(server.port)])
        try await server.received.wait("a question") { $0 == Array("PING".utf8) }
        try await server.say("xxPO")
        try await server.say("xxNGxx")
        #expect(try await rig.change(0) == [])
        try await server.received.wait("another question") { $0 == Array("PINGPING".utf8) }
        #expect(server.channels.current.count == 1)
        await rig.checker.stop()
        await server.stop()
    }

    @Test func `a kept connection that ends between two checks is a failure`() async throws {
        let server = try await Server.start()
        let rig = HealthRig(Self.question) {
            $0.noTrafficInterval = .seconds(3600)
            $0.unhealthyThreshold = 1
        }
        rig.checker.update(hosts: [try SharedHost.local(server.port)])
        try await server.say("PONG")
        #expect(try await rig.change(0) == [])
        try await server.channel(0).close().get()
        #expect(try await rig.change(1) == .failedActiveCheck)
        await rig.checker.stop()
        #expect(rig.statistics.attempts.current == 1)
        #expect(rig.statistics.networkFailures.current == 1)
        await server.stop()
    }

    @Test func `the wrong bytes are a timeout, and a flood of them is cut off`() async throws {
        let server = try await Server.start()
        // Long enough for the wrong bytes to come before it is over.
        let rig = HealthRig(Self.question) { $0.timeout = .seconds(2) }
        let pending: HostHealth = [.failedActiveCheck, .pendingActiveCheck]
        rig.checker.update(hosts: [try SharedHost.local(server.port, pending)])
        // On a busy machine the check may be over before this is said.
        try? await server.say("PING")
        #expect(try await rig.change(0) == [.failedActiveCheck, .activeCheckTimeout])
        await rig.checker.stop()
        let patient = HealthRig(Self.question)
        let flooding = try await Server.start()
        patient.checker.update(hosts: [try SharedHost.local(flooding.port, pending)])
        let channel = try await flooding.channel(0)
        channel.writeAndFlush(ByteBuffer(repeating: 0, count: 2 << 20), promise: nil)
        #expect(try await patient.change(0) == .failedActiveCheck)
        await patient.checker.stop()
        await flooding.stop()
        await server.stop()
    }

    @Test func `a refusal is the network's failure`() async throws {
        let rig = HealthRig(Self.question)
        let pending: HostHealth = [.failedActiveCheck, .pendingActiveCheck]
        rig.checker.update(hosts: [try SharedHost.local(ScriptedUpstream.closedPort, pending)])
        #expect(try await rig.change(0) == .failedActiveCheck)
        await rig.checker.stop()
    }
}
