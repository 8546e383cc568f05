// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Endpoints that fail checks or requests, seen by clients and by whoever looks at the admin server.

internal import TestSupport
internal import Testing

@Suite(.timeLimit(.minutes(5)))
struct HealthTests {
    private static let quick =
        "timeout: 2s, interval: 0.05s, no_traffic_interval: 0.05s, unhealthy_interval: 0.05s, "
        + "unhealthy_threshold: 1, healthy_threshold: 1"
    static let httpChecks = "health_checks: [{ \(quick), http_health_check: { path: /check } }]"
    static let tcpChecks = "health_checks: [{ \(quick), tcp_health_check: {} }]"
    /// No share of ill endpoints makes balancing ignore health.
    static let noPanic = "common_lb_config: { healthy_panic_threshold: { value: 0 } }"

    /// Answers its name, and checks as the switch says.
    private static func upstream(_ name: String, isWell: Watched<Bool>) async throws -> ScriptedUpstream {
        try await ScriptedUpstream.start(
            .answers { request in
                let status = request.target == "/check" && !isWell.current ? "503 Unavailable" : "200 OK"
                return "HTTP/1.1 \(status)\r\ncontent-length: \(name.utf8.count)\r\n\r\n\(name)"
            }
        )
    }

    private static func configuration(_ cluster: ProxyConfiguration.Cluster) -> ProxyConfiguration {
        ProxyConfiguration(routes: [.init("/", to: "c")], clusters: [cluster], hasAdmin: true)
    }

    /// The bodies of so many answers, one after another.
    static func bodies(_ proxy: OperatedProxy, _ count: Int) async throws -> [String] {
        let client = try await proxy.connect()
        defer { client.close() }
        var bodies: [String] = []
        for _ in 0..<count {
            bodies.append(try await client.ask("GET / HTTP/1.1\r\nhost: h\r\n\r\n").body)
        }
        return bodies
    }

    @Test func `an endpoint that fails its checks gets no requests until it is well again`() async throws {
        let isWell = Watched(true)
        let ill = try await Self.upstream("a", isWell: isWell)
        let well = try await Self.upstream("b", isWell: Watched(true))
        let settings = [Self.httpChecks, Self.noPanic]
        let cluster = ProxyConfiguration.Cluster("c", ports: [ill.port, well.port], settings: settings)
        try await OperatedProxy.run(Self.configuration(cluster)) { proxy in
            try await proxy.statistic("cluster.c.membership_healthy") { $0 == 2 }
            #expect(Set(try await Self.bodies(proxy, 10)) == ["a", "b"])
            isWell.update { $0 = false }
            try await eventually("a flag") {
                try await proxy.healthFlags("c", ill.port).contains("/failed_active_hc")
            }
            #expect(Set(try await Self.bodies(proxy, 10)) == ["b"])
            #expect(try await proxy.statistic("cluster.c.membership_healthy") == 1)
            #expect(try await proxy.statistic("cluster.c.health_check.failure") ?? 0 > 0)
            isWell.update { $0 = true }
            try await eventually("no flag") { try await proxy.healthFlags("c", ill.port) == "healthy" }
            #expect(Set(try await Self.bodies(proxy, 10)) == ["a", "b"])
        }
        await ill.stop()
        await well.stop()
    }

    @Test func `an endpoint may call itself degraded, and take it back`() async throws {
        let isDegraded = Watched(true)
        let upstream = try await ScriptedUpstream.start(
            .answers { _ in
                let line = isDegraded.current ? "x-envoy-degraded: yes\r\n" : ""
                return "HTTP/1.1 200 OK\r\n\(line)content-length: 0\r\n\r\n"
            }
        )
        let cluster = ProxyConfiguration.Cluster("c", ports: [upstream.port], settings: [Self.httpChecks])
        try await OperatedProxy.run(Self.configuration(cluster)) { proxy in
            try await proxy.statistic("cluster.c.health_check.degraded") { $0 == 1 }
            #expect(try await proxy.healthFlags("c", upstream.port).contains("/degraded_active_hc"))
            isDegraded.update { $0 = false }
            try await proxy.statistic("cluster.c.health_check.degraded") { $0 == 0 }
            #expect(try await proxy.healthFlags("c", upstream.port) == "healthy")
        }
        await upstream.stop()
    }

    @Test func `an endpoint that accepts no connections fails TCP checks`() async throws {
        let well = try await Self.upstream("b", isWell: Watched(true))
        let ports = [ScriptedUpstream.closedPort, well.port]
        let cluster = ProxyConfiguration.Cluster("c", ports: ports, settings: [Self.tcpChecks])
        try await OperatedProxy.run(Self.configuration(cluster)) { proxy in
            try await eventually("a flag") {
                try await proxy.healthFlags("c", ports[0]).contains("/failed_active_hc")
            }
            try await eventually("no flag") { try await proxy.healthFlags("c", well.port) == "healthy" }
            #expect(Set(try await Self.bodies(proxy, 10)) == ["b"])
            #expect(try await proxy.statistic("cluster.c.health_check.network_failure") ?? 0 > 0)
        }
        await well.stop()
    }

    @Test func `when most endpoints are ill, health is ignored rather than all load sent to the rest`() async throws {
        let ill = try await Self.upstream("a", isWell: Watched(false))
        let worse = try await Self.upstream("b", isWell: Watched(false))
        let cluster = ProxyConfiguration.Cluster("c", ports: [ill.port, worse.port], settings: [Self.httpChecks])
        try await OperatedProxy.run(Self.configuration(cluster)) { proxy in
            for port in [ill.port, worse.port] {
                try await eventually("a flag") {
                    try await proxy.healthFlags("c", port).contains("/failed_active_hc")
                }
            }
            #expect(Set(try await Self.bodies(proxy, 10)) == ["a", "b"])
            #expect(try await proxy.statistic("cluster.c.lb_healthy_panic") ?? 0 >= 10)
        }
        await ill.stop()
        await worse.stop()
    }

    @Test func `an endpoint that answers with errors is ejected and let back in`() async throws {
        let isWell = Watched(false)
        let bad = try await ScriptedUpstream.start(
            .answers { _ in
                let status = isWell.current ? "200 OK" : "500 Error"
                return "HTTP/1.1 \(status)\r\ncontent-length: 1\r\n\r\na"
            }
        )
        let good = try await ScriptedUpstream.start(.answers("b"))
        let detection =
            "outlier_detection: { consecutive_5xx: 3, interval: 0.2s, base_ejection_time: 0.5s, "
            + "max_ejection_percent: 50 }"
        let cluster = ProxyConfiguration.Cluster("c", ports: [bad.port, good.port], settings: [detection])
        try await OperatedProxy.run(Self.configuration(cluster), ["--concurrency", "1"]) { proxy in
            _ = try await Self.bodies(proxy, 6)
            try await eventually("a flag") {
                try await proxy.healthFlags("c", bad.port).contains("/failed_outlier_check")
            }
            isWell.update { $0 = true }
            #expect(try await proxy.statistic("cluster.c.outlier_detection.ejections_enforced_consecutive_5xx") == 1)
            #expect(try await proxy.statistic("cluster.c.outlier_detection.ejections_enforced_total") == 1)
            try await eventually("the return") { try await proxy.healthFlags("c", bad.port) == "healthy" }
            #expect(try await proxy.statistic("cluster.c.outlier_detection.ejections_active") == 0)
            #expect(Set(try await Self.bodies(proxy, 10)) == ["a", "b"])
        }
        await bad.stop()
        await good.stop()
    }

    @Test func `a mirror whose endpoints are dead or ill never touches the client`() async throws {
        let primary = try await ScriptedUpstream.start(.answers("primary"))
        let mirror = try await Self.upstream("m", isWell: Watched(true))
        let configuration = ProxyConfiguration(
            routes: [.init("/", to: "c", mirrors: ["m"])],
            clusters: [
                .init("c", ports: [primary.port]),
                .init("m", ports: [ScriptedUpstream.closedPort, mirror.port], settings: [Self.httpChecks]),
            ],
            hasAdmin: true
        )
        try await OperatedProxy.run(configuration) { proxy in
            try await eventually("a flag") {
                try await proxy.healthFlags("m", ScriptedUpstream.closedPort).contains("/failed_active_hc")
            }
            #expect(try await Self.bodies(proxy, 20) == Array(repeating: "primary", count: 20))
            try await mirror.record.wait("all copies at the endpoint that is well") {
                $0.completeRequests.count { $0.target == "/" } == 20
            }
            await mirror.stop()
            try await proxy.statistic("cluster.m.membership_healthy") { $0 == 0 }
            #expect(try await Self.bodies(proxy, 20) == Array(repeating: "primary", count: 20))
        }
        await primary.stop()
    }

    @Test func `failing on purpose makes the health check filter answer 503`() async throws {
        let upstream = try await ScriptedUpstream.start(.answers())
        var configuration = Self.configuration(.init("c", ports: [upstream.port]))
        let type = "type.googleapis.com/envoy.extensions.filters.http.health_check.v3.HealthCheck"
        let header = #"headers: [{ name: ":path", string_match: { exact: /healthz } }]"#
        configuration.filters = [
            "{ name: check, typed_config: { \"@type\": \(type), pass_through_mode: false, \(header) } }"
        ]
        try await OperatedProxy.run(configuration) { proxy in
            let before = try await proxy.ask("/healthz")
            #expect(before.status == 200)
            #expect(try await proxy.admin("/healthcheck/fail", method: "POST").status == 200)
            #expect(try await proxy.ask("/healthz").status == 503)
            #expect(try await proxy.admin("/ready").status == 503)
            #expect(try await proxy.ask("/other").status == 200)
            #expect(try await proxy.admin("/healthcheck/ok", method: "POST").status == 200)
            #expect(try await proxy.ask("/healthz").status == 200)
            #expect(upstream.record.current.completeRequests.map(\.target) == ["/other"])
        }
        await upstream.stop()
    }
}
