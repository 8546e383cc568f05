// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a test puts around its sockets: nothing, or TLS.

package import NIOCore

package protocol ConnectionSecurity: Sendable {
    /// Adds its handlers to a channel that has none yet.
    func secure(_ channel: any Channel) throws
}

/// Stands next to the socket, and closes it when asked to, with nobody above being told before.
final class SocketCutter: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    struct Cut {}

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is Cut else { return context.triggerUserOutboundEvent(event, promise: promise) }
        context.close(promise: promise)
    }
}

@available(*, unavailable)
extension SocketCutter: Sendable {}
