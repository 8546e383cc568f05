// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Checking configurations without serving them.

internal import TestSupport
internal import Testing

@Suite(.timeLimit(.minutes(5)))
struct ValidateTests {
    private static let good = ProxyConfiguration(
        routes: [.init("/", to: "one", mirrors: ["two"])],
        clusters: [.init("one", ports: [9]), .init("two", ports: [9])]
    ).yaml

    /// Three mistakes in one file.
    private static let bad = """
        static_resources:
          clusters:
          - name: one
            conect_timeout: 1s
          - name: one
          - name: two
            connect_timeout: soon

        """

    @Test(arguments: [["validate"], ["--mode", "validate", "-c"], ["serve", "--mode", "validate", "-c"]])
    func `a good file is said to be good`(arguments: [String]) async throws {
        try await Folder.with { folder in
            let path = try folder.write("good.yaml", Self.good)
            let output = try await ProxyProcess.output(arguments + [path])
            #expect(output.code == 0)
            #expect(output.standardOutput == "configuration '\(path)' OK\n")
            #expect(output.standardError == "")
        }
    }

    @Test(arguments: [["validate"], ["--mode", "validate", "-c"]])
    func `every mistake is named, with its place`(arguments: [String]) async throws {
        try await Folder.with { folder in
            let path = try folder.write("bad.yaml", Self.bad)
            let output = try await ProxyProcess.output(arguments + [path])
            #expect(output.code == 1)
            #expect(output.standardOutput == "")
            let places = output.errorLines.filter { $0.contains("  error: ") }.map { $0.prefix { $0 != " " } }
            for line in [4, 7] { #expect(places.contains { $0.hasPrefix("\(path):\(line):") }, "\(output)") }
            #expect(output.standardError.contains("did you mean \"connect_timeout\"?"))
        }
    }

    @Test func `of several files each gets its verdict`() async throws {
        try await Folder.with { folder in
            let good = try folder.write("good.yaml", Self.good)
            let bad = try folder.write("bad.yaml", Self.bad)
            let missing = folder.path("missing.yaml")
            let other = try folder.write("other.yaml", Self.good)
            let output = try await ProxyProcess.output(["validate", good, bad, missing, other])
            #expect(output.code == 1)
            #expect(output.standardOutput == "configuration '\(good)' OK\nconfiguration '\(other)' OK\n")
            #expect(output.standardError.contains("\(bad):4:"))
            #expect(output.standardError.contains("\(missing)  error: no such file"))
        }
    }

    @Test func `an unknown field is forgiven on request, with a warning`() async throws {
        try await Folder.with { folder in
            let text = Self.good.replacing("  clusters:\n", with: "  surprise: 1\n  clusters:\n")
            let path = try folder.write("unknown.yaml", text)
            let strict = try await ProxyProcess.output(["validate", path])
            #expect(strict.code == 1)
            #expect(strict.standardError.contains("  error: "))
            let lenient = try await ProxyProcess.output(["validate", path, "--allow-unknown-static-fields"])
            #expect(lenient.code == 0)
            #expect(lenient.standardError.contains("  warning: "))
            #expect(lenient.standardOutput == "configuration '\(path)' OK\n")
        }
    }

    @Test func `a checked file may use a port that is taken`() async throws {
        let other = try await ScriptedUpstream.start(.answers())
        let text = Self.good.replacing("port_value: 0 ", with: "port_value: \(other.port) ")
        #expect(text != Self.good)
        let output = try await ProxyProcess.output(["--mode", "validate", "--config-yaml", text])
        #expect(output.code == 0, "\(output)")
        await other.stop()
    }
}
