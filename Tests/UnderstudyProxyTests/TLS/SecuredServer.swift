// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The proxy with TLS on either side, within the test's process.

import Logging
import NIOCore
import TestSupport
import UnderstudyCore
import UnderstudyProxy

/// One authority signs for everybody in a test.
struct SecuredServer {
    let server: ProxyServer
    let port: Int
    let authority: TestAuthority

    /// The value of the only statistic of this name.
    func statistic(_ name: String) -> UInt64? {
        server.statistics().lazy.flatMap(\.statistics).first { $0.name == name }?.value
    }

    /// As above, of the listener.
    func listener(_ name: String) -> UInt64? { statistic("listener.127.0.0.1_0.\(name)") }

    func connect(_ tls: TestTLS?) async throws -> RawConnection {
        try await RawConnection.connect(to: port, security: tls)
    }

    /// One request on a connection of its own.
    func ask(_ tls: TestTLS?) async throws -> ObservedMessage {
        let client = try await connect(tls)
        defer { client.close() }
        return try await client.ask("GET / HTTP/1.1\r\nhost: shop.example\r\n\r\n")
    }

    /// Serves in front of an upstream that answers, with an authority for both sides, while `body` runs.
    static func run(
        isolation: isolated (any Actor)? = #isolation,
        _ change: (inout ServerConfiguration, TestAuthority) throws -> Void,
        _ body: (SecuredServer, ScriptedUpstream) async throws -> Void
    ) async throws {
        let upstream = try await ScriptedUpstream.start(.answers())
        let authority = try TestAuthority()
        do {
            try await run(upstream, authority: authority) {
                try change(&$0, authority)
            } _: {
                try await body($0, upstream)
            }
        } catch {
            await upstream.stop()
            throw error
        }
        await upstream.stop()
    }

    /// Serves while `body` runs.
    ///
    /// - Parameter change: What differs from a plain listener in front of a plain cluster `primary`.
    static func run(
        _ upstream: ScriptedUpstream,
        authority: TestAuthority,
        isolation: isolated (any Actor)? = #isolation,
        _ change: (inout ServerConfiguration) throws -> Void,
        _ body: (SecuredServer) async throws -> Void
    ) async throws {
        let action = RouteAction(cluster: .name("primary"))
        let host = VirtualHost(name: "all", domains: ["*"], routes: [Route(match: .prefix("/"), action: action)])
        let routes = RouteConfiguration(name: "routes", virtualHosts: [host])
        let address = SocketEndpoint(host: "127.0.0.1", port: 0)
        var configuration = ServerConfiguration(
            listeners: [
                Listener(
                    name: "main",
                    address: address,
                    connectionManager: ConnectionManager(statPrefix: "test", routes: routes)
                )
            ],
            clusters: [RunningServer.cluster("primary", upstream.port)]
        )
        try change(&configuration)
        var options = ProxyServer.Options()
        options.concurrency = 1
        options.drainTime = .seconds(2)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = try await ProxyServer(configuration, options: options, logger: logger)
        let port = Watched(0)
        let running = Task { try await server.run { addresses in port.update { $0 = addresses.first?.port ?? 0 } } }
        let outcome: Result<Void, any Error>
        do {
            let port = try await port.wait("a listening proxy") { $0 != 0 }
            try await body(SecuredServer(server: server, port: port, authority: authority))
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        running.cancel()
        try? await running.value
        try outcome.get()
    }
}

extension DownstreamTLS {
    init(_ identities: TestIdentity...) {
        self.init()
        self.identities = identities.map { TLSIdentity($0) }
    }
}

extension TLSIdentity {
    init(_ identity: TestIdentity) {
        self.init(chain: .inline(Array(identity.certificate.utf8)), key: .inline(Array(identity.key.utf8)))
    }
}

extension PeerValidation {
    init(_ authority: TestAuthority) {
        self.init()
        trustedCA = .inline(Array(authority.certificate.utf8))
    }
}
