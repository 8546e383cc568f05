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
    /// The client is at the other end.
    private let isServer: Bool
    private var fromClient: [UInt8]? = []
    private var fromServer: [UInt8]? = []
    private var knownServerHello: ServerHello?
    /// Bytes of the server's that it takes to look at them again.
    private var nextLook = 0
    /// Bytes of the server's that were looked at in all.
    private(set) var lookedAt = 0

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

    /// A look reads all that has come, so that there is one for each time that it has doubled, and the last one is taken by
    /// whoever asks: a server that lets it drip costs no more than others.
    private func lookAtServer(_ bytes: ByteBuffer) {
        fromServer?.append(contentsOf: bytes.readableBytesView)
        guard let count = fromServer?.count, count >= nextLook else { return }
        nextLook = min(2 * count, ServerHello.mostBytes)
        readServer()
    }

    private func readServer() {
        guard let known = fromServer else { return }
        lookedAt += known.count
        switch ServerHello.read(known.span) {
        case .needsMore: return
        case .hello(let hello): knownServerHello = hello
        case .unknown: break
        }
        fromServer = nil
    }

    /// What the server has said first, if that has come.
    var serverHello: ServerHello? {
        readServer()
        return knownServerHello
    }
}

@available(*, unavailable)
extension HandshakeWatch: Sendable {}
