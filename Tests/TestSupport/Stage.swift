// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The usual set-up: a primary, any number of mirrors, and the proxy in front of them; all gone after the test.

package struct Stage: Sendable {
    package let primary: ScriptedUpstream
    package let mirrors: [ScriptedUpstream]
    package let proxy: ProxyProcess
    package let port: Int

    /// A client of the proxy.
    package func connect() async throws -> RawConnection {
        try await RawConnection.connect(to: port)
    }

    /// The only mirror, or the first.
    package var mirror: ScriptedUpstream { mirrors[0] }

    private struct Died: Error, CustomStringConvertible {
        let description: String
    }

    /// What a test threw, and what everybody had seen by then.
    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// A proxy that died explains more than whatever a test noticed of it.
    private func checkLife(expected: Bool, otherwise: (any Error)?) async throws {
        // A process that has just ended is known to have ended a moment later.
        let bound = otherwise == nil ? Duration.zero : .seconds(1)
        guard expected, (try? await proxy.output.wait("an end", within: bound) { $0.code != nil }) != nil else {
            return
        }
        let output = try await proxy.end()
        throw Died(description: "the proxy died: \(output) \(otherwise.map { "after: \($0)" } ?? "")")
    }

    /// Sets everything up, runs `body`, and takes everything down.
    ///
    /// - Parameters:
    ///   - timeout: Of the one route.
    ///   - staysAlive: The proxy must still run after `body`; one that died is a failure of its own.
    package static func run(
        primary: UpstreamBehaviour,
        mirrors: [UpstreamBehaviour] = [],
        timeout: String? = nil,
        settings: [String] = [],
        arguments: [String] = [],
        staysAlive: Bool = true,
        isolation: isolated (any Actor)? = #isolation,
        _ body: (Stage) async throws -> Void
    ) async throws {
        let first = try await ScriptedUpstream.start(primary)
        var others: [ScriptedUpstream] = []
        for behaviour in mirrors { others.append(try await ScriptedUpstream.start(behaviour)) }
        let upstreams = [first] + others
        let names = others.indices.map { "mirror\($0)" }
        let configuration = ProxyConfiguration(
            routes: [.init("/", to: "primary", mirrors: names, timeout: timeout)],
            clusters: zip(zip(["primary"] + names, upstreams), [primary] + mirrors).map { upstream, behaviour in
                let port = behaviour.isThere ? upstream.1.port : ScriptedUpstream.closedPort
                return .init(upstream.0, ports: [port], settings: settings)
            }
        )
        let outcome: Result<Void, any Error>
        do {
            try await ProxyProcess.run(["--config-yaml", configuration.yaml, "--concurrency", "2"] + arguments) {
                let stage = Stage(primary: first, mirrors: others, proxy: $0, port: try await $0.port())
                do {
                    try await body(stage)
                } catch {
                    try await stage.checkLife(expected: staysAlive, otherwise: error)
                    throw Failure(
                        description:
                            "\(error)\nprimary: \(first.record.current)\nmirrors: \(others.map(\.record.current))\n\($0.output.current)"
                    )
                }
                try await stage.checkLife(expected: staysAlive, otherwise: nil)
            }
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        for upstream in upstreams { await upstream.stop() }
        try outcome.get()
    }
}
