// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The process' own log: its form, its place, its levels.

internal import Foundation
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
struct LoggingTests {
    /// Nothing listens behind it; the log is all that matters.
    private static let configuration = ProxyConfiguration(
        routes: [.init("/", to: "c")],
        clusters: [.init("c", ports: [ScriptedUpstream.closedPort])],
        hasAdmin: true
    )

    @Test func `a format is followed letter by letter`() async throws {
        let arguments = ["--config-yaml", Self.configuration.yaml, "--log-format", "<%l|%n> %v"]
        try await ProxyProcess.run(arguments) { process in
            _ = try await process.port()
            let lines = process.output.current.errorLines
            #expect(lines.contains { $0.hasPrefix("<info|listener> listening address=127.0.0.1:") }, "\(lines)")
            #expect(lines.allSatisfy { $0.hasPrefix("<") })
        }
    }

    @Test func `each line is JSON if asked for`() async throws {
        let arguments = ["--config-yaml", Self.configuration.yaml, "--log-json"]
        try await ProxyProcess.run(arguments) { process in
            let output = try await process.output.wait("lines") { $0.standardError.contains("listening") }
            process.signal(SIGTERM)
            let end = try await process.end()
            #expect(end.errorLines.count >= output.errorLines.count)
            for line in end.errorLines {
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                #expect(object?["level"] as? String != nil, "\(line)")
            }
        }
    }

    @Test func `a log file that was moved away is opened anew on a signal`() async throws {
        try await Folder.with { folder in
            let path = folder.path("log")
            let arguments = ["--config-yaml", Self.configuration.yaml, "--log-path", path]
            try await ProxyProcess.run(arguments) { process in
                try await eventually("a first line") {
                    AccessLogTests.lines(path).contains { $0.contains("listening") }
                }
                try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
                process.signal(SIGUSR1)
                try await eventually("a new file") { FileManager.default.fileExists(atPath: path) }
                process.signal(SIGTERM)
                let end = try await process.end()
                #expect(end.code == 0)
                #expect(end.standardError == "")
                #expect(AccessLogTests.lines(path).contains { $0.contains("exiting") })
                #expect(!AccessLogTests.lines(path + ".1").contains { $0.contains("exiting") })
            }
        }
    }

    @Test func `one part may be quieter than the others`() async throws {
        let arguments = ["--config-yaml", Self.configuration.yaml, "--component-log-level", "admin:off"]
        try await ProxyProcess.run(arguments) { process in
            _ = try await process.port()
            let text = process.output.current.standardError
            #expect(text.contains("[listener]"))
            #expect(!text.contains("[admin]"))
        }
    }

    @Test func `levels can be changed while it runs`() async throws {
        try await OperatedProxy.run(Self.configuration) { proxy in
            let levels = try await proxy.admin("/logging?level=off", method: "POST")
            #expect(levels.body.contains("  main: off\n"))
            proxy.process.signal(SIGTERM)
            let silent = try await proxy.process.end()
            #expect(!silent.standardError.contains("exiting"))
        }
    }

    @Test func `a part that is asked to tells more from then on`() async throws {
        let settings = [
            "type: STRICT_DNS", "dns_refresh_rate: 0.05s",
            "dns_failure_refresh_rate: { base_interval: 0.05s, max_interval: 0.05s }",
        ]
        let configuration = ProxyConfiguration(
            routes: [.init("/", to: "unknown")],
            clusters: [.init("unknown", endpoints: [("unknown.invalid", 80)], settings: settings)],
            hasAdmin: true
        )
        let event = "a name could not be resolved"
        try await OperatedProxy.run(configuration) { proxy in
            // Tried at least twice, in silence.
            try await proxy.statistic("cluster.unknown.update_failure") { $0 >= 2 }
            #expect(proxy.count(event) == 0)
            let levels = try await proxy.admin("/logging?upstream=debug", method: "POST")
            #expect(levels.body.contains("  upstream: debug\n"))
            #expect(levels.body.contains("  main: info\n"))
            _ = try await proxy.line(event)
        }
    }
}
