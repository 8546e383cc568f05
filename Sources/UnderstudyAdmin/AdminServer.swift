// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The admin server: Envoy's paths over snapshot values. It cannot reach into the proxy.

public import NIOCore
public import UnderstudyCore
public import UnderstudyHTTP

/// What the admin server shows and changes.
public struct AdminSubject: Sendable {
    public var view: any ServerView
    public var control: any ServerControl
    public var mirrors: any MirrorControl
    public var runtime: any RuntimeControl
    public var logs: any LogControl

    public init(
        view: any ServerView,
        control: any ServerControl,
        mirrors: any MirrorControl,
        runtime: any RuntimeControl,
        logs: any LogControl
    ) {
        self.view = view
        self.control = control
        self.mirrors = mirrors
        self.runtime = runtime
        self.logs = logs
    }
}

/// Answers admin requests from an event loop that carries no traffic.
public struct AdminServer: Sendable {
    private let endpoints: AdminEndpoints
    private let accessLog: PlainServer.AccessLog?
    private let counters: ServerCounters

    /// Whoever asks too much here must not take the descriptors of those that are served.
    public static let mostConnections = 64

    private static var limits: ServerLimits {
        var limits = ServerLimits()
        limits.idleTime = .minutes(2)
        return limits
    }

    /// - Parameter counters: Where its connections are counted.
    /// - Parameter accessLog: Gets every request that has ended; it is called on the event loop and must not block.
    public init(
        _ subject: AdminSubject,
        counters: ServerCounters = ServerCounters(),
        accessLog: PlainServer.AccessLog? = nil
    ) {
        self.counters = counters
        endpoints = AdminEndpoints(subject)
        self.accessLog = accessLog
    }

    /// Serves while `body` runs.
    ///
    /// - Parameter body: Gets the address in use.
    public func run(
        on address: SocketAddress,
        eventLoop: any EventLoop,
        while body: @Sendable (SocketAddress?) async throws -> Void
    ) async throws {
        let endpoints = self.endpoints
        let server = try await PlainServer.start(
            on: address,
            eventLoop: eventLoop,
            serverName: "understudy",
            limits: Self.limits,
            mostConnections: Self.mostConnections,
            counters: counters,
            accessLog: accessLog
        ) {
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
