// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A socket in a test's hand: what it sends is up to the test, byte for byte, and so is how it ends.

package import NIOCore
internal import NIOPosix

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// One end of a TCP connection on loopback.
package final class RawConnection: Sendable {
    package enum End: Sendable, Equatable {
        case closed
        case reset
    }

    /// What arrived.
    package struct Seen: Sendable, CustomStringConvertible {
        package internal(set) var messages: [ObservedMessage] = []
        /// Bytes of any kind.
        package internal(set) var bytes = 0
        /// The peer's end, or our own.
        package internal(set) var end: End?
        /// Why what arrived is no HTTP.
        package internal(set) var fault: String?

        package var completeMessages: [ObservedMessage] { messages.filter(\.isComplete) }

        package var description: String {
            let end = end.map { "\($0)" } ?? "open"
            return "\(bytes) bytes, \(end)\(fault.map { ", fault: \($0)" } ?? ""): \(messages)"
        }
    }

    package let seen = Watched(Seen())
    private let channel: any Channel

    init(_ channel: any Channel) {
        self.channel = channel
    }

    /// A client of this port on the loopback address.
    ///
    /// - Parameter security: Its handshake goes on by itself; what is sent before waits for it.
    package static func connect(
        to port: Int,
        security: (any ConnectionSecurity)? = nil
    ) async throws -> RawConnection {
        // The connection comes from its initialiser: the peer may have ended it by the time that this returns.
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(10))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try security?.secure(channel)
                    let connection = RawConnection(channel)
                    let observer = ConnectionObserver(connection, role: .responses, behaviour: .silent) { _ in }
                    try channel.pipeline.syncOperations.addHandler(observer)
                    return connection
                }
            }
    }

    // MARK: Sending

    /// Returns when the system has taken all bytes.
    package func send(_ bytes: ByteBuffer, within bound: Duration = Patience.usual) async throws {
        let promise = channel.eventLoop.makePromise(of: Void.self)
        let alarm = channel.eventLoop.scheduleTask(in: TimeAmount(bound)) {
            promise.fail(Overdue("sending \(bytes.readableBytes) bytes", after: bound, state: "they were not taken"))
        }
        defer { alarm.cancel() }
        channel.writeAndFlush(bytes).cascade(to: promise)
        try await promise.futureResult.get()
    }

    package func send(_ text: String) async throws {
        try await send(ByteBuffer(string: text))
    }

    /// Sends without waiting for anything; failing is seen by other means.
    package func push(_ bytes: ByteBuffer) {
        channel.writeAndFlush(bytes, promise: nil)
    }

    package func push(_ text: String) {
        push(ByteBuffer(string: text))
    }

    /// Bytes given to `push` that the system has not taken yet.
    package func unsentBytes() async throws -> Int {
        try await channel.getOption(.bufferedWritableBytes).get()
    }

    // MARK: Receiving

    package func setReading(_ isReading: Bool) {
        channel.setOption(.autoRead, value: isReading).whenFailure { _ in }
    }

    /// Sends a request and waits for its answer; the connection must have no other under way.
    package func ask(_ request: String, within bound: Duration = Patience.usual) async throws -> ObservedMessage {
        let before = seen.current.completeMessages.count
        try await send(request)
        return try await answer(before, within: bound)
    }

    /// The complete answer with this number, from 0.
    package func answer(_ index: Int = 0, within bound: Duration = Patience.usual) async throws -> ObservedMessage {
        let seen = try await seen.wait("answer number \(index)", within: bound) {
            $0.completeMessages.count > index || $0.end != nil || $0.fault != nil
        }
        guard seen.completeMessages.count > index else {
            throw Overdue("answer number \(index)", after: .zero, state: "\(seen)")
        }
        return seen.completeMessages[index]
    }

    /// Waits for the peer to end the connection.
    @discardableResult
    package func end(within bound: Duration = Patience.usual) async throws -> Seen {
        try await seen.wait("the end of the connection", within: bound) { $0.end != nil }
    }

    // MARK: Ending

    /// Ends in an orderly way; bytes that were received and not read turn it into a reset, as always with TCP.
    package func close() {
        channel.close(promise: nil)
    }

    /// Says that nothing more comes, and goes on reading.
    package func finishSending() {
        channel.close(mode: .output, promise: nil)
    }

    /// Ends TCP in an orderly way, and TLS not at all.
    package func cut() {
        channel.triggerUserOutboundEvent(SocketCutter.Cut(), promise: nil)
    }

    /// Ends with a reset.
    package func reset() {
        guard let socket = channel as? any SocketOptionProvider else { return close() }
        let channel = self.channel
        socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in channel.close(promise: nil) }
    }

    package func closed() async {
        try? await channel.close().get()
    }
}

/// Feeds a connection's `seen`, and acts as the behaviour says.
final class ConnectionObserver: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    let connection: RawConnection
    private let behaviour: UpstreamBehaviour
    private let report: (RawConnection.Seen) -> Void
    private var reader: MessageReader
    private var seen = RawConnection.Seen()

    init(
        _ connection: RawConnection,
        role: MessageReader.Role,
        behaviour: UpstreamBehaviour,
        report: @escaping (RawConnection.Seen) -> Void
    ) {
        self.connection = connection
        self.behaviour = behaviour
        self.report = report
        reader = MessageReader(role)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Self.unwrapInboundIn(data)
        let before = reader.messages
        reader.feed(bytes)
        seen.bytes += bytes.readableBytes
        seen.messages = reader.messages
        seen.fault = reader.fault
        publish()
        for (index, message) in reader.messages.enumerated() {
            let old = index < before.count ? before[index] : nil
            if old == nil { behaviour.onHead(message, connection) }
            if old?.bodyCount ?? 0 < message.bodyCount { behaviour.onBody(message, connection) }
            if message.isComplete, old?.isComplete != true { behaviour.onEnd(message, connection) }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        reader.finish()
        seen.messages = reader.messages
        seen.end = seen.end ?? .closed
        publish()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is IOError { seen.end = .reset }
        context.close(promise: nil)
    }

    private func publish() {
        let seen = self.seen
        connection.seen.update { $0 = seen }
        report(seen)
    }
}

@available(*, unavailable)
extension ConnectionObserver: Sendable {}
