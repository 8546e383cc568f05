// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The transport of plain text on the system's sockets themselves: no channel, no pipeline.

#if os(Linux)
public import NIOCore
internal import UnderstudyCore

public final class EpollTransport: EpollSocketOwner {
    private let socket: EpollSocket
    private var user: (any TransportUser)?
    private var counters: ByteCounters?
    public private(set) var connectError = ConnectError.none
    private(set) var wasClosedEarly = false
    /// It is closed this long after everything has left.
    private var linger: TimeAmount?

    init(_ socket: EpollSocket, _ counters: ByteCounters? = nil) {
        self.socket = socket
        self.counters = counters
        socket.owner = self
    }

    // MARK: What the socket tells

    func socketConnected() {
        user?.transportConnected()
    }

    /// It may be tried again.
    func socketCouldNotConnect() {}

    func socketReceived(_ bytes: ByteBuffer) {
        counters?.received.add(UInt64(bytes.readableBytes))
        user?.transportReceived(bytes)
    }

    func socketWritabilityChanged() {
        user?.transportWritabilityChanged()
    }

    func socketSent() {
        if linger != nil, socket.queuedBytes == 0 { closeLater() }
    }

    func socketClosed(_ end: SocketEnd) {
        finish(TransportEnd(end))
    }

    private func finish(_ end: TransportEnd) {
        let user = self.user
        self.user = nil
        user?.transportClosed(end)
    }

    /// Not from within the user's call.
    private func closeLater() {
        guard let time = linger else { return }
        linger = nil
        let loop = socket.loop.assumeIsolated()
        if time > .zero { loop.scheduleTask(in: time, closeFlushed) } else { loop.execute(closeFlushed) }
    }

    private func closeFlushed() {
        guard !socket.isClosed else { return }
        socket.close()
        finish(.closedByPeer)
    }
}

extension EpollTransport: Transport {
    public var isWritable: Bool { socket.isConnected && socket.isBelowMark }

    public var isConnected: Bool { socket.isConnected }

    public var queuedBytes: Int { socket.queuedBytes }

    public func write(_ bytes: ByteBuffer) {
        counters?.sent.add(UInt64(bytes.readableBytes))
        socket.write(bytes)
    }

    public func flush() { socket.flush() }

    public func send(_ bytes: ByteBuffer) {
        counters?.sent.add(UInt64(bytes.readableBytes))
        socket.send(bytes)
    }

    public func endOutput() { socket.endWriting() }

    public func setReading(_ isReading: Bool) { socket.setReading(isReading) }

    public func close() {
        user = nil
        wasClosedEarly = true
        socket.close()
    }

    public func reset() {
        socket.resetOnClose()
        close()
    }

    public func closeAfterFlush(linger: TimeAmount) {
        guard socket.isConnected else { return close() }
        self.linger = linger
        socket.flush()
        if socket.queuedBytes == 0 { closeLater() }
    }

    public func attach(_ user: any TransportUser) {
        // Whoever has closed it hears nothing any more, and nobody after it.
        if !wasClosedEarly { self.user = user }
    }
}

extension EpollTransport: ClientTransport {
    public func count(in counters: ByteCounters) { self.counters = counters }

    public func replay(_ bytes: ByteBuffer) { socketReceived(bytes) }

    public func securable() -> NIOTransport {
        user = nil
        return HostedChannel.host(NIOTransport(counters, isAccepted: true), on: socket)
    }
}

extension EpollTransport: OutgoingTransport {
    /// - Returns: Fails with the reason; the user is told by `connectFailed`.
    func connect(to address: SocketAddress, _ options: SocketOptions) -> EventLoopFuture<Void> {
        socket.owner = self
        return socket.connect(to: address, options)
    }

    func connectFailed(_ error: any Error) {
        connectError = NIOTransport.connectError(error)
        if case ChannelError.connectTimeout = error { finish(.connectTimedOut) } else { finish(.couldNotConnect) }
    }
}

extension TransportEnd {
    /// A broken pipe means that the peer had closed in an orderly way before it refused what came later.
    init(_ end: SocketEnd) {
        switch end {
        case .closedByPeer, .failed(BrokenPipe.code): self = .closedByPeer
        case .failed: self = .reset
        case .writeFailed: self = .writeFailed
        }
    }
}

@available(*, unavailable)
extension EpollTransport: Sendable {}
#endif
