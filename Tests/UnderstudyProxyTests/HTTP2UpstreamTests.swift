// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Primaries and mirrors on HTTP/2, through the whole proxy.

import NIOCore
import NIOPosix
import TestSupport
import Testing
import UnderstudyCore
import UnderstudyHTTP

@testable import UnderstudyProxy

struct HTTP2UpstreamTests {
    /// A service that speaks HTTP/2 without TLS and tells what it was asked.
    private struct Service {
        let server: PlainServer
        let requests: Watched<[PlainRequest]>

        var port: Int { server.localAddress?.port ?? 0 }

        static func start(_ name: String) async throws -> Service {
            var limits = ServerLimits()
            limits.version = .http2
            let requests = Watched<[PlainRequest]>([])
            let server = try await PlainServer.start(
                on: SocketAddress(ipAddress: "127.0.0.1", port: 0),
                eventLoop: MultiThreadedEventLoopGroup.singleton.next(),
                serverName: name,
                limits: limits
            ) { request in
                requests.update { $0.append(request) }
                return PlainAnswer(body: "\(name) \(request.method) \(request.target) \(request.bodyLength)")
            }
            return Service(server: server, requests: requests)
        }
    }

    private func run(
        _ version: HTTPVersionChoice = .http2,
        _ body: (RunningServer, Service, Service) async throws -> Void
    ) async throws {
        let primary = try await Service.start("primary")
        let mirror = try await Service.start("mirror")
        try await RunningServer.run(mirrors: [.silent]) { configuration, _ in
            for (name, service) in [("primary", primary), ("mirror0", mirror)] {
                guard let index = configuration.clusters.firstIndex(where: { $0.name == name }) else { continue }
                var cluster = RunningServer.cluster(name, service.port)
                cluster.version = version
                configuration.clusters[index] = cluster
            }
        } _: { server in
            try await body(server, primary, mirror)
        }
        try await primary.server.stop()
        try await mirror.server.stop()
    }

    @Test func `a request goes to both on HTTP2`() async throws {
        try await run { server, primary, mirror in
            for number in 0..<3 {
                let answer = try await server.ask("/a?\(number)")
                #expect(answer.body == "primary GET /a?\(number) 0")
            }
            let counts = try await server.settled()
            #expect(counts[.ok] == 3)
            #expect(primary.requests.current.map(\.host) == ["h", "h", "h"])
            #expect(mirror.requests.current.map(\.host) == ["h-shadow", "h-shadow", "h-shadow"])
            for cluster in ["primary", "mirror0"] {
                #expect(server.statistic("cluster.\(cluster).upstream_cx_http2_total") == 1)
                #expect(server.statistic("cluster.\(cluster).upstream_cx_http1_total") == 0)
                #expect(server.statistic("cluster.\(cluster).upstream_rq_total") == 3)
                #expect(server.statistic("cluster.\(cluster).http2.streams_active") == 0)
            }
        }
    }

    @Test(arguments: [("content-length: 100000", false), ("transfer-encoding: chunked", true)])
    func `a body goes to both`(framing: String, isChunked: Bool) async throws {
        try await run { server, primary, mirror in
            let client = try await server.connect()
            defer { client.close() }
            client.push("POST /b HTTP/1.1\r\nhost: h\r\n\(framing)\r\n\r\n")
            client.push(isChunked ? BodyPattern.chunked(100_000) : BodyPattern.prefix(100_000))
            let answer = try await client.answer()
            #expect(answer.body == "primary POST /b 100000")
            let counts = try await server.settled()
            #expect(counts[.ok] == 1)
            #expect(mirror.requests.current.map(\.bodyLength) == [100_000])
        }
    }

    @Test func `what the client speaks may decide`() async throws {
        let service = try await ScriptedUpstream.start(.answers("http1"))
        try await RunningServer.run(mirrors: []) { configuration, _ in
            var cluster = RunningServer.cluster("primary", service.port)
            cluster.version = .sameAsDownstream
            configuration.clusters[0] = cluster
        } _: { server in
            let answer = try await server.ask()
            #expect(answer.body == "http1")
        }
        await service.stop()
    }

    @Test func `a mirror is spoken to as the client speaks, too`() async throws {
        try await run(.sameAsDownstream) { server, primary, mirror in
            let client = try await server.connect()
            defer { client.close() }
            let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
            let settings: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0]
            // GET http /, and `h` for its authority.
            let head: [UInt8] = [0, 0, 6, 1, 5, 0, 0, 0, 1, 0x82, 0x86, 0x84, 0x01, 1, 0x68]
            client.push(ByteBuffer(bytes: preface + settings + head))
            try await primary.requests.wait("a request") { $0.count == 1 }
            try await mirror.requests.wait("a copy") { $0.count == 1 }
            let counts = try await server.settled()
            #expect(counts[.ok] == 1)
            #expect(primary.requests.current.map(\.host) == ["h"])
            #expect(mirror.requests.current.map(\.host) == ["h-shadow"])
            #expect(server.statistic("cluster.mirror0.upstream_cx_http2_total") == 1)
        }
    }
}
