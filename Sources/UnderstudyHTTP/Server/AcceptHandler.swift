// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The gate of a listening channel, in front of NIO's own handler.

internal import NIOCore

/// Loop-bound.
final class AcceptHandler: ChannelInboundHandler {
    typealias InboundIn = Channel

    let gate: AcceptGate

    init(_ gate: AcceptGate) {
        self.gate = gate
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        // Failing means that the listener is closed.
        gate.changed = { [gate] in try? channel.syncOptions?.setOption(.autoRead, value: gate.isOpen) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { gate.changed = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if let places = gate.places {
            Self.unwrapInboundIn(data).closeFuture.whenComplete { _ in places.free() }
        }
        gate.accepted()
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError { gate.failed(error.errnoCode) }
        context.fireErrorCaught(error)
    }
}

@available(*, unavailable)
extension AcceptHandler: Sendable {}
