// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A small server for short answers: the admin endpoints and the sandbox's services.

public import NIOCore
internal import NIOPosix
internal import UnderstudyCore

/// Serves one address from one event loop.
public final class PlainServer: Sendable {
    public typealias Answer = @Sendable (PlainRequest) async -> PlainAnswer
    /// Gets every request that was answered or whose client left, on the event loop; it must not block.
    public typealias AccessLog = @Sendable (PlainAccess) -> Void

    private let listener: ServerListener
    private let bound: NIOLoopBound<PlainService>

    private init(listener: ServerListener, bound: NIOLoopBound<PlainService>) {
        self.listener = listener
        self.bound = bound
    }

    public var localAddress: SocketAddress? { listener.localAddress }

    /// Binds and begins to serve.
    ///
    /// - Parameter serverName: The `server` header of the answers.
    /// - Parameter limits: Which HTTP it speaks, and within which bounds.
    /// - Parameter mostConnections: Further ones are reset at once.
    /// - Parameter accessLog: `nil` for none.
    /// - Parameter answer: Never called on the event loop.
    public static func start(
        on address: SocketAddress,
        eventLoop: any EventLoop,
        serverName: String,
        limits: ServerLimits = ServerLimits(),
        mostConnections: Int = .max,
        counters: ServerCounters = ServerCounters(),
        accessLog: AccessLog? = nil,
        answer: @escaping Answer
    ) async throws -> PlainServer {
        let bound = try await eventLoop.submit {
            let loop = LoopContext(eventLoop: eventLoop)
            let service = PlainService(
                loop: loop,
                name: serverName,
                limits: limits,
                mostConnections: mostConnections,
                counters: counters,
                accessLog: accessLog,
                answer: answer
            )
            return NIOLoopBound(service, eventLoop: eventLoop)
        }.get()
        let listener = try await ServerListener.bind(to: address, group: eventLoop) { _, transport, peer, _ in
            bound.value.accept(transport, peer: peer)
        }
        return PlainServer(listener: listener, bound: bound)
    }

    /// Stops accepting and closes every connection.
    public func stop() async throws {
        try await listener.close()
        let bound = self.bound
        try await bound.eventLoop.submit { bound.value.stop() }.get()
    }
}

/// Loop-bound.
final class PlainService {
    let loop: LoopContext
    let name: [UInt8]
    let accessLog: PlainServer.AccessLog?
    let answer: PlainServer.Answer
    private let limits: ServerLimits
    private let mostConnections: Int
    private(set) var isDraining = false
    let counters: ServerCounters
    fileprivate var connections = ConnectionRegistry()

    init(
        loop: LoopContext,
        name: String,
        limits: ServerLimits,
        mostConnections: Int,
        counters: ServerCounters,
        accessLog: PlainServer.AccessLog?,
        answer: @escaping PlainServer.Answer
    ) {
        self.loop = loop
        self.limits = limits
        self.mostConnections = mostConnections
        self.counters = counters
        self.name = Array(name.utf8)
        self.accessLog = accessLog
        self.answer = answer
    }

    func accept(_ transport: any ClientTransport, peer: SocketAddress?) {
        guard connections.count < mostConnections else {
            counters.overflows.add()
            return transport.reset()
        }
        transport.count(in: counters.bytes)
        let service = PlainConnectionService(self, peer: peer?.ipAddress ?? "-")
        ServerProtocolPicker.serve(transport, service: service, loop: loop, limits: limits)
    }

    func stop() {
        isDraining = true
        for connection in connections.all { connection.kill() }
    }
}

/// One client of a plain service.
///
/// Loop-bound.
private final class PlainConnectionService: RequestService {
    private let service: PlainService
    private let peer: String

    init(_ service: PlainService, peer: String) {
        self.service = service
        self.peer = peer
    }

    func makeHandler() -> any RequestHandler { PlainHandler(service, peer: peer) }

    var serverName: [UInt8] { service.name }
    var isDraining: Bool { service.isDraining }
    var counters: ServerCounters { service.counters }
    func connectionOpened(_ connection: any ServerConnection) { service.connections.insert(connection) }
    func connectionClosed(_ connection: any ServerConnection) { service.connections.remove(connection) }
}
