// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The limit on connections of the whole process, and who is beyond it.

internal import TestSupport
internal import Testing

@Suite(.timeLimit(.minutes(5)))
struct ConnectionNumberTests {
    private static let manager = """
        overload_manager:
          resource_monitors:
          - name: envoy.resource_monitors.global_downstream_max_connections
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig
              max_active_downstream_connections: 1

        """

    @Test func `connections to the admin server never count`() async throws {
        let upstream = try await ScriptedUpstream.start(.answers())
        let configuration = ProxyConfiguration(
            routes: [.init("/", to: "one")],
            clusters: [.init("one", ports: [upstream.port])],
            hasAdmin: true
        )
        try await Folder.with { folder in
            let path = try folder.write("envoy.yaml", Self.manager + configuration.yaml)
            try await OperatedProxy.run(folder, path: path) { proxy in
                let held = try await RawConnection.connect(to: proxy.adminPort)
                #expect(try await held.ask("GET /ready HTTP/1.1\r\nhost: h\r\n\r\n").status == 200)
                let client = try await proxy.connect()
                #expect(try await client.ask("GET / HTTP/1.1\r\nhost: h\r\n\r\n").status == 200)
                // It may be closed before anyone has looked at it.
                if let refused = try? await proxy.connect() { _ = try await refused.end() }
                #expect(try await proxy.statistic("listener.127.0.0.1_0.downstream_global_cx_overflow") == 1)
            }
        }
        await upstream.stop()
    }
}
