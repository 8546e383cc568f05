// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A proxy that runs out of descriptors waits for better times, and neither spins nor dies.

internal import Foundation
internal import TestSupport
internal import Testing

@Suite(.timeLimit(.minutes(5)), .enabled(if: ProcessFigures.areThere))
struct DescriptorTests {
    @Test func `more clients than descriptors are served in the end`() async throws {
        let upstream = try await ScriptedUpstream.start(.answers())
        let configuration = ProxyConfiguration(
            routes: [.init("/", to: "one")],
            clusters: [.init("one", ports: [upstream.port])]
        )
        let shell = ["-c", "ulimit -n 48; exec \"$@\"", "sh", try ProxyProcess.binary().path]
        let arguments = shell + ["--config-yaml", configuration.yaml, "--concurrency", "2"]
        try await ProxyProcess.run(executable: URL(fileURLWithPath: "/bin/sh"), arguments) { proxy in
            let port = try await proxy.port()
            var idle: [RawConnection] = []
            for _ in 0..<80 { idle.append(try await RawConnection.connect(to: port)) }

            // Of three seconds without anything to do, the quietest must cost next to nothing.
            var quietest = Duration.seconds(1)
            for _ in 0..<3 where quietest > .milliseconds(100) {
                let before = try ProcessFigures.processorTime(of: proxy)
                try await Task.sleep(for: .seconds(1))
                quietest = min(quietest, try ProcessFigures.processorTime(of: proxy) - before)
            }
            #expect(quietest <= .milliseconds(100), "used \(quietest) of a second")
            #expect(proxy.output.current.code == nil)

            for client in idle { client.close() }
            let client = try await RawConnection.connect(to: port)
            let answer = try await client.ask("GET / HTTP/1.1\r\nhost: h\r\n\r\n")
            #expect(answer.status == 200)
        }
        await upstream.stop()
    }
}
