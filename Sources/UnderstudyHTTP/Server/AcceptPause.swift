// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Stops accepting for a while when the system has no descriptors left. NIO's own back-off leaves the socket registered,
// and a listening socket that cannot be accepted from is readable without end: a core spins.

internal import NIOCore

/// A handler for the listening channel, in front of NIO's.
///
/// Loop-bound.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = Channel

    /// How long clients wait in the system's queue before the next try.
    private static let pause = TimeAmount.milliseconds(100)

    private var isPaused = false

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        defer { context.fireErrorCaught(error) }
        guard !isPaused, error is IOError, let options = context.channel.syncOptions else { return }
        isPaused = true
        try? options.setOption(.autoRead, value: false)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
            self.isPaused = false
            // Failing means that the listener is closed.
            try? options.setOption(.autoRead, value: true)
        }
    }
}

@available(*, unavailable)
extension AcceptPause: Sendable {}
