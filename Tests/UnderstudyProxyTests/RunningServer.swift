// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The whole proxy within the test's process, for what no configuration file can say.

import Logging
import NIOCore
import TestSupport
import UnderstudyCore

@testable import UnderstudyProxy

/// Sends every request to `primary`, and copies to the clusters `mirror0`, `mirror1` and so on.
struct RunningServer {
    let server: ProxyServer
    let port: Int
    let primary: ScriptedUpstream
    let mirrors: [ScriptedUpstream]

    /// The book of one mirror.
    func counts(_ mirror: Int = 0) -> MirrorCounts {
        let name = "mirror\(mirror)"
        return server.mirroring().entries.first { $0.key.mirror == name }?.counts ?? MirrorCounts()
    }

    /// Waits until every copy has an outcome, and nothing is kept for it.
    func settled(_ mirror: Int = 0) async throws -> MirrorCounts {
        try await eventually("an outcome of each copy") { counts(mirror).inFlight == 0 }
        return counts(mirror)
    }

    /// The value of the only statistic of this name.
    func statistic(_ name: String) -> UInt64? {
        server.statistics().lazy.flatMap(\.statistics).first { $0.name == name }?.value
    }

    func connect() async throws -> RawConnection { try await RawConnection.connect(to: port) }

    /// Waits until the proxy has closed a new connection, which may be before anyone has looked at it.
    func expectRefusal() async throws {
        guard let client = try? await connect() else { return }
        _ = try await client.end()
    }

    func ask(_ target: String = "/") async throws -> ObservedMessage {
        let client = try await connect()
        defer { client.close() }
        return try await client.ask("GET \(target) HTTP/1.1\r\nhost: h\r\n\r\n")
    }

    /// - Parameter change: What differs from the plainest configuration.
    static func run(
        primary: UpstreamBehaviour = .answers(),
        mirrors: [UpstreamBehaviour],
        isolation: isolated (any Actor)? = #isolation,
        _ change: (inout ServerConfiguration, inout ProxyServer.Options) -> Void = { _, _ in },
        _ body: (RunningServer) async throws -> Void
    ) async throws {
        let first = try await ScriptedUpstream.start(primary)
        var others: [ScriptedUpstream] = []
        for behaviour in mirrors { others.append(try await ScriptedUpstream.start(behaviour)) }
        var configuration = Self.configuration(first, others)
        var options = ProxyServer.Options()
        options.concurrency = 1
        change(&configuration, &options)
        let server = try await ProxyServer(configuration, options: options, logger: Logger(label: "test"))
        let ports = Watched<[Int]>([])
        let running = Task { try await server.run { addresses in ports.update { $0 = addresses.compactMap(\.port) } } }
        let outcome: Result<Void, any Error>
        do {
            let port = try await ports.wait("a listening proxy") { !$0.isEmpty }[0]
            try await body(RunningServer(server: server, port: port, primary: first, mirrors: others))
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        running.cancel()
        for upstream in [first] + others { await upstream.stop() }
        try? await running.value
        try outcome.get()
    }

    static func cluster(_ name: String, _ port: Int) -> Cluster {
        let address = SocketEndpoint(host: "127.0.0.1", port: UInt16(port))
        return Cluster(name: name, discovery: .static, endpoints: [Endpoint(address: address)])
    }

    private static func configuration(_ primary: ScriptedUpstream, _ mirrors: [ScriptedUpstream]) -> ServerConfiguration
    {
        let names = mirrors.indices.map { "mirror\($0)" }
        let action = RouteAction(
            cluster: .name("primary"),
            mirrorPolicies: names.map { MirrorPolicy(cluster: .name($0)) }
        )
        let host = VirtualHost(name: "all", domains: ["*"], routes: [Route(match: .prefix("/"), action: action)])
        let routes = RouteConfiguration(name: "routes", virtualHosts: [host])
        let listener = Listener(
            name: "main",
            address: SocketEndpoint(host: "127.0.0.1", port: 0),
            connectionManager: ConnectionManager(statPrefix: "test", routes: routes)
        )
        let clusters = zip(["primary"] + names, [primary] + mirrors).map { cluster($0, $1.port) }
        return ServerConfiguration(listeners: [listener], clusters: clusters)
    }
}

extension ServerConfiguration {
    /// The only route's.
    var action: RouteAction {
        get {
            guard case .forward(let action) = listeners[0].connectionManager.routes.virtualHosts[0].routes[0].action
            else {
                preconditionFailure("the route forwards")
            }
            return action
        }
        set { listeners[0].connectionManager.routes.virtualHosts[0].routes[0].action = .forward(newValue) }
    }
}
