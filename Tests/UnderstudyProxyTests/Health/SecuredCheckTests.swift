// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Checks of endpoints that speak TLS.

import TestSupport
import Testing
import UnderstudyCore
import UnderstudyHTTP
import UnderstudyProxy

struct SecuredCheckTests {
    private static let probes: [HealthCheck.Probe] = {
        var bytes = HealthCheck.TCPProbe()
        bytes.send = Array("GET /healthz HTTP/1.1\r\nhost: up\r\n\r\n".utf8)
        bytes.receive = [Array("200 OK".utf8)]
        return [.http(HealthCheck.HTTPProbe(path: "/healthz")), .tcp(HealthCheck.TCPProbe()), .tcp(bytes)]
    }()

    /// An endpoint that would speak HTTP/1.1 if it were asked, and what its checks come to.
    ///
    /// - Parameter configured: What the cluster offers by ALPN.
    private func check(
        _ probe: HealthCheck.Probe,
        configured: [String] = [],
        trusting: TestAuthority? = nil,
        _ body: (HealthRig, TestTLS) async throws -> Void
    ) async throws {
        let authority = try TestAuthority()
        let tls = try TestTLS.server(try authority.issue(), .init { $0.protocols = ["http/1.1"] })
        let upstream = try await ScriptedUpstream.start(.answers(), security: tls)
        var settings = UpstreamTLS()
        settings.applicationProtocols = configured
        settings.usesHostnameAsSNI = true
        settings.validation = PeerValidation(trusting ?? authority)
        let context = try ClientTLSContext(settings, servesChecks: true, counters: TLSCounters())
        let rig = HealthRig(probe, tls: context.forChecks)
        rig.checker.update(hosts: [try SharedHost.local(upstream.port, hostname: "one.example")])
        try await body(rig, tls)
        await rig.checker.stop()
        await upstream.stop()
    }

    @Test(arguments: SecuredCheckTests.probes)
    func `checks use the TLS of the cluster, and offer no protocol`(probe: HealthCheck.Probe) async throws {
        try await check(probe) { rig, tls in
            #expect(try await rig.change(0) == [])
            let outcome = try await tls.outcome()
            #expect(outcome.isComplete && outcome.applicationProtocol.isEmpty, "\(outcome)")
            #expect(tls.askedNames.current.first == "one.example")
        }
    }

    @Test func `checks offer what the configuration says`() async throws {
        try await check(Self.probes[0], configured: ["http/1.1"]) { rig, tls in
            let outcome = try await tls.outcome()
            #expect(outcome.applicationProtocol == "http/1.1")
            #expect(try await rig.change(0) == [])
        }
    }

    @Test(arguments: SecuredCheckTests.probes)
    func `an endpoint that nobody vouches for fails its checks`(probe: HealthCheck.Probe) async throws {
        try await check(probe, trusting: try TestAuthority("Stranger")) { rig, _ in
            try await eventually("failures") { rig.statistics.networkFailures.current >= 2 }
            #expect(rig.statistics.successes.current == 0)
        }
    }
}
