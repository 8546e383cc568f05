// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A proxy whose clients would take all descriptors serves those that it has, and neither spins nor dies.

internal import Foundation
internal import TestSupport
internal import Testing

@Suite(.timeLimit(.minutes(5)), .enabled(if: ProcessFigures.areThere))
struct DescriptorTests {
    private static let get = "GET / HTTP/1.1\r\nhost: h\r\n\r\n"
    private static let descriptors = 256
    private static let share = 80

    private func run(
        _ configuration: ProxyConfiguration,
        descriptors: Int = DescriptorTests.descriptors,
        _ body: (ProxyProcess, _ port: Int, _ statistic: (String) async throws -> Int?) async throws -> Void
    ) async throws {
        let shell = ["-c", "ulimit -n \(descriptors); exec \"$@\"", "sh", try ProxyProcess.binary().path]
        let arguments = shell + ["--config-yaml", configuration.yaml, "--concurrency", "2"]
        try await ProxyProcess.run(executable: URL(fileURLWithPath: "/bin/sh"), arguments) { proxy in
            let port = try await proxy.port()
            let admin = try #require(proxy.output.current.adminPort)
            // While there are descriptors.
            let client = try await RawConnection.connect(to: admin)
            try await body(proxy, port) { name in
                let stats = try await client.ask("GET /stats HTTP/1.1\r\nhost: h\r\n\r\n").body
                let line = stats.split(separator: "\n").first { $0.hasPrefix(name + ": ") }
                return line?.split(separator: " ").last.flatMap { Int($0) }
            }
        }
    }

    @Test func `clients that hold all descriptors leave those of others, and of primaries, alone`() async throws {
        let upstream = try await ScriptedUpstream.start(.answers())
        let configuration = ProxyConfiguration(
            routes: [.init("/", to: "one")],
            clusters: [.init("one", ports: [upstream.port])],
            hasAdmin: true
        )
        try await run(configuration) { proxy, port, statistic async throws in
            var early: [RawConnection] = []
            for _ in 0..<10 { early.append(try await RawConnection.connect(to: port)) }
            for client in early { #expect(try await client.ask(Self.get).status == 200) }

            // The system's queue takes those that the proxy does not.
            var idle: [RawConnection] = []
            for _ in 0..<400 { idle.append(try await RawConnection.connect(to: port)) }
            let paused = "listener.127.0.0.1_0.downstream_cx_accept_paused"
            try await eventually("a full proxy") { try await statistic(paused) ?? 0 > 0 }
            // A listener goes past its share by what it accepts in one turn.
            #expect(try await statistic("server.client_descriptors") ?? .max <= Self.share + 4)
            #expect(try await statistic("server.client_descriptors_max") == Self.share)

            for _ in 0..<3 {
                for client in early { #expect(try await client.ask(Self.get).status == 200) }
            }
            let used = try ProcessFigures.processorTime(of: proxy)
            let begin = ContinuousClock.now
            for _ in 0..<20 { #expect(try await early[0].ask(Self.get).status == 200) }
            // Generous: whoever spins uses all of a core.
            let spent = try ProcessFigures.processorTime(of: proxy) - used
            #expect(spent <= (ContinuousClock.now - begin) * 2 + .milliseconds(500))
            #expect(try await statistic("listener.127.0.0.1_0.downstream_cx_accept_failed") == 0)
            let warnings = proxy.output.current.errorLines.count { $0.contains("clients have all descriptors") }
            #expect(warnings == 1)

            for client in idle { client.close() }
            let client = try await RawConnection.connect(to: port)
            #expect(try await client.ask(Self.get).status == 200)
            try await eventually("places") { try await statistic("server.client_descriptors") ?? .max <= 11 }
        }
        await upstream.stop()
    }

    /// With checks of the certificate that the TLS library leaves to us.
    private static func secured(_ authority: TestAuthority) -> String {
        let pem = authority.certificate.replacingOccurrences(of: "\n", with: "\\n")
        let validation = "{ trusted_ca: { inline_string: \"\(pem)\" }, trust_chain_verification: ACCEPT_UNTRUSTED }"
        let type = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
        let context = "{ \"@type\": \(type), common_tls_context: { validation_context: \(validation) } }"
        return "transport_socket: { name: tls, typed_config: \(context) }"
    }

    @Test(arguments: [false, true])
    func `a primary whose connection finds no descriptor gets that of an idle one`(isSecured: Bool) async throws {
        let authority = try TestAuthority()
        let security = isSecured ? try TestTLS.server(authority.issue()) : nil
        var upstreams: [ScriptedUpstream] = []
        for _ in 0..<12 { upstreams.append(try await ScriptedUpstream.start(.answers())) }
        let slow = try await ScriptedUpstream.start(.silent, security: security)
        let settings = isSecured ? [Self.secured(authority)] : []
        var configuration = ProxyConfiguration(
            routes: upstreams.indices.map { .init("/\($0)/", to: "c\($0)") } + [.init("/", to: "slow")],
            clusters: upstreams.enumerated().map { .init("c\($0)", ports: [$1.port]) }
                + [.init("slow", ports: [slow.port], settings: settings)],
            hasAdmin: true
        )
        configuration.routes[configuration.routes.count - 1].timeout = "3600s"
        try await run(configuration) { proxy, port, statistic async throws in
            var clients: [RawConnection] = []
            for _ in 0..<75 { clients.append(try await RawConnection.connect(to: port)) }
            // Rounds of requests that are all under way at once leave as many idle connections behind.
            for number in upstreams.indices {
                for client in clients { client.push("GET /\(number)/ HTTP/1.1\r\nhost: h\r\n\r\n") }
                for client in clients { #expect(try await client.answer(number).status == 200) }
            }
            for client in clients { client.push("GET / HTTP/1.1\r\nhost: h\r\n\r\n") }
            try await slow.complete(clients.count)
            #expect(proxy.output.current.code == nil)
            #expect(try await statistic("cluster.slow.upstream_cx_connect_fail") == 0)
        }
        for upstream in upstreams + [slow] { await upstream.stop() }
    }

    @Test func `without any descriptor left requests get a clean answer, and accepting goes on when there is one`()
        async throws
    {
        let slow = try await ScriptedUpstream.start(.silent)
        let configuration = ProxyConfiguration(
            routes: [.init("/", to: "slow", timeout: "3600s")],
            clusters: [.init("slow", ports: [slow.port])],
            hasAdmin: true
        )
        try await run(configuration, descriptors: 64) { proxy, port, statistic async throws in
            let admin = try #require(proxy.output.current.adminPort)
            let early = try await RawConnection.connect(to: port)
            try await eventually("a client") { try await statistic("server.client_descriptors") == 1 }
            // Nothing keeps these from taking every descriptor.
            var others: [RawConnection] = []
            for _ in 0..<70 { others.append(try await RawConnection.connect(to: admin)) }
            let failed = "listener.127.0.0.1_0.downstream_cx_accept_failed"
            var late: [RawConnection] = []
            while try await statistic(failed) == 0, late.count < 10 {
                late.append(try await RawConnection.connect(to: port))
                let count = late.count
                try await eventually("a client that is accepted, or not") {
                    if try await statistic(failed) ?? 0 > 0 { return true }
                    return try await statistic("server.client_descriptors") == 1 + count
                }
            }
            #expect(try await statistic(failed) ?? 0 > 0)
            #expect(try await early.ask(Self.get).status == 503)
            #expect(proxy.output.current.errorLines.count { $0.contains("clients cannot be accepted") } == 1)
            for other in others { other.close() }
            let last = try #require(late.last)
            last.push(Self.get)
            try await slow.complete(1)
        }
        await slow.stop()
    }
}
