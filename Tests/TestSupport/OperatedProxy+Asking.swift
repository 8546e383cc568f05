// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Short questions to a running proxy and its admin server.

extension OperatedProxy {
    /// One GET on a connection of its own.
    package func ask(_ target: String = "/", _ lines: [String] = []) async throws -> ObservedMessage {
        let client = try await connect()
        defer { client.close() }
        let head = ["GET \(target) HTTP/1.1", "host: h"] + lines
        return try await client.ask(head.joined(separator: "\r\n") + "\r\n\r\n")
    }

    /// Asks again and again until a number of `/stats` is as it should be.
    package func statistic(_ name: String, until isDone: (Int) -> Bool) async throws {
        try await eventually("\(name) as expected") { try await statistic(name).map(isDone) ?? false }
    }

    /// The flags of an endpoint in `/clusters`.
    package func healthFlags(_ cluster: String, _ port: Int) async throws -> String {
        let prefix = "\(cluster)::127.0.0.1:\(port)::health_flags::"
        let line = try await admin("/clusters").body.split(separator: "\n").first { $0.hasPrefix(prefix) }
        return line.map { String($0.dropFirst(prefix.utf8.count)) } ?? "no such endpoint"
    }
}

/// Asks again and again until a condition holds that nobody tells of by itself.
///
/// - Throws: `Overdue` if it does not hold within the bound.
package func eventually(
    _ what: String,
    within bound: Duration = Patience.usual,
    isolation: isolated (any Actor)? = #isolation,
    _ isDone: () async throws -> Bool
) async throws {
    let start = ContinuousClock.now
    while try await !isDone() {
        guard ContinuousClock.now - start < bound else { throw Overdue(what, after: bound, state: "not so") }
        try await Task.sleep(for: .milliseconds(20))
    }
}
