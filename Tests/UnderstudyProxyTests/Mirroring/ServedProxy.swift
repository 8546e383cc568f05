// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The whole proxy inside the test's process: real sockets, and its books at hand.

import Logging
import NIOCore
import TestSupport
import UnderstudyCore
import UnderstudyProxy

struct ServedProxy: Sendable {
    let server: ProxyServer
    let port: Int

    /// Serves while `body` runs.
    ///
    /// - Returns: The proxy after its end, whose books are still there.
    @discardableResult
    static func run(
        _ configuration: ServerConfiguration,
        concurrency: Int = 1,
        isolation: isolated (any Actor)? = #isolation,
        _ body: (ServedProxy) async throws -> Void
    ) async throws -> ServedProxy {
        var options = ProxyServer.Options()
        options.concurrency = concurrency
        options.drainTime = .seconds(2)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = try await ProxyServer(configuration, options: options, logger: logger)
        let port = Watched(0)
        let serving = Task {
            try await server.run { addresses in port.update { $0 = addresses.first?.port ?? 0 } }
        }
        let proxy: ServedProxy
        do {
            proxy = ServedProxy(server: server, port: try await port.wait("a port") { $0 != 0 })
            try await body(proxy)
        } catch {
            serving.cancel()
            try? await serving.value
            throw error
        }
        serving.cancel()
        try await serving.value
        return proxy
    }

    // MARK: Configurations

    /// One listener with these routes; a cluster for each name, on loopback, without an endpoint for a port of `nil`.
    static func configuration(_ routes: [Route], _ clusters: [(name: String, port: Int?)]) -> ServerConfiguration {
        let host = VirtualHost(name: "all", domains: ["*"], routes: routes)
        let manager = ConnectionManager(
            statPrefix: "test",
            routes: RouteConfiguration(name: "r", virtualHosts: [host])
        )
        let address = SocketEndpoint(host: "127.0.0.1", port: 0)
        return ServerConfiguration(
            listeners: [Listener(name: "first", address: address, connectionManager: manager)],
            clusters: clusters.map { name, port in
                let endpoints = port.map { [Endpoint(address: SocketEndpoint(host: "127.0.0.1", port: UInt16($0)))] }
                return Cluster(name: name, discovery: .static, endpoints: endpoints ?? [])
            }
        )
    }

    static func route(_ prefix: String = "/", mirrors: [String]) -> Route {
        route(prefix, policies: mirrors.map { MirrorPolicy(cluster: .name($0)) })
    }

    static func route(_ prefix: String = "/", policies: [MirrorPolicy]) -> Route {
        Route(
            match: .prefix(prefix),
            action: RouteAction(cluster: .name("primary"), timeout: .seconds(300), mirrorPolicies: policies)
        )
    }

    // MARK: Clients

    static let get = "GET / HTTP/1.1\r\nhost: h\r\n\r\n"

    func connect() async throws -> RawConnection { try await RawConnection.connect(to: port) }

    /// One request on a connection of its own.
    func ask(_ target: String = "/", _ lines: [String] = []) async throws -> ObservedMessage {
        let client = try await connect()
        defer { client.close() }
        let head = ["GET \(target) HTTP/1.1", "host: h"] + lines
        return try await client.ask(head.joined(separator: "\r\n") + "\r\n\r\n")
    }

    // MARK: Books

    func book(_ mirror: String, route: String = "all[0]") -> MirroringStatus.Entry? {
        server.mirroring().entries.first { $0.key == MirrorKey(route: route, mirror: mirror) }
    }

    func counts(_ mirror: String, route: String = "all[0]") -> MirrorCounts {
        book(mirror, route: route)?.counts ?? MirrorCounts()
    }

    /// The outcomes that there were, once none is missing.
    func outcomes(_ mirror: String, route: String = "all[0]", of requests: UInt64) async throws -> [MirrorOutcome:
        UInt64]
    {
        try await eventually("\(requests) requests with an outcome at \(mirror)", within: .seconds(20)) {
            let counts = counts(mirror, route: route)
            return counts.ended == requests && counts.isBalanced
        }
        return counts(mirror, route: route).present
    }
}

extension MirrorCounts {
    /// The outcomes that there were.
    var present: [MirrorOutcome: UInt64] {
        let seen = MirrorOutcome.allCases.filter { self[$0] > 0 }
        return Dictionary(uniqueKeysWithValues: seen.map { ($0, self[$0]) })
    }
}
