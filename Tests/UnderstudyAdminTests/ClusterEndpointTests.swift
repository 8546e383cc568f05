// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Clusters and listeners in Envoy's words, against what Envoy 1.40 printed.

import TestSupport
import Testing
import UnderstudyCore

struct ClusterEndpointTests {
    private static func host(_ address: String, _ port: Int, _ change: (inout HostStatus) -> Void) -> HostStatus {
        var host = HostStatus()
        host.address = NetworkAddress(host: Array(address.utf8), port: port)
        change(&host)
        return host
    }

    /// The cluster that was recorded.
    private static var recorded: ClusterStatus {
        let locality = Locality(region: "r", zone: "z", subZone: "sz")
        var cluster = ClusterStatus(name: "s1")
        cluster.observabilityName = "obs1"
        cluster.detectsOutliers = true
        cluster.circuitBreakers.normal.connections = 7
        cluster.hosts = [
            host("127.0.0.1", 19910) {
                $0.hostname = "h1"
                $0.weight = 3
                $0.locality = locality
                $0.connectionsTotal = 2
                $0.requestsTotal = 2
                $0.requestSuccesses = 1
                $0.requestErrors = 1
            },
            host("127.0.0.1", 19911) {
                $0.locality = locality
                $0.health = .failedByConfiguration
            },
            host("127.0.0.1", 19912) {
                $0.locality = locality
                $0.health = .degradedByConfiguration
            },
            host("127.0.0.1", 19913) {
                $0.priority = 1
                $0.connectionFailures = 5
                $0.connectionsTotal = 5
                $0.requestErrors = 5
            },
        ]
        return cluster
    }

    private static var server: FakeServer {
        var shown = FakeServer.Shown()
        shown.clusters = [recorded, ClusterStatus(name: "other")]
        shown.listeners = [
            ListenerStatus(name: "main", address: NetworkAddress(host: Array("127.0.0.1".utf8), port: 19900)),
            ListenerStatus(name: "second", address: NetworkAddress(host: Array("::1".utf8), port: 19902)),
        ]
        return FakeServer(shown)
    }

    @Test func `a cluster is printed as Envoy prints it`() async throws {
        let answer = try await Self.server.get("/clusters?filter=s1")
        #expect(answer.body == (try Recorded.text("clusters.txt")))
        #expect(answer.value("content-type") == "text/plain; charset=UTF-8")
    }

    @Test func `a cluster as JSON is Envoy's`() async throws {
        let answer = try await Self.server.get("/clusters?format=json&filter=^s1$")
        #expect(answer.body == (try Recorded.text("clusters.json")))
        #expect(answer.value("content-type") == "application/json")
    }

    @Test(arguments: [("oth", 1), ("t.*r", 1), ("^o", 1), ("x", 0), ("s1|other", 2), ("", 2)])
    func `a filter matches any part of a name`(filter: String, count: Int) async throws {
        let answer = try await Self.server.get("/clusters?filter=\(filter)")
        #expect(answer.body.split(separator: "\n").filter { $0.contains("observability_name") }.count == count)
    }

    @Test(arguments: ["(", ")(", "*", "[", "a)(?:b", "%28%28"])
    func `a filter that is no expression is refused in Envoy's words`(filter: String) async throws {
        let answer = try await Self.server.get("/clusters?filter=\(filter)")
        #expect(answer.status == 400)
        #expect(answer.body == "Invalid re2 regex")
    }

    @Test func `every reason for bad health has its word`() async throws {
        var shown = FakeServer.Shown()
        var cluster = ClusterStatus(name: "c")
        cluster.successRateMean = 99.5
        cluster.detectsOutliers = true
        cluster.hosts = [
            Self.host("10.0.0.1", 80) {
                $0.health = HostHealth(rawValue: (1 << 9) - 1)
                $0.successRate = 100
                $0.localOriginSuccessRate = 12.25
            }
        ]
        shown.clusters = [cluster]
        let server = FakeServer(shown)
        let text = try await server.get("/clusters").body
        let flags = [
            "/failed_active_hc/failed_outlier_check/failed_eds_health/degraded_active_hc/degraded_eds_health",
            "/pending_dynamic_removal/pending_active_hc/excluded_via_immediate_hc_fail/active_hc_timeout",
        ]
        #expect(text.contains("::health_flags::\(flags.joined())\n"))
        #expect(text.contains("c::outlier::success_rate_average::99.5\n"))
        #expect(text.contains("::success_rate::100\n"))
        #expect(text.contains("::local_origin_success_rate::12.25\n"))
        let json = try await server.get("/clusters?format=json").body
        #expect(json.contains("\"excluded_via_immediate_hc_fail\": true"))
        #expect(json.contains("\"success_rate\": {\n      \"value\": 100\n     }"))
    }

    @Test func `listeners are printed as Envoy prints them`() async throws {
        #expect(try await Self.server.get("/listeners").body == (try Recorded.text("listeners.txt")))
        #expect(try await Self.server.get("/listeners?format=json").body == (try Recorded.text("listeners.json")))
        #expect(try await FakeServer().get("/listeners?format=json").body == "{}\n")
    }

    @Test(arguments: [
        ("", "graceful=false skip_exit=false inbound=false"),
        ("?graceful", "graceful=true skip_exit=false inbound=false"),
        ("?graceful&skip_exit", "graceful=true skip_exit=true inbound=false"),
        ("?inboundonly=", "graceful=false skip_exit=false inbound=true"),
    ])
    func `a drain is asked for as the parameters say`(query: String, drain: String) async throws {
        let server = FakeServer()
        let answer = try await server.post("/drain_listeners\(query)")
        #expect(answer.body == "OK\n")
        #expect(server.requests == ["drain \(drain)"])
    }
}
