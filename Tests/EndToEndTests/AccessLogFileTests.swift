// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What happens to access logs when files are renamed, full, stuck or not there, and when the process ends.

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
struct AccessLogFileTests {
    private static func configuration(
        _ upstream: ScriptedUpstream,
        _ path: String,
        format: String = "%REQ(:PATH)%"
    ) -> ProxyConfiguration {
        var configuration = ProxyConfiguration(
            routes: [.init("/", to: "here")],
            clusters: [.init("here", ports: [upstream.port])],
            hasAdmin: true
        )
        configuration.accessLogs = [AccessLogTests.file(path, AccessLogTests.text(format))]
        return configuration
    }

    /// One request after another on one connection, each with its number as the path.
    private static func ask(_ proxy: OperatedProxy, _ numbers: Range<Int>) async throws {
        let client = try await proxy.connect()
        defer { client.close() }
        for number in numbers {
            let answer = try await client.ask("GET /\(number) HTTP/1.1\r\nhost: h\r\n\r\n")
            #expect(answer.status == 200)
        }
    }

    @Test(arguments: [true, false])
    func `a file renamed under load and opened anew loses no line`(bySignal: Bool) async throws {
        let upstream = try await ScriptedUpstream.start(.answers())
        try await Folder.with { folder in
            let path = folder.path("log")
            let configuration = Self.configuration(upstream, path)
            try await OperatedProxy.run(configuration, AccessLogTests.prompt) { proxy in
                async let load: Void = Self.ask(proxy, 0..<400)
                _ = try await AccessLogTests.lines(path, 50)
                try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
                if bySignal {
                    proxy.process.signal(SIGUSR1)
                } else {
                    #expect(try await proxy.admin("/reopen_logs", method: "POST").status == 200)
                }
                try await eventually("a new file") { FileManager.default.fileExists(atPath: path) }
                try await load
                try await Self.ask(proxy, 400..<410)
                try await eventually("all lines") {
                    AccessLogTests.lines(path).count + AccessLogTests.lines(path + ".1").count >= 410
                }
                let old = AccessLogTests.lines(path + ".1")
                let all = old + AccessLogTests.lines(path)
                #expect(all.sorted() == (0..<410).map { "/\($0)" }.sorted())
                #expect(old.count < 410)
            }
        }
        await upstream.stop()
    }

    @Test func `lines that wait are written before the end`() async throws {
        let upstream = try await ScriptedUpstream.start(.answers())
        try await Folder.with { folder in
            let path = folder.path("log")
            let configuration = Self.configuration(upstream, path)
            // Nothing is due before the end: neither by time nor by size.
            try await OperatedProxy.run(configuration, ["--file-flush-interval-msec", "3600000"]) { proxy in
                try await Self.ask(proxy, 0..<50)
                proxy.process.signal(SIGTERM)
                #expect(try await proxy.process.end().code == 0)
                #expect(AccessLogTests.lines(path).sorted() == (0..<50).map { "/\($0)" }.sorted())
            }
        }
        await upstream.stop()
    }

    @Test func `a full disk costs lines, which are counted, and no request`() async throws {
        let upstream = try await ScriptedUpstream.start(.answers())
        let configuration = Self.configuration(upstream, "/dev/full")
        try await OperatedProxy.run(configuration, AccessLogTests.prompt) { proxy in
            try await Self.ask(proxy, 0..<20)
            try await proxy.statistic("filesystem.write_failed") { $0 > 0 }
            try await Self.ask(proxy, 20..<40)
            #expect(try await proxy.statistic("http.test.downstream_rq_2xx") == 40)
        }
        await upstream.stop()
    }

    @Test func `a FIFO that nobody reads holds up neither the start nor a request nor the end`() async throws {
        let upstream = try await ScriptedUpstream.start(.answers())
        try await Folder.with { folder in
            let path = try #require(folder.pipe("fifo"))
            // Some hundred KB a line, so that the queue of 16 MiB behind the pipe is soon full.
            let format = String(repeating: "%REQ(x-long)%", count: 50)
            let configuration = Self.configuration(upstream, path, format: format)
            try await OperatedProxy.run(configuration, AccessLogTests.prompt) { proxy in
                let long = "x-long: " + String(repeating: "x", count: 16_000)
                for _ in 0..<30 { _ = try await proxy.ask("/", [long]) }
                try await proxy.statistic("filesystem.lines_dropped") { $0 > 0 }
                try await Self.ask(proxy, 20..<40)
                proxy.process.signal(SIGTERM)
                #expect(try await proxy.process.end().code == 0)
            }
        }
        await upstream.stop()
    }

    @Test func `a path that cannot be opened ends the start with the path and the reason`() async throws {
        let upstream = try await ScriptedUpstream.start(.answers())
        let yaml = Self.configuration(upstream, "/nonexistent/log").yaml
        let output = try await ProxyProcess.output(["--config-yaml", yaml])
        #expect(output.code == 1)
        #expect(output.standardError.contains("/nonexistent/log"))
        #expect(output.standardError.lowercased().contains("no such file or directory"))
        await upstream.stop()
    }

    @Test func `a reload with a path that cannot be opened is refused, and the old log goes on`() async throws {
        let upstream = try await ScriptedUpstream.start(.answers())
        try await Folder.with { folder in
            let path = folder.path("log")
            let configuration = Self.configuration(upstream, path)
            let worse = configuration.yaml.replacingOccurrences(of: path, with: "/nonexistent/log")
            try await OperatedProxy.run(configuration, AccessLogTests.prompt) { proxy in
                try await Self.ask(proxy, 0..<5)
                try await proxy.reload(worse, expecting: OperatedProxy.refused)
                #expect(proxy.process.output.current.standardError.contains("/nonexistent/log"))
                try await Self.ask(proxy, 5..<10)
                #expect(try await AccessLogTests.lines(path, 10).sorted() == (0..<10).map { "/\($0)" })
            }
        }
        await upstream.stop()
    }
}
