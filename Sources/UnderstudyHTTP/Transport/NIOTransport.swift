// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The transport on a SwiftNIO channel: one handler, directly on the bytes.

package import NIOCore
internal import NIOPosix
internal import UnderstudyCore

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

package final class NIOTransport: ChannelInboundHandler, Transport {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private var context: ChannelHandlerContext?
    private var user: (any TransportUser)?
    private var end = TransportEnd.closedByPeer
    private var isActive = false
    private var isReading = true
    /// Before there was a channel.
    private(set) var wasClosedEarly = false
    /// A call of the user's is under way.
    private var isCalled = false
    /// What NIO reported from within a call, told later and in order.
    private var deferred: [Report] = []

    private enum Report {
        case received(ByteBuffer)
        case writability
        case closed
    }

    private let counters: ByteCounters?
    package private(set) var connectError: CInt = 0

    /// - Parameter counters: Where the bytes of the connection are counted.
    package init(_ counters: ByteCounters? = nil) {
        self.counters = counters
    }

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
        counters?.sent.add(UInt64(bytes.readableBytes))
        guarding { context?.write(Self.wrapOutboundOut(bytes), promise: nil) }
    }

    package func flush() {
        guarding { context?.flush() }
    }

    package func setReading(_ isReading: Bool) {
        guard isReading != self.isReading else { return }
        self.isReading = isReading
        // Failing means that the channel is closed already, and then nothing reads.
        guarding { try? context?.channel.syncOptions?.setOption(.autoRead, value: isReading) }
    }

    package func close() {
        user = nil
        if let context {
            context.close(promise: nil)
        } else {
            wasClosedEarly = true
        }
    }

    package func reset() {
        // On its loop the option is set at once; failing means that there is no socket any more.
        if isActive, let socket = context?.channel as? any SocketOptionProvider {
            socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).assumeIsolated().whenFailure { _ in }
        }
        close()
    }

    package func closeAfterFlush(linger: TimeAmount) {
        guard let context else { return close() }
        let promise = context.eventLoop.makePromise(of: Void.self)
        let channel = context.channel
        promise.futureResult.whenComplete { _ in
            guard linger > .zero else { return channel.close(promise: nil) }
            channel.eventLoop.scheduleTask(in: linger) { channel.close(promise: nil) }
        }
        guarding { context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer()), promise: promise) }
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
        let bytes = Self.unwrapInboundIn(data)
        counters?.received.add(UInt64(bytes.readableBytes))
        report(.received(bytes))
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        report(.writability)
    }

    package func channelInactive(context: ChannelHandlerContext) {
        isActive = false
        if isCalled { end = .writeFailed }
        report(.closed)
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end = Self.end(for: error)
        context.close(promise: nil)
    }

    /// An outgoing connection could not be made.
    package func connectFailed(_ error: any Error) {
        connectError = Self.systemError(error)
        end =
            switch error {
            case ChannelError.connectTimeout: .connectTimedOut
            default: .couldNotConnect
            }
        finish()
    }

    /// Marks a call of the user's, from within which NIO may report: buffers full and drained, a failed write, and what
    /// was still read after that.
    ///
    /// The user must not be called from within its own call, so that is told later.
    private func guarding(_ call: () -> Void) {
        let wasCalled = isCalled
        isCalled = true
        call()
        isCalled = wasCalled
    }

    private func report(_ event: Report) {
        guard isCalled || !deferred.isEmpty else { return tell(event) }
        guard user != nil else { return }
        deferred.append(event)
        if deferred.count == 1, let context {
            context.eventLoop.assumeIsolated().execute { self.tellDeferred() }
        }
    }

    private func tellDeferred() {
        let events = deferred
        deferred.removeAll()
        for event in events { tell(event) }
    }

    private func tell(_ event: Report) {
        switch event {
        case .received(let bytes): user?.transportReceived(bytes)
        case .writability: user?.transportWritabilityChanged()
        case .closed: finish()
        }
    }

    private func finish() {
        let user = self.user
        self.user = nil
        user?.transportClosed(end)
    }

    private static func systemError(_ error: any Error) -> CInt {
        switch error {
        case let error as IOError: error.errnoCode
        case let error as NIOConnectionError: error.connectionErrors.first.map { systemError($0.error) } ?? 0
        default: 0
        }
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
