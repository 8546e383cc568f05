// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Looks at a handshake's first messages on their way, for what the TLS library does not tell: names, not secrets.

internal import NIOCore

/// Stands between the socket and the library until the handshake is over.
///
/// Loop-bound.
final class HandshakeWatch: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private(set) var clientHello: ClientHello?
    private(set) var serverHello: ServerHello?
    /// The client is at the other end.
    private let isServer: Bool
    private var fromClient: [UInt8]? = []
    private var fromServer: ServerHello.Reader? = ServerHello.Reader()

    /// - Parameter hello: What the client is known to have said.
    init(isServer: Bool, hello: ClientHello? = nil) {
        self.isServer = isServer
        clientHello = hello
        if hello != nil || !isServer { fromClient = nil }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Self.unwrapInboundIn(data)
        if isServer { lookAtClient(bytes) } else { lookAtServer(bytes) }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if isServer { lookAtServer(Self.unwrapOutboundIn(data)) }
        context.write(data, promise: promise)
    }

    private func lookAtClient(_ bytes: ByteBuffer) {
        guard var known = fromClient else { return }
        fromClient = nil
        known.append(contentsOf: bytes.readableBytesView)
        switch ClientHello.read(known.span) {
        case .needsMore: fromClient = known
        case .hello(let hello): clientHello = hello
        case .plainText, .malformed: break
        }
    }

    private func lookAtServer(_ bytes: ByteBuffer) {
        guard var reader = fromServer else { return }
        fromServer = nil
        switch reader.read(bytes.readableBytesUInt8Span) {
        case .needsMore: fromServer = reader
        case .hello(let hello): serverHello = hello
        case .unknown: break
        }
    }
}

@available(*, unavailable)
extension HandshakeWatch: Sendable {}
