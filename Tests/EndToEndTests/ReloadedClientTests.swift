// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One configuration after another while clients stay connected.

internal import TestSupport
internal import Testing

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

@Suite(.timeLimit(.minutes(5)))
struct ReloadedClientTests {
    /// Runs the proxy on a file, with a body that may replace the file and have it loaded.
    private func run(
        _ configuration: String,
        _ body: (ProxyProcess, _ load: (String) async throws -> Void) async throws -> Void
    ) async throws {
        try await Folder.with { folder in
            _ = try folder.write("envoy.yaml", configuration)
            try await ProxyProcess.run(["-c", folder.path("envoy.yaml"), "--concurrency", "1"]) { proxy in
                try await body(proxy) { configuration in
                    _ = try folder.write("envoy.yaml", configuration)
                    proxy.signal(SIGHUP)
                    try await proxy.output.wait("a loaded configuration") {
                        $0.standardError.contains("configuration loaded")
                    }
                }
            }
        }
    }

    private func configuration(_ clusters: [ProxyConfiguration.Cluster], listener: String) -> String {
        let routes = [ProxyConfiguration.Route("/", to: "primary")]
        return ProxyConfiguration(routes: routes, clusters: clusters).yaml
            .replacing("  - address:\n", with: "  - name: \(listener)\n    address:\n", maxReplacements: 1)
    }

    @Test func `a client of a listener that is gone has its last request served as before`() async throws {
        let primary = try await ScriptedUpstream.start(.answers())
        let other = ProxyConfiguration.Cluster("other", ports: [ScriptedUpstream.closedPort])
        let known = ProxyConfiguration.Cluster("primary", ports: [primary.port])
        // Its routes know the cluster by a place that the next configuration does not have.
        try await run(configuration([other, known], listener: "old")) { proxy, load in
            let client = try await RawConnection.connect(to: try await proxy.port())
            #expect(try await client.ask("GET / HTTP/1.1\r\nhost: h\r\n\r\n").status == 200)
            try await load(configuration([known], listener: "new"))
            try await client.send("GET / HTTP/1.1\r\nhost: h\r\n\r\n")
            let last = try await client.answer(1)
            #expect(last.status == 200)
            #expect(last.value("connection") == "close")
            #expect(proxy.output.current.code == nil)
        }
        #expect(primary.record.current.requests.count == 2)
        await primary.stop()
    }
}
