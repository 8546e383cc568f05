// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The admin server: Envoy's paths over snapshot values. It cannot reach into the proxy.

package import NIOCore
package import UnderstudyCore
internal import UnderstudyHTTP

/// Answers admin requests from an event loop that carries no traffic.
package struct AdminServer: Sendable {
    private let source: any StatisticsSource
    private let runtime: any RuntimeControl

    package init(_ source: any StatisticsSource, runtime: any RuntimeControl) {
        self.source = source
        self.runtime = runtime
    }

    /// Serves while `body` runs.
    ///
    /// - Parameter body: Gets the address in use.
    package func run(
        on address: SocketAddress,
        eventLoop: any EventLoop,
        while body: @Sendable (SocketAddress?) async throws -> Void
    ) async throws {
        let endpoints = AdminEndpoints(source, runtime: runtime)
        let server = try await PlainServer.start(on: address, eventLoop: eventLoop, serverName: "understudy") {
            await endpoints.answer($0)
        }
        do {
            try await body(server.localAddress)
        } catch {
            try await server.stop()
            throw error
        }
        try await server.stop()
    }
}
