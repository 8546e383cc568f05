// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One request and its whole answer, for checks of our own; never on the proxy's path.

public import NIOCore
internal import UnderstudyCore

public enum PlainClient {
    public struct Answer: Sendable, Equatable {
        public let status: Int
        public let body: String
    }

    /// Sends a request on a connection of its own and collects the answer.
    ///
    /// - Parameters:
    ///   - request: A complete request without a body, as it stands on the wire.
    ///   - timeout: For connecting, and again for the answer.
    /// - Throws: `UpstreamFailure`.
    public static func send(
        _ request: String,
        to address: SocketAddress,
        eventLoop: any EventLoop,
        timeout: TimeAmount = .seconds(5)
    ) async throws -> Answer {
        try await eventLoop.flatSubmit {
            let promise = eventLoop.makePromise(of: Answer.self)
            let loop = LoopContext(eventLoop: eventLoop)
            var head = RequestHead()
            do {
                let bytes = Array(request.utf8)
                guard try loop.requestDecoder.decode(bytes.span, into: &head) != nil else {
                    throw MessageFault.badSyntax
                }
            } catch {
                promise.fail(error)
                return promise.futureResult
            }
            let pool = ConnectionPool(
                ConnectionPool.Settings(address: address, connectTimeout: timeout),
                loop: loop
            )
            guard let connection = pool.acquire(within: UpstreamLimits(connections: 1)) else {
                return eventLoop.makeFailedFuture(UpstreamFailure.overflow)
            }
            let collector = AnswerCollector(connection, loop: loop, promise: promise)
            loop.deadlines.set(collector, after: timeout)
            connection.begin(head, handler: collector)
            connection.flush()
            return promise.futureResult
        }.get()
    }
}

/// Loop-bound.
private final class AnswerCollector: ResponseHandler, Timed {
    var deadlineSlot = -1

    private let connection: any ClientStream
    private let loop: LoopContext
    private let promise: EventLoopPromise<PlainClient.Answer>
    private var status = 0
    private var body: [UInt8] = []

    /// Longest body that is collected.
    private static let largestBody = 1 << 20

    init(_ connection: any ClientStream, loop: LoopContext, promise: EventLoopPromise<PlainClient.Answer>) {
        self.connection = connection
        self.loop = loop
        self.promise = promise
    }

    func responseBegan(_ head: inout ResponseHead) {
        status = head.status
    }

    func responseBody(_ piece: ByteBuffer) {
        guard body.count + piece.readableBytes <= Self.largestBody else { return finish(.failure(.protocolError)) }
        body.append(contentsOf: piece.readableBytesView)
    }

    func responseEnded(reusable: Bool, trailers: HeaderBlock?) {
        finish(.success(PlainClient.Answer(status: status, body: String(decoding: body, as: UTF8.self))))
    }

    func responseTurnEnded() {}

    func upstreamDrained() {}

    func upstreamFailed(_ failure: UpstreamFailure) {
        finish(.failure(failure))
    }

    func deadlinePassed() {
        finish(.failure(.timeout))
    }

    private func finish(_ result: Result<PlainClient.Answer, UpstreamFailure>) {
        loop.deadlines.clear(self)
        connection.close()
        switch result {
        case .success(let answer): promise.succeed(answer)
        case .failure(let failure): promise.fail(failure)
        }
    }
}
