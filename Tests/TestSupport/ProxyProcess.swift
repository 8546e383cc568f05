// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The built binary as a child process that never outlives its test.

package import Foundation

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A running `understudy`.
package final class ProxyProcess: Sendable {
    package struct Output: Sendable, CustomStringConvertible {
        package fileprivate(set) var standardOutput = ""
        package fileprivate(set) var standardError = ""
        /// Set when the process has ended: the exit code, or the negative number of the signal that ended it.
        package fileprivate(set) var code: Int32?
        fileprivate var openStreams = 2

        /// It has ended, and all that it said is here.
        package var isOver: Bool { code != nil && openStreams == 0 }

        /// The lines of standard error.
        package var errorLines: [String] {
            standardError.split(separator: "\n").map(String.init)
        }

        /// Ports of the log lines that say where it listens, in their order.
        package var ports: [Int] {
            Self.ports(errorLines.filter { $0.contains(" listening ") && !$0.contains(" admin listening ") })
        }

        /// Of the admin server, once it listens.
        package var adminPort: Int? { Self.ports(errorLines.filter { $0.contains(" admin listening ") }).first }

        private static func ports(_ lines: [String]) -> [Int] {
            lines.compactMap { line in
                let fields = line.split(separator: " ")
                let address = fields.first { $0.hasPrefix("address=") }
                return address?.split(separator: ":").last.flatMap { Int($0) }
            }
        }

        package var description: String {
            "code \(code.map { "\($0)" } ?? "none")\nstdout: \(standardOutput)\nstderr: \(standardError)"
        }
    }

    package let output = Watched(Output())
    private let process: ChildProcess

    /// Starts the binary and ends it after `body`, however that ends.
    package static func run<Result>(
        _ arguments: [String],
        environment: [String: String] = [:],
        isolation: isolated (any Actor)? = #isolation,
        _ body: (ProxyProcess) async throws -> Result
    ) async throws -> Result {
        try await run(executable: binary(), arguments, environment: environment, body)
    }

    /// As above, with another program in front, such as a shell that sets a limit first.
    package static func run<Result>(
        executable: URL,
        _ arguments: [String],
        environment: [String: String] = [:],
        isolation: isolated (any Actor)? = #isolation,
        _ body: (ProxyProcess) async throws -> Result
    ) async throws -> Result {
        try await Turnstile.processes.enter()
        let started: ProxyProcess
        do {
            started = try ProxyProcess(executable, arguments, environment)
        } catch {
            Turnstile.processes.leave()
            throw error
        }
        do {
            let result = try await body(started)
            await started.kill()
            Turnstile.processes.leave()
            return result
        } catch {
            await started.kill()
            Turnstile.processes.leave()
            throw error
        }
    }

    /// Runs the binary until it ends by itself.
    package static func output(
        _ arguments: [String],
        environment: [String: String] = [:],
        within bound: Duration = .seconds(30)
    ) async throws -> Output {
        try await run(arguments, environment: environment) { process in
            try await process.output.wait("the end of the process", within: bound) { $0.isOver }
        }
    }

    private init(_ executable: URL, _ arguments: [String], _ environment: [String: String]) throws {
        let output = self.output
        let environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process = try ChildProcess(executable.path, arguments, environment: environment) { event in
            output.update { output in
                switch event {
                case .text(let text, .output): output.standardOutput += text
                case .text(let text, .error): output.standardError += text
                case .closed: output.openStreams -= 1
                case .ended(let code): output.code = code
                }
            }
        }
    }

    // MARK: While it runs

    package var identifier: Int32 { process.identifier }

    /// The port of its first listener, as soon as it listens.
    package func port() async throws -> Int {
        let output = try await output.wait("a listening proxy") { !$0.ports.isEmpty || $0.isOver }
        guard let port = output.ports.first else { throw Overdue("a port", after: .zero, state: "\(output)") }
        return port
    }

    package func signal(_ number: Int32) { process.signal(number) }

    /// Its output, as soon as it has ended.
    package func end(within bound: Duration = Patience.usual) async throws -> Output {
        try await output.wait("the end of the process", within: bound) { $0.isOver }
    }

    private func kill() async {
        signal(SIGKILL)
        _ = try? await output.wait("the end after a kill", within: .seconds(5)) { $0.code != nil }
    }

    // MARK: Where it is

    private struct NoBinary: Error, CustomStringConvertible {
        let description: String
    }

    /// The binary that was built together with the tests.
    package static func binary() throws -> URL {
        let places = [CommandLine.arguments.first.map { URL(fileURLWithPath: $0) }, Bundle.main.bundleURL]
        for place in places.compactMap({ $0 }) {
            var folder = place
            for _ in 0..<3 {
                folder = folder.deletingLastPathComponent()
                let candidate = folder.appendingPathComponent("understudy")
                if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate }
            }
        }
        throw NoBinary(description: "no executable named understudy beside the tests in \(places)")
    }
}
