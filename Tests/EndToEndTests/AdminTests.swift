// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The admin server of a real process, asked as operators, dashboards and scrapers ask it.

internal import Foundation
internal import TestSupport
internal import Testing

@Suite(.timeLimit(.minutes(5)))
struct AdminTests {
    /// A proxy with a primary and a mirror that have served one request.
    private static func run(
        _ arguments: [String] = [],
        isolation: isolated (any Actor)? = #isolation,
        _ body: (OperatedProxy) async throws -> Void
    ) async throws {
        let primary = try await ScriptedUpstream.start(.answers())
        let mirror = try await ScriptedUpstream.start(.answers())
        let configuration = ProxyConfiguration(
            routes: [.init("/", to: "primary", mirrors: ["mirror"])],
            clusters: [.init("primary", ports: [primary.port]), .init("mirror", ports: [mirror.port])],
            hasAdmin: true
        )
        try await OperatedProxy.run(configuration, arguments) { proxy in
            let answer = try await proxy.ask()
            #expect(answer.status == 200)
            try await mirror.complete(1)
            try await body(proxy)
        }
        await primary.stop()
        await mirror.stop()
    }

    /// Paths of `/help`, and whether they change anything.
    private static func paths(_ proxy: OperatedProxy) async throws -> [(path: String, isMutating: Bool)] {
        let lines = try await proxy.admin("/help").body.split(separator: "\n").filter { $0.hasPrefix("  /") }
        return lines.map { line in
            let name = line.dropFirst(2).prefix { $0 != ":" && $0 != " " }
            return (String(name), line.dropFirst(2 + name.count).hasPrefix(" (POST)"))
        }
    }

    @Test func `each path of the help answers, and changes nothing on GET`() async throws {
        try await Self.run { proxy in
            let paths = try await Self.paths(proxy)
            #expect(paths.count >= 20)
            for (path, isMutating) in paths {
                let status = try await proxy.admin(path).status
                #expect(status == (isMutating ? 405 : 200), "\(path)")
            }
            #expect(try await proxy.admin("/ready").body == "LIVE\n")
        }
    }

    @Test func `each path of the help answers a POST`() async throws {
        try await Self.run { proxy in
            // The last two would change what the others say, or end the process.
            let last = ["/drain_listeners", "/quitquitquit"]
            let paths = try await Self.paths(proxy).map(\.path).filter { !last.contains($0) }
            for path in paths {
                // Changing the runtime takes a parameter.
                let expected = path == "/runtime_modify" ? 400 : 200
                let target = path == "/healthcheck/fail" ? "/healthcheck/ok" : path
                let status = try await proxy.admin(target, method: "POST").status
                #expect(status == expected, "\(path)")
            }
            #expect(try await proxy.admin("/drain_listeners?skip_exit&graceful", method: "POST").status == 200)
            #expect(try await proxy.admin("/quitquitquit", method: "POST").status == 200)
            #expect(try await proxy.process.end().code == 0)
        }
    }

    @Test func `a parameter that no path knows is a 400 that names those it knows`() async throws {
        try await Self.run { proxy in
            // To these two any parameter is the name of something.
            let named = ["/runtime_modify", "/logging"]
            for (path, isMutating) in try await Self.paths(proxy) where !named.contains(path) {
                let answer = try await proxy.admin(path + "?bogus=1", method: isMutating ? "POST" : "GET")
                #expect(answer.status == 400, "\(path)")
                #expect(answer.body.contains("bogus"), "\(path): \(answer.body)")
            }
            #expect(try await proxy.admin("/clusters?bogus").body.contains("filter, format"))
            #expect(try await proxy.admin("/logging?bogus=debug", method: "POST").status == 400)
            #expect(try await proxy.admin("/nowhere").status == 404)
            #expect(try await proxy.admin("/ready").status == 200)
        }
    }

    @Test func `what there is nothing to show of is unknown`() async throws {
        let paths = [
            "/contention", "/cpuprofiler", "/heapprofiler", "/heap_dump", "/allocprofiler", "/init_dump", "/tap",
            "/reset_dispatchers", "/stats/recentlookups",
        ]
        try await Self.run { proxy in
            for path in paths {
                let answer = try await proxy.admin(path)
                #expect(answer.status == 404, "\(path)")
                #expect(answer.body.contains("  /server_info: "), "\(path)")
            }
        }
    }

    @Test func `statistics as JSON are JSON`() async throws {
        try await Self.run { proxy in
            let text = try await proxy.admin("/stats?format=json&filter=primary.upstream_rq_total").body
            let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: [[String: Any]]]
            let entry = try #require(object?["stats"]?.first)
            #expect(entry["name"] as? String == "cluster.primary.upstream_rq_total")
            #expect(entry["value"] as? Int == 1)
            let all = try await proxy.admin("/stats?format=json").body
            _ = try JSONSerialization.jsonObject(with: Data(all.utf8))
        }
    }

    @Test(arguments: ["/stats/prometheus", "/stats?format=prometheus", "/stats/prometheus?histogram_buckets=summary"])
    func `statistics for Prometheus follow its grammar`(path: String) async throws {
        try await Self.run { proxy in
            let text = try PrometheusText(try await proxy.admin(path).body)
            #expect(text.kinds["envoy_cluster_upstream_rq_total"] == "counter")
            #expect(text.values[#"envoy_cluster_upstream_rq_total{envoy_cluster_name="mirror"}"#] == 1)
            #expect(text.kinds["envoy_server_live"] == "gauge")
            let isSummary = path.hasSuffix("summary")
            #expect(text.kinds["envoy_cluster_upstream_rq_time"] == (isSummary ? "summary" : "histogram"))
        }
    }

    @Test func `the dump holds the listeners and clusters of the file`() async throws {
        try await Self.run { proxy in
            let text = try await proxy.admin("/config_dump").body
            let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: [[String: Any]]]
            let parts = try #require(object?["configs"])
            let clusters = parts.flatMap { $0["static_clusters"] as? [[String: Any]] ?? [] }
            let names = clusters.compactMap { ($0["cluster"] as? [String: Any])?["name"] as? String }
            #expect(names.sorted() == ["mirror", "primary"])
            let listeners = parts.flatMap { $0["static_listeners"] as? [[String: Any]] ?? [] }
            #expect(listeners.count == 1)
        }
    }

    @Test func `clusters and listeners tell what runs`() async throws {
        try await Self.run { proxy in
            let clusters = try await proxy.admin("/clusters").body
            #expect(clusters.contains("::rq_total::1\n"))
            #expect(try await proxy.admin("/listeners").body.contains("127.0.0.1:\(proxy.port)"))
            for path in ["/clusters?format=json", "/listeners?format=json", "/server_info", "/runtime", "/memory"] {
                let text = try await proxy.admin(path).body
                _ = try JSONSerialization.jsonObject(with: Data(text.utf8))
            }
        }
    }

    @Test func `counters start again when asked to`() async throws {
        try await Self.run { proxy in
            #expect(try await proxy.statistic("cluster.primary.upstream_rq_total") == 1)
            #expect(try await proxy.admin("/reset_counters", method: "POST").status == 200)
            #expect(try await proxy.statistic("cluster.primary.upstream_rq_total") == 0)
            _ = try await proxy.ask()
            #expect(try await proxy.statistic("cluster.primary.upstream_rq_total") == 1)
        }
    }
}
