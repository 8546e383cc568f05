// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the command line says when it cannot do what it was asked to, and that it then does nothing.

internal import Foundation
internal import TestSupport
internal import Testing

@Suite(.timeLimit(.minutes(5)))
struct StartFailureTests {
    /// Words that only a programmer should ever read.
    private static let insideWords = [
        "Swift", "Optional(", "Error Domain", "fatal", "Fatal", "UnderstudyC", "NIO", "IOError", "Foundation", "errno",
        "DecodingError", "(_:", "0x", "nil",
    ]

    private func expectPlain(_ text: String) {
        for word in Self.insideWords {
            #expect(!text.contains(word), "'\(word)' in: \(text)")
        }
    }

    private static let good = ProxyConfiguration(
        routes: [.init("/", to: "one")],
        clusters: [.init("one", ports: [9])]
    )

    @Test func `a port that is taken is one line and exit code 1`() async throws {
        let other = try await ScriptedUpstream.start(.answers())
        var configuration = Self.good
        configuration.port = other.port
        let output = try await ProxyProcess.output(["--config-yaml", configuration.yaml])
        #expect(output.code == 1)
        #expect(output.standardOutput == "")
        #expect(
            output.standardError
                == "understudy: cannot listen on 127.0.0.1:\(other.port): address already in use\n"
        )
        await other.stop()
    }

    @Test func `an address that is not ours is one line and exit code 1`() async throws {
        let yaml = Self.good.yaml.replacing(
            "address: 127.0.0.1, port_value: 0",
            with: "address: 192.0.2.1, port_value: 0"
        )
        let output = try await ProxyProcess.output(["--config-yaml", yaml])
        #expect(output.code == 1)
        #expect(output.errorLines.count == 1)
        #expect(output.standardError.hasPrefix("understudy: cannot listen on 192.0.2.1:0: "))
        expectPlain(output.standardError)
    }

    @Test(arguments: [["-c"], ["--config-path"], ["validate"], ["--mode", "validate", "-c"]])
    func `a file that is not there is one line and exit code 1`(arguments: [String]) async throws {
        try await Folder.with { folder in
            let path = folder.path("nothing.yaml")
            let output = try await ProxyProcess.output(arguments + [path])
            #expect(output.code == 1)
            #expect(output.errorLines == ["\(path)  error: no such file"])
            #expect(output.standardOutput == "")
        }
    }

    @Test(arguments: [["-c"], ["validate"], ["--mode", "validate", "-c"]])
    func `a folder is no file`(arguments: [String]) async throws {
        try await Folder.with { folder in
            let output = try await ProxyProcess.output(arguments + [folder.path("")])
            #expect(output.code == 1)
            #expect(output.errorLines.count == 1)
            #expect(output.standardError.contains("a directory, not a file"))
            expectPlain(output.standardError)
        }
    }

    @Test(arguments: [
        ("static_resources: [", "2:1"),
        ("static_resources:\n\tlisteners: []\n", "2:"),
        ("just text\n", "1:1"),
        ("", ""),
        ("static_resources:\n  clusters:\n  - name: a\n    typo_field: 1\n", "4:5"),
        ("static_resources:\n  clusters:\n  - {name: a, name: b}\n", "3:"),
        ("a: &a [x]\nb: *c\n", "2:"),
    ])
    func `a bad file says where, and nothing listens`(text: String, place: String) async throws {
        try await Folder.with { folder in
            let path = try folder.write("bad.yaml", text)
            let output = try await ProxyProcess.output(["-c", path])
            #expect(output.code == 1)
            #expect(output.standardError.hasPrefix(place.isEmpty ? path : "\(path):\(place)"), "\(output)")
            #expect(output.standardError.contains("  error: "))
            #expect(output.ports == [])
            #expect(!output.standardError.contains("listening"))
            expectPlain(output.standardError)
        }
    }

    @Test func `a mirror that no cluster has keeps the listener shut`() async throws {
        let configuration = ProxyConfiguration(
            routes: [.init("/", to: "one", mirrors: ["nowhere"])],
            clusters: [.init("one", ports: [9])]
        )
        let output = try await ProxyProcess.output(["--config-yaml", configuration.yaml])
        #expect(output.code == 1)
        #expect(output.standardError.contains("unknown shadow cluster 'nowhere'"))
        #expect(!output.standardError.contains("listening"))
        expectPlain(output.standardError)
    }

    @Test(arguments: [
        ["--no-such-flag"], ["-c"], [], ["-c", "a", "--config-yaml", "b"], ["-c", "a", "--concurrency", "0"],
        ["-c", "a", "--concurrency", "many"], ["-c", "a", "--drain-time-s", "-1"], ["-c", "a", "-l", "loud"],
        ["-c", "a", "--mode", "dance"], ["-c", "a", "--add-host", "name"], ["-c", "a", "--add-host", "name:nowhere"],
        ["sandbox", "--port", "65536"], ["sandbox", "--service", "service3"], ["validate"], ["dance"],
        ["sandbox", "--service", "service1", "--listen", "nowhere"],
    ])
    func `a wrong command line is a usage error`(arguments: [String]) async throws {
        let output = try await ProxyProcess.output(arguments)
        #expect(output.code == 64)
        #expect(output.standardError.hasPrefix("Error: "), "\(output)")
        #expect(output.standardError.contains("Usage: understudy"))
        #expect(output.standardOutput == "")
        expectPlain(output.standardError)
    }

    @Test func `help and version are answers and no errors`() async throws {
        let help = try await ProxyProcess.output(["--help"])
        #expect(help.code == 0)
        for word in ["sandbox", "validate", "serve"] { #expect(help.standardOutput.contains(word)) }
        let version = try await ProxyProcess.output(["--version"])
        #expect(version.code == 0)
        #expect(version.standardOutput.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
    }
}
