// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// : mirroring without a file, and the file that it stands for.

internal import TestSupport
internal import Testing

@Suite(.timeLimit(.minutes(5)))
struct MirrorCommandTests {
    private static func arguments(_ upstreams: [ScriptedUpstream], host: String) -> [String] {
        var arguments = ["mirror", "--listen", "127.0.0.1:0", "--primary", "http://\(host):\(upstreams[0].port)"]
        for mirror in upstreams.dropFirst() { arguments += ["--mirror", "http://\(host):\(mirror.port)/"] }
        return arguments
    }

    private static func start(mirrors: Int) async throws -> [ScriptedUpstream] {
        var upstreams = [try await ScriptedUpstream.start(.answers("from the primary"))]
        for _ in 0..<mirrors { upstreams.append(try await ScriptedUpstream.start(.answers("from a mirror"))) }
        return upstreams
    }

    /// One request through the proxy, and what everybody saw of it.
    private static func expectMirroring(_ proxy: ProxyProcess, _ upstreams: [ScriptedUpstream]) async throws {
        let before = upstreams.map(\.record.current.completeRequests.count)
        let client = try await RawConnection.connect(to: try await proxy.port())
        let request = "POST /any/path HTTP/1.1\r\nhost: example.com:81\r\ncontent-length: 4\r\n\r\nbody"
        let answer = try await client.ask(request)
        #expect(answer.status == 200)
        #expect(answer.body == "from the primary")
        for (index, upstream) in upstreams.enumerated() {
            let seen = try await upstream.complete(before[index] + 1)[before[index]]
            #expect(seen.target == "/any/path")
            #expect(seen.body == "body")
            #expect(seen.value("host") == (index == 0 ? "example.com:81" : "example.com-shadow:81"))
        }
    }

    @Test(arguments: 1...3)
    func `every request is answered by the primary and copied to each mirror`(mirrors: Int) async throws {
        let upstreams = try await Self.start(mirrors: mirrors)
        try await ProxyProcess.run(Self.arguments(upstreams, host: "127.0.0.1")) { proxy in
            try await Self.expectMirroring(proxy, upstreams)
        }
    }

    @Test(arguments: ["127.0.0.1", "service.example"])
    func `the printed configuration serves in the same way`(host: String) async throws {
        let upstreams = try await Self.start(mirrors: 2)
        let arguments = Self.arguments(upstreams, host: host)
        let hosts = ["--add-host", "service.example:127.0.0.1"]
        try await ProxyProcess.run(arguments + hosts) { try await Self.expectMirroring($0, upstreams) }

        let printed = try await ProxyProcess.output(arguments + ["--print-config"])
        #expect(printed.code == 0)
        #expect(printed.standardError == "")
        try await Folder.with { folder in
            let path = try folder.write("envoy.yaml", printed.standardOutput)
            let checked = try await ProxyProcess.output(["validate", path])
            #expect(checked.code == 0, "\(checked)")
            try await ProxyProcess.run(["-c", path] + hosts) { try await Self.expectMirroring($0, upstreams) }
        }
    }

    @Test func `printing opens no socket`() async throws {
        let taken = try await ScriptedUpstream.start(.answers())
        let arguments = [
            "mirror", "--listen", "127.0.0.1:\(taken.port)", "--primary", "http://a", "--mirror", "http://b",
            "--print-config",
        ]
        let output = try await ProxyProcess.output(arguments)
        #expect(output.code == 0)
        #expect(output.standardOutput.contains("port_value: 80\n"))
        await taken.stop()
    }

    @Test(arguments: [
        "ftp://h", "https://h", "h:80", "http://", "http://h:0", "http://h:65536", "http://h:port", "http://h/path",
        "http://user@h", "http://h?q", "http://a b", "http://h\n  x: y",
    ])
    func `what is no plain address of a service is a usage error`(url: String) async throws {
        let output = try await ProxyProcess.output(["mirror", "--primary", url, "--mirror", "http://h"])
        #expect(output.code == 64, "\(output)")
        #expect(output.standardError.hasPrefix("Error: "))
        #expect(!output.standardError.contains("UpstreamURL"))
    }

    @Test(arguments: [
        ["--primary", "http://h"], ["--mirror", "http://h"],
        ["--primary", "http://h", "--mirror", "http://h", "--listen", "h"],
    ])
    func `a missing or wrong part is a usage error`(arguments: [String]) async throws {
        let output = try await ProxyProcess.output(["mirror"] + arguments)
        #expect(output.code == 64, "\(output)")
    }
}
