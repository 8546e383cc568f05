// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The transport on a SwiftNIO channel: one handler, directly on the bytes.

package import NIOCore
internal import NIOPosix

package final class NIOTransport: ChannelInboundHandler, Transport {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private var context: ChannelHandlerContext?
    private var user: (any TransportUser)?
    private var end = TransportEnd.closedByPeer
    private var isActive = false
    private var isReading = true
    private var wasClosedEarly = false

    package init() {}

    /// Whoever gets the events; kept until the connection ends.
    package func attach(_ user: any TransportUser) {
        self.user = user
    }

    // MARK: What the user may do

    package var isWritable: Bool { isActive && context?.channel.isWritable ?? false }

    package var isConnected: Bool { isActive }

    package var queuedBytes: Int {
        guard isActive, let options = context?.channel.syncOptions else { return 0 }
        return (try? options.getOption(.bufferedWritableBytes)) ?? 0
    }

    package func write(_ bytes: ByteBuffer) {
        context?.write(Self.wrapOutboundOut(bytes), promise: nil)
    }

    package func flush() {
        context?.flush()
    }

    package func setReading(_ isReading: Bool) {
        guard isReading != self.isReading else { return }
        self.isReading = isReading
        // Failing means that the channel is closed already, and then nothing reads.
        try? context?.channel.syncOptions?.setOption(.autoRead, value: isReading)
    }

    package func close() {
        user = nil
        if let context {
            context.close(promise: nil)
        } else {
            wasClosedEarly = true
        }
    }

    package func closeAfterFlush(linger: TimeAmount) {
        guard let context else { return close() }
        let promise = context.eventLoop.makePromise(of: Void.self)
        let channel = context.channel
        promise.futureResult.whenComplete { _ in
            guard linger > .zero else { return channel.close(promise: nil) }
            channel.eventLoop.scheduleTask(in: linger) { channel.close(promise: nil) }
        }
        context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer()), promise: promise)
    }

    // MARK: What the channel reports

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        isActive = context.channel.isActive
        if wasClosedEarly { context.close(promise: nil) }
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    package func channelActive(context: ChannelHandlerContext) {
        isActive = true
        user?.transportConnected()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        user?.transportReceived(Self.unwrapInboundIn(data))
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        user?.transportWritabilityChanged()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        isActive = false
        finish()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end = Self.end(for: error)
        context.close(promise: nil)
    }

    /// An outgoing connection could not be made.
    package func connectFailed(_ error: any Error) {
        end =
            switch error {
            case ChannelError.connectTimeout: .connectTimedOut
            default: .couldNotConnect
            }
        finish()
    }

    private func finish() {
        let user = self.user
        self.user = nil
        user?.transportClosed(end)
    }

    /// A broken pipe while reading means that the peer had closed in an orderly way before it refused what came later.
    private static func end(for error: any Error) -> TransportEnd {
        switch error {
        case ChannelError.eof: .closedByPeer
        case let error as IOError where error.errnoCode == BrokenPipe.code: .closedByPeer
        default: .reset
        }
    }
}

@available(*, unavailable)
extension NIOTransport: Sendable {}
