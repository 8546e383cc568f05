// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Endpoints are asked over sockets, and their flags follow what they say.

import NIOCore
import TestSupport
import Testing
import UnderstudyCore
import UnderstudyProxy

struct HealthCheckerTests {
    /// An upstream whose answer can be changed while it runs; `nil` is silence.
    private func upstream(_ answer: Watched<String?>) async throws -> ScriptedUpstream {
        try await ScriptedUpstream.start(.answers { _ in answer.current })
    }

    private static let ok = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"

    private static func answer(_ status: Int, _ line: String = "a: b") -> String {
        "HTTP/1.1 \(status) X\r\n\(line)\r\ncontent-length: 0\r\n\r\n"
    }

    @Test func `an endpoint follows its answers, and each change is told once`() async throws {
        let answer = Watched<String?>(Self.ok)
        let upstream = try await upstream(answer)
        let rig = HealthRig()
        let host = try SharedHost.local(upstream.port)
        rig.checker.update(hosts: [host])
        #expect(try await rig.change(0) == [])
        answer.update { $0 = Self.answer(503) }
        #expect(try await rig.change(1) == .failedActiveCheck)
        answer.update { $0 = Self.answer(200, "x-envoy-degraded: yes") }
        // Half way back it is degraded already, but that changes nothing for its requests.
        #expect(try await rig.change(2) == .degradedActiveCheck)
        answer.update { $0 = Self.ok }
        #expect(try await rig.change(3) == [])
        #expect(rig.statistics.healthy.current == 1)
        #expect(rig.statistics.degraded.current == 0)
        await rig.checker.stop()
        #expect(rig.statistics.healthy.current == 0)
        #expect(
            rig.lines.current == [
                "info: an endpoint is healthy cluster=up first=true",
                "warning: an endpoint is unhealthy cluster=up reason=answer",
                "warning: an endpoint is degraded cluster=up",
                "info: an endpoint is healthy cluster=up",
                "info: an endpoint is no longer degraded cluster=up",
            ]
        )
        await upstream.stop()
    }

    @Test func `requests are Envoy's, one after the other on one connection`() async throws {
        let upstream = try await ScriptedUpstream.start(.answers())
        var probe = HealthCheck.HTTPProbe(path: "/a b?c#d")
        probe.headers.requestAdditions = [HeaderAddition(name: "X-A", value: .literal("1"))]
        let rig = HealthRig(.http(probe))
        rig.checker.update(hosts: [try SharedHost.local(upstream.port)])
        let requests = try await upstream.complete(3)
        await rig.checker.stop()
        #expect(requests[0].startLine == "GET /a b?c#d HTTP/1.1")
        #expect(requests[0].lines == ["host: up", "user-agent: Envoy/HC", "x-a: 1"])
        #expect(upstream.record.current.connections.count == 1)
        await upstream.stop()
    }

    @Test func `the Host is the endpoint's, or the check's`() async throws {
        let upstream = try await ScriptedUpstream.start(.answers())
        var probe = HealthCheck.HTTPProbe(path: "/")
        probe.host = "probe.host"
        probe.method = "POST"
        let rig = HealthRig(.http(probe)) { $0.noTrafficInterval = .seconds(3600) }
        let own = try SharedHost.local(upstream.port) { $0.healthCheckHostname = "own.host" }
        rig.checker.update(hosts: [own])
        try await upstream.complete(1)
        rig.checker.update(hosts: [try SharedHost.local(upstream.port)])
        let requests = try await upstream.complete(2)
        await rig.checker.stop()
        #expect(
            requests.map(\.lines)
                == ["own.host", "probe.host"].map {
                    ["host: \($0)", "user-agent: Envoy/HC", "content-length: 0"]
                }
        )
        await upstream.stop()
    }

    @Test func `a connection that is not to be used again is not`() async throws {
        let upstream = try await ScriptedUpstream.start(.answers())
        let rig = HealthRig { $0.reusesConnection = false }
        rig.checker.update(hosts: [try SharedHost.local(upstream.port)])
        try await upstream.complete(3)
        await rig.checker.stop()
        #expect(upstream.record.current.connections.count >= 3)
        await upstream.stop()
    }

    @Test func `silence is a timeout, and a refusal is the network`() async throws {
        let upstream = try await ScriptedUpstream.start(.silent)
        let rig = HealthRig { $0.timeout = .milliseconds(20) }
        let silent = try SharedHost.local(upstream.port, [.failedActiveCheck, .pendingActiveCheck])
        rig.checker.update(hosts: [silent])
        #expect(try await rig.change(0) == [.failedActiveCheck, .activeCheckTimeout])
        await rig.checker.stop()
        // With time enough: a refusal that comes late would be a timeout, too.
        let patient = HealthRig()
        let closed = try SharedHost.local(ScriptedUpstream.closedPort, [.failedActiveCheck, .pendingActiveCheck])
        patient.checker.update(hosts: [closed])
        #expect(try await patient.change(0) == .failedActiveCheck)
        await patient.checker.stop()
        #expect(rig.statistics.networkFailures.current == rig.statistics.failures.current)
        #expect(patient.statistics.networkFailures.current == patient.statistics.failures.current)
        #expect(
            rig.lines.current + patient.lines.current == [
                "warning: a health check failed cluster=up first=true reason=timeout",
                "warning: a health check failed cluster=up first=true reason=network",
            ]
        )
        await upstream.stop()
    }

    @Test func `an endpoint that does not even accept is given up in time`() async throws {
        let hole = try await BlackHole.open()
        let rig = HealthRig { $0.timeout = .milliseconds(50) }
        rig.checker.update(hosts: [try SharedHost.local(hole.port, [.failedActiveCheck, .pendingActiveCheck])])
        #expect(try await rig.change(0) == [.failedActiveCheck, .activeCheckTimeout])
        await rig.checker.stop()
        await hole.close()
    }

    @Test func `an endpoint may ask to be left alone, in a check or in any other answer`() async throws {
        let answer = Watched<String?>(Self.ok)
        let upstream = try await upstream(answer)
        let rig = HealthRig()
        let host = try SharedHost.local(upstream.port)
        rig.checker.update(hosts: [host])
        #expect(try await rig.change(0) == [])
        answer.update { $0 = Self.answer(503, "x-envoy-immediate-health-check-fail: true") }
        #expect(try await rig.change(1) == [.failedActiveCheck, .excludedByImmediateFailure])
        answer.update { $0 = Self.ok }
        #expect(try await rig.change(2) == [])
        answer.update { $0 = nil }
        rig.checker.failImmediately(host)
        rig.checker.failImmediately(host)
        #expect(try await rig.change(3) == [.failedActiveCheck, .excludedByImmediateFailure])
        await rig.checker.stop()
        #expect(rig.statistics.passiveFailures.current == 1)
        await upstream.stop()
    }

    @Test func `a pass is told of an endpoint that is well but ejected`() async throws {
        let upstream = try await ScriptedUpstream.start(.answers())
        let rig = HealthRig()
        rig.checker.update(hosts: [try SharedHost.local(upstream.port, [.failedActiveCheck, .failedOutlierCheck])])
        try await rig.passes.wait("a pass") { $0 > 0 }
        await rig.checker.stop()
        await upstream.stop()
    }

    @Test func `the body is looked at as far as the limit`() async throws {
        let upstream = try await ScriptedUpstream.start(.answers("all is well"))
        var probe = HealthCheck.HTTPProbe(path: "/")
        probe.receive = [Array("all".utf8), Array("well".utf8)]
        let rig = HealthRig(.http(probe))
        rig.checker.update(hosts: [try SharedHost.local(upstream.port)])
        #expect(try await rig.change(0) == [])
        await rig.checker.stop()
        probe.bodyLimit = 8
        let strict = HealthRig(.http(probe))
        strict.checker.update(hosts: [try SharedHost.local(upstream.port, [.failedActiveCheck, .pendingActiveCheck])])
        #expect(try await strict.change(0) == .failedActiveCheck)
        await strict.checker.stop()
        await upstream.stop()
    }

    @Test(arguments: ["body", "chunks", "interim"])
    func `an answer without an end fails long before its time is over`(kind: String) async throws {
        let endless =
            switch kind {
            case "body": "HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 4 << 20)
            case "chunks":
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + String(repeating: "1\r\nx\r\n", count: 40_000)
            default: String(repeating: "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n", count: 40_000)
            }
        let upstream = try await ScriptedUpstream.start(.speaksEarly(endless))
        let rig = HealthRig {
            $0.timeout = .seconds(3600)
            $0.unhealthyThreshold = 1
        }
        let host = try SharedHost.local(upstream.port, [.failedActiveCheck, .pendingActiveCheck])
        rig.checker.update(hosts: [host])
        _ = try await rig.change(0)
        #expect(host.health == .failedActiveCheck)
        #expect(rig.statistics.networkFailures.current > 0)
        await rig.checker.stop()
        await upstream.stop()
    }

    // MARK: Starting and stopping

    @Test func `the start waits for all first checks, but not for ever`() async throws {
        let upstream = try await ScriptedUpstream.start(.silent)
        let rig = HealthRig()
        let host = try SharedHost.local(upstream.port)
        #expect(await rig.checker.firstChecksDone(within: .seconds(3600)))
        rig.checker.update(hosts: [host])
        #expect(await rig.checker.firstChecksDone(within: .milliseconds(1)) == false)
        async let isDone = rig.checker.firstChecksDone(within: .seconds(3600))
        try await upstream.complete(1)
        try await upstream.connection().push(Self.ok)
        #expect(await isDone)
        #expect(host.health == [])
        await rig.checker.stop()
        await upstream.stop()
    }

    @Test func `whoever waits is told when there is nothing left to check`() async throws {
        let upstream = try await ScriptedUpstream.start(.silent)
        let rig = HealthRig()
        rig.checker.update(hosts: [try SharedHost.local(upstream.port)])
        async let isDone = rig.checker.firstChecksDone(within: .seconds(3600))
        try await upstream.complete(1)
        rig.checker.update(hosts: [])
        #expect(await isDone)
        try await upstream.end()
        await rig.checker.stop()
        await upstream.stop()
    }

    @Test func `no more checks run at a time than there are places`() async throws {
        let first = try await ScriptedUpstream.start(.silent)
        let second = try await ScriptedUpstream.start(.answers())
        let rig = HealthRig(mostProbes: 1) { $0.noTrafficInterval = .seconds(3600) }
        rig.checker.update(hosts: [try SharedHost.local(first.port)])
        try await first.complete(1)
        rig.checker.update(hosts: [])
        rig.checker.update(hosts: [try SharedHost.local(first.port)])
        try await first.complete(2)
        let waiting = try SharedHost.local(second.port)
        let kept = try SharedHost.local(first.port)
        rig.checker.update(hosts: [kept])
        try await first.complete(3)
        rig.checker.update(hosts: [kept, waiting])
        #expect(await rig.checker.firstChecksDone(within: .milliseconds(1)) == false)
        #expect(second.record.current.connections.isEmpty)
        try await first.connection(2).push(Self.ok)
        try await second.complete(1)
        await rig.checker.stop()
        await first.stop()
        await second.stop()
    }

    @Test func `an endpoint that is not to be checked is left alone`() async throws {
        let rig = HealthRig()
        rig.checker.update(hosts: [try SharedHost.local(1, []) { $0.isHealthChecked = false }])
        #expect(await rig.checker.firstChecksDone(within: .seconds(3600)))
        await rig.checker.stop()
        #expect(rig.statistics.attempts.current == 0)
    }

    @Test func `new endpoints begin failed where there are checks`() {
        var cluster = Cluster(name: "c", discovery: .static, endpoints: [])
        var endpoint = Endpoint(address: SocketEndpoint(host: "h", port: 1))
        #expect(HealthChecker.initialHealth(of: endpoint, in: cluster) == [])
        cluster.healthChecks = [
            HealthCheck(
                .tcp(HealthCheck.TCPProbe()),
                timeout: .seconds(1),
                interval: .seconds(1),
                unhealthyThreshold: 1,
                healthyThreshold: 1
            )
        ]
        cluster.balancing.ignoresUncheckedHosts = true
        #expect(HealthChecker.initialHealth(of: endpoint, in: cluster) == .failedActiveCheck)
        cluster.discovery = .strictDNS(Cluster.DNSOptions())
        #expect(HealthChecker.initialHealth(of: endpoint, in: cluster) == [.failedActiveCheck, .pendingActiveCheck])
        endpoint.isHealthChecked = false
        #expect(HealthChecker.initialHealth(of: endpoint, in: cluster) == [])
    }
}

extension ObservedMessage {
    fileprivate var lines: [String] { headers.map { "\($0.name): \($0.value)" } }
}
