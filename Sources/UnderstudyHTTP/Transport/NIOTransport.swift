// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The transport on a SwiftNIO channel: one handler, directly on the bytes.

public import NIOCore
internal import NIOPosix
internal import NIOTLS
public import UnderstudyCore

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

public final class NIOTransport: ChannelInboundHandler, ClientTransport, OutgoingTransport {
    public typealias InboundIn = ByteBuffer
    public typealias OutboundOut = ByteBuffer

    private var context: ChannelHandlerContext?
    private var user: (any TransportUser)?
    private var end = TransportEnd.closedByPeer
    private var isActive = false
    /// What the channel has said last.
    private var isChannelWritable = true
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

    private var counters: ByteCounters?
    private let isAccepted: Bool
    private var socketError = ConnectError.none
    /// `nil` for plain text.
    var security: (any TransportSecurity)?
    /// It has TLS, whose handshake is not over.
    var isHandshaking = false
    public private(set) var tls: TLSPeer?
    /// Ends a handshake that takes too long; `nil` if whoever uses the transport looks after that.
    var alarm: HandshakeAlarm?
    /// Of writes since the last flush, while they are in TLS and unknown to the channel.
    private var unflushedBytes = 0

    /// - Parameters:
    ///   - counters: Where the bytes of the connection are counted.
    ///   - isAccepted: Its channel is there; otherwise whoever makes one calls `connectFailed`.
    public init(_ counters: ByteCounters? = nil, isAccepted: Bool = false) {
        self.counters = counters
        self.isAccepted = isAccepted
    }

    public func count(in counters: ByteCounters) {
        self.counters = counters
    }

    public func attach(_ user: any TransportUser) {
        // Whoever has closed it hears nothing any more, and nobody after it.
        if !wasClosedEarly { self.user = user }
    }

    // MARK: What the user may do

    /// What was told last, and what the channel says: it may be some steps ahead of what it tells.
    public var isWritable: Bool { isActive && isChannelWritable && context?.channel.isWritable != false }

    public var isConnected: Bool { isActive }

    public var applicationProtocol: ApplicationProtocol? {
        tls.flatMap { ApplicationProtocol($0.applicationProtocol) }
    }

    /// Why there is no TLS, as Envoy's logs tell it; empty if there is, or nobody has said why.
    public var handshakeFailure: [UInt8] { security?.failureReason ?? [] }

    public var connectError: ConnectError {
        let failure = handshakeFailure
        return failure.isEmpty ? socketError : .handshake(failure)
    }

    public var queuedBytes: Int {
        guard isActive, let options = context?.channel.syncOptions else { return 0 }
        return ((try? options.getOption(.bufferedWritableBytes)) ?? 0) + unflushedBytes
    }

    public func write(_ bytes: ByteBuffer) {
        counters?.sent.add(UInt64(bytes.readableBytes))
        if security != nil { return writeInParts(bytes) }
        guarding { context?.write(Self.wrapOutboundOut(bytes), promise: nil) }
    }

    /// The TLS library keeps a buffer for as much as it was ever given between two flushes.
    private func writeInParts(_ bytes: ByteBuffer) {
        var bytes = bytes
        while bytes.readableBytes > 0 {
            let room = Self.mostUnflushed - unflushedBytes
            guard let part = bytes.readSlice(length: min(room, bytes.readableBytes)) else { return }
            unflushedBytes += part.readableBytes
            guarding { context?.write(Self.wrapOutboundOut(part), promise: nil) }
            if unflushedBytes >= Self.mostUnflushed { flush() }
        }
    }

    /// Two whole records.
    private static let mostUnflushed = 2 * 16 * 1024

    public func flush() {
        unflushedBytes = 0
        guarding { context?.flush() }
    }

    public func endOutput() {
        guard isActive else { return }
        guarding { context?.close(mode: .output, promise: nil) }
    }

    public func setReading(_ isReading: Bool) {
        guard isReading != self.isReading else { return }
        self.isReading = isReading
        // Failing means that the channel is closed already, and then nothing reads.
        guarding { try? context?.channel.syncOptions?.setOption(.autoRead, value: isReading) }
    }

    public func close() {
        user = nil
        endHandshake()
        if let context {
            closeChannel(context, tellingPeer: true)
        } else {
            wasClosedEarly = true
        }
    }

    public func reset() {
        // On its loop the option is set at once; failing means that there is no socket any more.
        if isActive, let socket = context?.channel as? any SocketOptionProvider {
            socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).assumeIsolated().whenFailure { _ in }
        }
        #if os(Linux)
        if let channel = context?.channel as? HostedChannel { channel.socket.resetOnClose() }
        #endif
        guard let context else { return close() }
        user = nil
        endHandshake()
        closeChannel(context, tellingPeer: false)
    }

    public func closeAfterFlush(linger: TimeAmount) {
        guard let context else { return close() }
        unflushedBytes = 0
        let promise = context.eventLoop.makePromise(of: Void.self)
        let eventLoop = context.eventLoop
        promise.futureResult.assumeIsolated().whenComplete { _ in
            guard linger > .zero else { return self.closeFlushed() }
            eventLoop.assumeIsolated().scheduleTask(in: linger) { self.closeFlushed() }
        }
        guarding { context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer()), promise: promise) }
    }

    private func closeFlushed() {
        guard let context else { return }
        closeChannel(context, tellingPeer: true)
    }

    private func closeChannel(_ context: ChannelHandlerContext, tellingPeer: Bool) {
        guard let security else { return context.close(promise: nil) }
        security.close(context, tellingPeer: tellingPeer)
    }

    // MARK: What the channel reports

    public func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        isChannelWritable = context.channel.isWritable
        isActive = context.channel.isActive && security == nil
        if wasClosedEarly { return context.close(promise: nil) }
        if let security { begin(security, context) }
    }

    public func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        security?.channelEnded()
        // A channel that closes before it is active, because its listener did, reports nothing else.
        if isAccepted { finish() }
    }

    public func channelActive(context: ChannelHandlerContext) {
        guard security == nil else { return }
        isActive = true
        isChannelWritable = context.channel.isWritable
        user?.transportConnected()
    }

    public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted(let name)? = event as? TLSUserEvent else { return }
        handshakeCompleted(context, Array((name ?? "").utf8))
    }

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Self.unwrapInboundIn(data)
        counters?.received.add(UInt64(bytes.readableBytes))
        report(.received(bytes))
    }

    public func channelWritabilityChanged(context: ChannelHandlerContext) {
        isChannelWritable = context.channel.isWritable
        report(.writability)
    }

    public func channelInactive(context: ChannelHandlerContext) {
        isActive = false
        if isHandshaking {
            handshakeFailed(nil)
        } else if isCalled, end != .couldNotConnect {
            end = .writeFailed
        }
        report(.closed)
    }

    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if isHandshaking {
            handshakeFailed(error)
        } else if error is UndeliveredWrite {
            end = .writeFailed
        } else if end != .couldNotConnect {
            end = security?.end(for: error) ?? Self.end(for: error)
        }
        closeChannel(context, tellingPeer: false)
    }

    // MARK: TLS

    /// From here on, the connection is secured; the user hears that it is connected once the handshake is over.
    ///
    /// - Parameter received: What has arrived already.
    public func secure(_ security: any TransportSecurity, received: ByteBuffer = ByteBuffer()) {
        self.security = security
        isHandshaking = true
        isActive = false
        guard let context else { return }
        guarding {
            begin(security, context)
            guard received.readableBytes > 0, context.channel.isActive else { return }
            let pipeline = context.pipeline.syncOperations
            pipeline.fireChannelRead(NIOAny(received))
            pipeline.fireChannelReadComplete()
        }
    }

    private func begin(_ security: any TransportSecurity, _ context: ChannelHandlerContext) {
        do {
            try security.begin(context)
        } catch {
            handshakeFailed(error)
            context.close(promise: nil)
        }
    }

    private func handshakeCompleted(_ context: ChannelHandlerContext, _ applicationProtocol: [UInt8]) {
        guard isHandshaking, let security else { return }
        do {
            tls = try security.finish(applicationProtocol)
            endHandshake()
            isActive = true
            isChannelWritable = context.channel.isWritable
            user?.transportConnected()
        } catch {
            // It has been counted as what it is.
            endHandshake()
            end = .couldNotConnect
            closeChannel(context, tellingPeer: false)
        }
    }

    private func handshakeFailed(_ error: (any Error)?) {
        endHandshake()
        // Unless it was known before: the time for it may be over.
        if end == .closedByPeer { end = .couldNotConnect }
        security?.fail(error)
    }

    private func endHandshake() {
        isHandshaking = false
        alarm?.cancel()
        alarm = nil
    }

    /// The time for the connection or its handshake is over.
    func giveUpConnecting() {
        guard !isActive, user != nil else { return }
        end = .connectTimedOut
        if let context { closeChannel(context, tellingPeer: false) } else { finish() }
    }

    public func replay(_ bytes: ByteBuffer) {
        report(.received(bytes))
    }

    public func securable() -> NIOTransport { self }

    public func connectFailed(_ error: any Error) {
        socketError = Self.connectError(error)
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
}

@available(*, unavailable)
extension NIOTransport: Sendable {}
