// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What access logs say of exchanges on real sockets.

internal import Foundation
internal import TestSupport
internal import Testing

@Suite(.timeLimit(.minutes(5)))
struct AccessLogTests {
    /// Written at once, so that a test sees a line as soon as there is one.
    static let prompt = ["--file-flush-interval-msec", "10"]

    /// An access log of the file format, in YAML's flow style.
    static func file(_ path: String, _ settings: String = "", filter: String? = nil) -> String {
        let type = "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog"
        let config =
            "typed_config: { \"@type\": \(type), path: \"\(path)\" \(settings.isEmpty ? "" : ", " + settings) }"
        return "{ name: file\(filter.map { ", filter: { \($0) }" } ?? ""), \(config) }"
    }

    static func text(_ format: String) -> String {
        "log_format: { text_format_source: { inline_string: \"\(format)\\n\" } }"
    }

    /// The lines of a file that may not be there yet.
    static func lines(_ path: String) -> [String] {
        let text = try? String(contentsOfFile: path, encoding: .utf8)
        return text?.split(separator: "\n").map(String.init) ?? []
    }

    /// The lines, as soon as there are so many.
    static func lines(_ path: String, _ count: Int) async throws -> [String] {
        try await eventually("\(count) lines of an access log") { lines(path).count >= count }
        return lines(path)
    }

    private static func configuration(_ upstream: ScriptedUpstream, _ logs: [String]) -> ProxyConfiguration {
        var configuration = ProxyConfiguration(
            routes: [.init("/here", to: "here"), .init("/refused", to: "refused")],
            clusters: [
                .init("here", ports: [upstream.port]), .init("refused", ports: [ScriptedUpstream.closedPort]),
            ],
            hasAdmin: true
        )
        configuration.accessLogs = logs
        return configuration
    }

    private static func mirrored(
        _ primary: ScriptedUpstream,
        _ mirror: ScriptedUpstream,
        _ path: String
    ) -> ProxyConfiguration {
        let format = "%REQ(:AUTHORITY)% %UPSTREAM_CLUSTER% %UPSTREAM_HOST% %RESPONSE_CODE%"
        var configuration = ProxyConfiguration(
            routes: [.init("/", to: "primary", mirrors: ["mirror"])],
            clusters: [.init("primary", ports: [primary.port]), .init("mirror", ports: [mirror.port])],
            hasAdmin: true
        )
        configuration.routerSettings = ["upstream_log: [\(file(path, text(format)))]"]
        return configuration
    }

    @Test func `the default line tells what became of each request`() async throws {
        let upstream = try await ScriptedUpstream.start(
            .answers { $0.target == "/here/slow" ? nil : "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok" }
        )
        try await Folder.with { folder in
            let path = folder.path("log")
            let configuration = Self.configuration(upstream, [Self.file(path)])
            try await OperatedProxy.run(configuration, Self.prompt) { proxy in
                #expect(try await proxy.ask("/here", ["user-agent: test"]).status == 200)
                let usual = try await Self.lines(path, 1)[0]
                #expect(try await proxy.ask("/nowhere").status == 404)
                #expect(try await Self.lines(path, 2)[1].contains(#""GET /nowhere HTTP/1.1" 404 NR 0 0 "#))
                #expect(try await proxy.ask("/refused").status == 503)
                #expect(try await Self.lines(path, 3)[2].contains(#""GET /refused HTTP/1.1" 503 UF 0 "#))
                let client = try await proxy.connect()
                try await client.send("GET /here/slow HTTP/1.1\r\nhost: h\r\n\r\n")
                try await upstream.complete(2)
                client.reset()
                #expect(try await Self.lines(path, 4)[3].contains(#""GET /here/slow HTTP/1.1" 0 DC 0 0 "#))

                let time = #"^\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\] "#
                let rest =
                    #""GET /here HTTP/1\.1" 200 - 0 2 \d+ \d+ "-" "test" "[0-9a-f-]{36}" "h" "127\.0\.0\.1:\d+"$"#
                #expect(usual.range(of: time + rest, options: .regularExpression) != nil, "\(usual)")
            }
        }
        await upstream.stop()
    }

    @Test func `a HEAD has no bytes in its line`() async throws {
        let upstream = try await ScriptedUpstream.start(
            .answers { _ in "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n" }
        )
        try await Folder.with { folder in
            let path = folder.path("log")
            let configuration = Self.configuration(upstream, [Self.file(path)])
            try await OperatedProxy.run(configuration, Self.prompt) { proxy in
                let client = try await proxy.connect()
                try await client.send("HEAD /here HTTP/1.1\r\nhost: h\r\n\r\n")
                #expect(try await Self.lines(path, 1)[0].contains(#""HEAD /here HTTP/1.1" 200 - 0 0 "#))
            }
        }
        await upstream.stop()
    }

    @Test func `a JSON line is JSON, whatever the client sends`() async throws {
        let upstream = try await ScriptedUpstream.start(.answers())
        let fields =
            #"path: "%REQ(:PATH)%", agent: "%REQ(user-agent)%", code: "%RESPONSE_CODE%", flags: "%RESPONSE_FLAGS%""#
        try await Folder.with { folder in
            let path = folder.path("log")
            let log = Self.file(path, "log_format: { json_format: { \(fields) } }")
            try await OperatedProxy.run(Self.configuration(upstream, [log]), Self.prompt) { proxy in
                #expect(try await proxy.ask(#"/here?a="b\c"#, [#"user-agent: "q"\"#]).status == 200)
                let line = try await Self.lines(path, 1)[0]
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                #expect(object?["path"] as? String == #"/here?a="b\c"#)
                #expect(object?["agent"] as? String == #""q"\"#)
                #expect(object?["code"] as? Int == 200)
                #expect(object?["flags"] as? String == "-")
            }
        }
        await upstream.stop()
    }

    @Test func `each filter lets its own lines pass`() async throws {
        let upstream = try await ScriptedUpstream.start(.answers())
        let status = "status_code_filter: { comparison: { op: GE, value: { default_value: 400, runtime_key: k } } }"
        let flag = "response_flag_filter: { flags: [NR] }"
        let header = #"header_filter: { header: { name: x-log, string_match: { exact: "yes" } } }"#
        let filters = [
            "status": status, "flag": flag, "header": header,
            "either": "or_filter: { filters: [{ \(header) }, { \(flag) }] }",
            "both": "and_filter: { filters: [{ \(status) }, { \(header) }] }",
        ]
        try await Folder.with { folder in
            let logs = filters.map { Self.file(folder.path($0), Self.text("%REQ(:PATH)%"), filter: $1) }
            let all = Self.file(folder.path("all"), Self.text("%REQ(:PATH)%"))
            try await OperatedProxy.run(Self.configuration(upstream, logs + [all]), Self.prompt) { proxy in
                for target in ["/here", "/none", "/refused"] {
                    _ = try await proxy.ask(target)
                    _ = try await proxy.ask(target + "?log", ["x-log: yes"])
                }
                _ = try await Self.lines(folder.path("all"), 6)
                let expected = [
                    "status": ["/none", "/none?log", "/refused", "/refused?log"],
                    "flag": ["/none", "/none?log"],
                    "header": ["/here?log", "/none?log", "/refused?log"],
                    "either": ["/here?log", "/none", "/none?log", "/refused?log"],
                    "both": ["/none?log", "/refused?log"],
                ]
                for (name, lines) in expected {
                    #expect(try await Self.lines(folder.path(name), lines.count).sorted() == lines, "\(name)")
                }
            }
        }
        await upstream.stop()
    }

    @Test func `the router's log has a line for the request and one for its copy`() async throws {
        let primary = try await ScriptedUpstream.start(.answers())
        let mirror = try await ScriptedUpstream.start(.answers("copy"))
        try await Folder.with { folder in
            let path = folder.path("log")
            let configuration = Self.mirrored(primary, mirror, path)
            try await OperatedProxy.run(configuration, Self.prompt) { proxy in
                #expect(try await proxy.ask().status == 200)
                let expected = [
                    "h primary 127.0.0.1:\(primary.port) 200", "h-shadow mirror 127.0.0.1:\(mirror.port) 200",
                ]
                let lines = try await Self.lines(path, 2)
                #expect(lines.sorted() == expected)
            }
        }
        await primary.stop()
        await mirror.stop()
    }
}
