// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The route-mirroring example does what its README promises, from its own file and inside the sandbox.

internal import Foundation
internal import TestSupport
internal import Testing

@testable internal import understudy

@Suite(.timeLimit(.minutes(5)))
struct ExampleTests {
    private static func exampleFile() throws -> String {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let file = root.appendingPathComponent("examples/route-mirror/envoy.yaml")
        return try String(contentsOf: file, encoding: .utf8)
    }

    @Test func `the example's file and the one inside the binary are the same`() throws {
        #expect(try Self.exampleFile() == SandboxConfiguration.envoyYAML)
    }

    @Test func `the sandbox plays the example's steps and all of them are right`() async throws {
        let output = try await ProxyProcess.output(["sandbox", "--check", "--port", "0"])
        #expect(output.code == 0, "\(output)")
        let lines = output.standardOutput.split(separator: "\n")
        #expect(lines.count == 6)
        #expect(lines.allSatisfy { $0.hasPrefix("step ") && $0.contains("  ok  ") }, "\(output)")
        #expect(output.standardError == "")
    }

    @Test func `the sandbox invites, logs what its services see, and ends with an interrupt`() async throws {
        try await ProxyProcess.run(["sandbox", "--port", "0"]) { sandbox in
            let started = try await sandbox.output.wait("the invitation") { $0.standardOutput.contains("curl ") }
            let port = try #require(started.standardOutput.firstMatch(of: /port (\d+)/).flatMap { Int($0.1) })
            let client = try await RawConnection.connect(to: port)
            let answer = try await client.ask("GET /service/1 HTTP/1.1\r\nhost: localhost:\(port)\r\n\r\n")
            #expect(answer.body == "Hello from behind Envoy (service 1)!\n")
            let output = try await sandbox.output.wait("both log lines") { output in
                ["service1 ", "service1-mirror "].allSatisfy { name in
                    output.standardOutput.split(separator: "\n").contains {
                        $0.hasPrefix(name) && $0.contains("\"GET /service/1 HTTP/1.1\" 200")
                    }
                }
            }
            #expect(output.standardOutput.contains("| Host: localhost:\(port)\n"))
            #expect(output.standardOutput.contains("| Host: localhost-shadow:\(port)\n"))
            sandbox.signal(SIGINT)
            #expect(try await sandbox.end().code == 0)
        }
    }

    /// The example's file with ports that are free, and its services' names as they are.
    private func withExample(
        _ body: (_ connection: RawConnection, _ upstreams: [String: ScriptedUpstream]) async throws -> Void
    ) async throws {
        var text = try Self.exampleFile().replacing("port_value: 10000", with: "port_value: 0")
        var upstreams: [String: ScriptedUpstream] = [:]
        var arguments: [String] = []
        for name in ["service1", "service1-mirror", "service2", "service2-mirror"] {
            let upstream = try await ScriptedUpstream.start(.answers("hello from \(name)"))
            upstreams[name] = upstream
            let old = "address: \(name)\n                port_value: 8080\n"
            #expect(text.contains(old))
            text = text.replacing(old, with: "address: \(name)\n                port_value: \(upstream.port)\n")
            arguments += ["--add-host", "\(name):127.0.0.1"]
        }
        try await Folder.with { folder in
            let path = try folder.write("envoy.yaml", text)
            try await ProxyProcess.run(["-c", path] + arguments) { proxy in
                try await body(try await RawConnection.connect(to: try await proxy.port()), upstreams)
            }
        }
        for upstream in upstreams.values { await upstream.stop() }
    }

    @Test func `service 1 is mirrored to the cluster that its route names`() async throws {
        try await withExample { client, upstreams in
            let primary = try #require(upstreams["service1"])
            let mirror = try #require(upstreams["service1-mirror"])
            let answer = try await client.ask("GET /service/1?q=1 HTTP/1.1\r\nHost: localhost:10000\r\n\r\n")
            #expect(answer.body == "hello from service1")
            let original = try await primary.complete(1)[0]
            let copy = try await mirror.complete(1)[0]
            #expect(original.target == "/service/1?q=1")
            #expect(copy.target == "/service/1?q=1")
            #expect(original.value("host") == "localhost:10000")
            #expect(copy.value("host") == "localhost-shadow:10000")
            #expect(original.value("x-request-id")?.count == 36)
            #expect(original.value("x-request-id") == copy.value("x-request-id"))
            #expect(original.value("x-envoy-internal") == nil)
            #expect(copy.value("x-envoy-internal") == "true")
            #expect(answer.value("server") == "understudy")
        }
    }

    @Test func `service 2 is mirrored to the cluster that the request names, or to none`() async throws {
        try await withExample { client, upstreams in
            let primary = try #require(upstreams["service2"])
            let mirror = try #require(upstreams["service2-mirror"])
            let other = try #require(upstreams["service1-mirror"])
            func get(_ query: String, _ header: String) async throws {
                let request = "GET /service/2?\(query) HTTP/1.1\r\nhost: localhost:10000\r\n\(header)\r\n"
                #expect(try await client.ask(request).body == "hello from service2")
            }
            try await get("none", "")
            try await get("unknown", "x-mirror-cluster: service2-mirror-non-existent\r\n")
            try await get("case", "x-mirror-cluster: Service2-Mirror\r\n")
            try await get("named", "x-mirror-cluster: service2-mirror\r\n")
            try await get("other", "x-mirror-cluster: service1-mirror\r\n")
            #expect(try await mirror.complete(1).map(\.target) == ["/service/2?named"])
            #expect(try await other.complete(1).map(\.target) == ["/service/2?other"])
            #expect(primary.record.current.completeRequests.count == 5)
            #expect(mirror.record.current.requests.count == 1)
        }
    }

    @Test func `a path that no route takes is a 404`() async throws {
        try await withExample { client, upstreams in
            let answer = try await client.ask("GET /service/3 HTTP/1.1\r\nhost: h\r\n\r\n")
            #expect(answer.status == 404)
            #expect(answer.bodyCount == 0)
            #expect(upstreams.values.allSatisfy { $0.record.current.requests.isEmpty })
        }
    }
}
