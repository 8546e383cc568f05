// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A proxy with a configuration file that may change, and an admin server to ask.

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

package struct OperatedProxy: Sendable {
    package let process: ProxyProcess
    package let folder: Folder
    package let path: String
    /// Of the first listener.
    package let port: Int
    package let adminPort: Int

    private static let name = "envoy.yaml"

    /// Writes the configuration to a file, and ends the proxy after `body`, however that ends.
    package static func run(
        _ configuration: ProxyConfiguration,
        _ arguments: [String] = [],
        isolation: isolated (any Actor)? = #isolation,
        _ body: (OperatedProxy) async throws -> Void
    ) async throws {
        try await Folder.with { folder in
            let path = try folder.write(name, configuration.yaml)
            try await run(folder, path: path, arguments, body)
        }
    }

    /// As above, with a file that is there already.
    package static func run(
        _ folder: Folder,
        path: String,
        _ arguments: [String] = [],
        isolation: isolated (any Actor)? = #isolation,
        _ body: (OperatedProxy) async throws -> Void
    ) async throws {
        try await ProxyProcess.run(["-c", path, "--concurrency", "2"] + arguments) { process in
            let port = try await process.port()
            let output = process.output.current
            guard let adminPort = output.adminPort else {
                throw Overdue("an admin port", after: .zero, state: "\(output)")
            }
            let proxy = OperatedProxy(process: process, folder: folder, path: path, port: port, adminPort: adminPort)
            do {
                try await body(proxy)
            } catch {
                throw Failure(description: "\(error)\n\(process.output.current)")
            }
        }
    }

    /// What a test threw, and what the proxy had said by then.
    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    package func connect() async throws -> RawConnection { try await RawConnection.connect(to: port) }

    // MARK: The admin server

    package func admin(_ path: String, method: String = "GET") async throws -> ObservedMessage {
        let client = try await RawConnection.connect(to: adminPort)
        let length = method == "GET" ? "" : "content-length: 0\r\n"
        let answer = try await client.ask("\(method) \(path) HTTP/1.1\r\nhost: admin\r\n\(length)\r\n")
        client.close()
        return answer
    }

    /// The value of the only statistic of this name.
    package func statistic(_ name: String) async throws -> Int? {
        let line = try await admin("/stats").body.split(separator: "\n").first { $0.hasPrefix(name + ": ") }
        return line?.split(separator: " ").last.flatMap { Int($0) }
    }

    /// Asks until the answer is as it should be; the proxy has no way to tell of it by itself.
    @discardableResult
    package func admin(_ path: String, until isDone: (ObservedMessage) -> Bool) async throws -> ObservedMessage {
        let start = ContinuousClock.now
        while true {
            let answer = try await admin(path)
            if isDone(answer) { return answer }
            guard ContinuousClock.now - start < Patience.usual else {
                throw Overdue("\(path) as expected", after: Patience.usual, state: answer.body)
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    // MARK: Reloads

    package static let loaded = "configuration loaded"
    package static let refused = "configuration refused"

    /// How many lines of standard error have this text.
    package func count(_ text: String) -> Int { process.output.current.count(text) }

    /// Waits for the line with this number, from 1.
    package func line(_ text: String, number: Int = 1) async throws -> String {
        let output = try await process.output.wait("line \(number) with \(text)") { $0.count(text) >= number }
        return output.errorLines.filter { $0.contains(text) }[number - 1]
    }

    /// Replaces the file and asks for it to be loaded; returns when it is, or is refused.
    package func reload(_ text: String, expecting line: String = loaded) async throws {
        let before = count(line)
        _ = try folder.write(Self.name, text)
        process.signal(SIGHUP)
        _ = try await self.line(line, number: before + 1)
    }

    package func reload(_ configuration: ProxyConfiguration) async throws {
        try await reload(configuration.yaml)
    }
}

extension ProxyProcess.Output {
    fileprivate func count(_ text: String) -> Int { errorLines.count { $0.contains(text) } }
}
