// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A small server for short answers: the admin endpoints and the sandbox's services.

package import NIOCore
internal import NIOPosix
internal import UnderstudyCore

/// A request as a plain service sees it.
package struct PlainRequest: Sendable {
    package let method: String
    /// Path and query.
    package let target: String
    package let host: String
    /// The client's address, without its port.
    package let peer: String
    /// Empty if the request says none.
    package let contentType: String
    /// The body, or its beginning: at most 64 KiB.
    package fileprivate(set) var body: [UInt8] = []
}

/// An answer that is complete from the start.
package struct PlainAnswer: Sendable {
    package var status: Int
    package var contentType: String
    package var body: String

    package init(status: Int = 200, contentType: String = "text/plain; charset=UTF-8", body: String) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }
}

/// Serves one address from one event loop.
package final class PlainServer: Sendable {
    package typealias Answer = @Sendable (PlainRequest) async -> PlainAnswer

    private let listener: ServerListener
    private let bound: NIOLoopBound<PlainService>

    private init(listener: ServerListener, bound: NIOLoopBound<PlainService>) {
        self.listener = listener
        self.bound = bound
    }

    package var localAddress: SocketAddress? { listener.localAddress }

    /// Binds and begins to serve.
    ///
    /// - Parameter serverName: The `server` header of the answers.
    package static func start(
        on address: SocketAddress,
        eventLoop: any EventLoop,
        serverName: String,
        counters: ServerCounters = ServerCounters(),
        answer: @escaping Answer
    ) async throws -> PlainServer {
        let bound = try await eventLoop.submit {
            let service = PlainService(loop: LoopContext(eventLoop: eventLoop), name: serverName, counters: counters, answer: answer)
            return NIOLoopBound(service, eventLoop: eventLoop)
        }.get()
        let listener = try await ServerListener.bind(to: address, group: eventLoop, limits: ServerLimits(), bytes: counters.bytes) {
            _,
            transport,
            peer,
            _ in bound.value.accept(transport, peer: peer)
        }
        return PlainServer(listener: listener, bound: bound)
    }

    /// Stops accepting and closes every connection.
    package func stop() async throws {
        try await listener.close()
        let bound = self.bound
        try await bound.eventLoop.submit { bound.value.stop() }.get()
    }
}

/// Loop-bound.
private final class PlainService {
    let loop: LoopContext
    let name: [UInt8]
    let answer: PlainServer.Answer
    private(set) var isDraining = false
    let counters: ServerCounters
    fileprivate var connections = ConnectionRegistry()

    init(loop: LoopContext, name: String, counters: ServerCounters, answer: @escaping PlainServer.Answer) {
        self.loop = loop
        self.counters = counters
        self.name = Array(name.utf8)
        self.answer = answer
    }

    func accept(_ transport: NIOTransport, peer: SocketAddress?) {
        let service = PlainConnectionService(self, peer: peer?.ipAddress ?? "-")
        transport.attach(
            HTTP1ServerConnection(transport: transport, service: service, loop: loop, limits: ServerLimits())
        )
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
    func connectionOpened(_ connection: HTTP1ServerConnection) { service.connections.insert(connection) }
    func connectionClosed(_ connection: HTTP1ServerConnection) { service.connections.remove(connection) }
}

/// One request to a plain service.
///
/// Loop-bound.
private final class PlainHandler: RequestHandler {
    private let service: PlainService
    private let peer: String
    private var stream: (any ServerStream)?
    private var request: PlainRequest?

    private static let largestBody = 64 * 1024

    init(_ service: PlainService, peer: String) {
        self.service = service
        self.peer = peer
    }

    func requestBegan(_ head: inout RequestHead, on stream: any ServerStream) {
        self.stream = stream
        request = PlainRequest(
            method: head.headers.text(head.methodName),
            target: head.headers.text(head.target),
            host: head.headers.text(head.host),
            peer: peer,
            contentType: Self.contentType(of: head)
        )
        if head.expectsContinue { stream.sendContinue() }
        if head.framing == .none { requestEnded(trailers: nil) }
    }

    private static func contentType(of head: borrowing RequestHead) -> String {
        guard let line = head.headers.firstIndex(named: Array("content-type".utf8)) else { return "" }
        return head.headers.text(head.headers.lines[line].value)
    }

    func requestBody(_ piece: ByteBuffer) {
        let room = Self.largestBody - (request?.body.count ?? 0)
        request?.body.append(contentsOf: piece.readableBytesView.prefix(room))
    }

    func requestEnded(trailers: HeaderBlock?) {
        guard stream != nil, let request else { return }
        self.request = nil
        let make = service.answer
        service.loop.eventLoop.makeFutureWithTask { await make(request) }
            .assumeIsolated()
            .whenSuccess { self.send($0) }
    }

    private func send(_ answer: PlainAnswer) {
        guard let stream else { return }
        self.stream = nil
        service.loop.withResponseHead { head in
            head.status = answer.status
            head.framing = answer.body.isEmpty ? .none : .length(answer.body.utf8.count)
            head.headers.add("content-type", Array(answer.contentType.utf8), known: .other)
            head.headers.add("content-length", decimal: answer.body.utf8.count, known: .contentLength)
            head.headers.add("date", service.loop.date, known: .date)
            head.headers.add("server", service.name, known: .server)
            stream.sendHead(head, closing: false)
        }
        stream.sendBody(ByteBuffer(string: answer.body))
        stream.endResponse()
    }

    func requestTurnEnded() {}

    func requestBroke(_ reply: LocalReply) {
        stream?.abort()
        stream = nil
    }

    func responseWritabilityChanged() {}

    func clientLeft() {
        stream = nil
    }
}
