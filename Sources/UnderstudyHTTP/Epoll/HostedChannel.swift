// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A NIO channel on a socket of ours, for what only a pipeline can do: TLS.

#if os(Linux)
internal import NIOCore

/// Only what the handlers of this house use works on it.
///
/// Loop-bound, although a channel has to be `Sendable`: NIO's handlers reach it on its loop only.
///
/// It and its pipeline hold each other until it is closed.
final class HostedChannel: Channel, ChannelCore, @unchecked Sendable {
    /// Set once, before anybody can see the channel.
    private var hostedPipeline: ChannelPipeline?
    let socket: EpollSocket
    private let closePromise: EventLoopPromise<Void>
    private(set) var isActive: Bool
    private var isOpen = true
    /// Writes that somebody wants to hear of, by the number of the byte that they end before.
    private var written = CircularBuffer<(end: Int, promise: EventLoopPromise<Void>)>(initialCapacity: 1)
    private var acceptedBytes = 0
    private(set) var isReading = true

    private init(_ socket: EpollSocket) {
        self.socket = socket
        closePromise = socket.loop.makePromise()
        isActive = socket.isConnected
    }

    /// Puts a transport on the socket, instead of whoever owns it now.
    static func host(_ transport: NIOTransport, on socket: EpollSocket) -> NIOTransport {
        let channel = HostedChannel(socket)
        let pipeline = ChannelPipeline(channel: channel)
        channel.hostedPipeline = pipeline
        socket.owner = channel
        do {
            try pipeline.syncOperations.addHandler(transport)
        } catch {
            preconditionFailure("a new pipeline takes no handler: \(error)")
        }
        return transport
    }

    var pipeline: ChannelPipeline {
        guard let hostedPipeline else { preconditionFailure("a channel without its pipeline") }
        return hostedPipeline
    }

    var eventLoop: any EventLoop { socket.loop }
    var allocator: ByteBufferAllocator { ByteBufferAllocator() }
    var closeFuture: EventLoopFuture<Void> { closePromise.futureResult }
    var parent: (any Channel)? { nil }
    var localAddress: SocketAddress? { nil }
    var remoteAddress: SocketAddress? { socket.remoteAddress }
    var isWritable: Bool { isActive && socket.isBelowMark }
    var _channelCore: any ChannelCore { self }

    // MARK: What the pipeline asks for

    func write0(_ data: NIOAny, promise: EventLoopPromise<Void>?) {
        // The socket would not take it, and nobody would hear so.
        guard isOpen, isActive, !socket.endsWriting else {
            promise?.fail(isOpen && isActive ? ChannelError.outputClosed : ChannelError.ioOnClosedChannel)
            return
        }
        let bytes = unwrapData(data, as: ByteBuffer.self)
        acceptedBytes += bytes.readableBytes
        socket.write(bytes)
        if let promise { written.append((acceptedBytes, promise)) }
    }

    func flush0() {
        socket.flush()
        socketSent()
    }

    /// Reading goes on by itself.
    func read0() {}

    func close0(error: any Error, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch mode {
        case .output:
            socket.endWriting()
            promise?.succeed()
        case .input: promise?.fail(ChannelError.operationUnsupported)
        case .all: close(error, promise)
        }
    }

    private func close(_ error: any Error, _ promise: EventLoopPromise<Void>?) {
        guard isOpen else {
            promise?.fail(ChannelError.alreadyClosed)
            return
        }
        isOpen = false
        socket.close()
        while let write = written.popFirst() { write.promise.fail(error) }
        promise?.succeed()
        if isActive {
            isActive = false
            pipeline.syncOperations.fireChannelInactive()
        }
        eventLoop.assumeIsolated().execute {
            self.removeHandlers(pipeline: self.pipeline)
            self.closePromise.succeed()
        }
    }

    func localAddress0() throws -> SocketAddress { throw ChannelError.operationUnsupported }

    func remoteAddress0() throws -> SocketAddress {
        guard let remoteAddress else { throw ChannelError.operationUnsupported }
        return remoteAddress
    }

    func register0(promise: EventLoopPromise<Void>?) { promise?.succeed() }

    func registerAlreadyConfigured0(promise: EventLoopPromise<Void>?) { promise?.succeed() }

    func bind0(to: SocketAddress, promise: EventLoopPromise<Void>?) { promise?.fail(ChannelError.operationUnsupported) }

    func connect0(to: SocketAddress, promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.operationUnsupported)
    }

    func triggerUserOutboundEvent0(_ event: Any, promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.operationUnsupported)
    }

    /// Nobody has taken it, because the transport is gone.
    func channelRead0(_ data: NIOAny) {}

    func errorCaught0(error: any Error) {}

    // MARK: Options

    func setAutoRead(_ isReading: Bool) {
        self.isReading = isReading
        socket.setReading(isReading)
    }
}

extension HostedChannel: EpollSocketOwner {
    func socketConnected() {
        isActive = true
        pipeline.syncOperations.fireChannelActive()
    }

    func socketCouldNotConnect() {
        close(ChannelError.ioOnClosedChannel, nil)
    }

    func socketReceived(_ bytes: ByteBuffer) {
        pipeline.syncOperations.fireChannelRead(NIOAny(bytes))
        // Nothing comes behind its end.
        if isActive { pipeline.syncOperations.fireChannelReadComplete() }
    }

    func socketWritabilityChanged() {
        pipeline.syncOperations.fireChannelWritabilityChanged()
    }

    func socketSent() {
        guard !socket.hasFailed else { return }
        let sent = acceptedBytes - socket.queuedBytes
        while let write = written.first, write.end <= sent {
            written.removeFirst()
            write.promise.succeed()
        }
    }

    func socketClosed(_ end: SocketEnd) {
        switch end {
        case .closedByPeer: close(ChannelError.eof, nil)
        case .failed(let code): fail(IOError(errnoCode: code, reason: "recv"))
        case .writeFailed: fail(UndeliveredWrite())
        }
    }

    private func fail(_ error: any Error) {
        pipeline.syncOperations.fireErrorCaught(error)
        close(error, nil)
    }
}
#endif
