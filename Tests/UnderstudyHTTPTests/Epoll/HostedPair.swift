// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A hosted channel on a connection on loopback, with a handler at its socket's end that notes what it is told.

#if os(Linux)
import NIOCore
import TestSupport

@testable import UnderstudyHTTP

/// On the loop.
final class HostedUser {
    let channel: HostedChannel
    let handler: NotingHandler

    init(_ socket: EpollSocket, _ notes: Watched<[String]>, _ reaction: NotingHandler.Reaction? = nil) {
        _ = HostedChannel.host(NIOTransport(isAccepted: true), on: socket)
        guard let channel = socket.owner as? HostedChannel else { preconditionFailure("the socket hosts no channel") }
        self.channel = channel
        handler = NotingHandler(notes, reaction)
        handler.user = self
        do {
            try channel.pipeline.syncOperations.addHandler(handler, position: .first)
        } catch {
            preconditionFailure("a new pipeline takes no handler: \(error)")
        }
    }

    func note(_ text: String) { handler.note(text) }

    /// A promise whose end is noted.
    func promise(_ name: String) -> EventLoopPromise<Void> {
        let promise = channel.eventLoop.makePromise(of: Void.self)
        let handler = self.handler
        promise.futureResult.assumeIsolated().whenComplete { result in
            switch result {
            case .success: handler.note("\(name) done")
            case .failure(let error): handler.note("\(name) failed: \(NotingHandler.text(error))")
            }
        }
        return promise
    }

    func write(_ bytes: ByteBuffer, _ name: String) {
        channel.pipeline.syncOperations.write(NIOAny(bytes), promise: promise(name))
    }
}

/// Passes on what it is told, after it has noted it and done as the test says.
final class NotingHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias Reaction = @Sendable (_ note: String, ChannelHandlerContext, HostedUser) -> Void

    let notes: Watched<[String]>
    private let reaction: Reaction?
    weak var user: HostedUser?

    init(_ notes: Watched<[String]>, _ reaction: Reaction?) {
        self.notes = notes
        self.reaction = reaction
    }

    func note(_ text: String) { notes.update { $0.append(text) } }

    private func told(_ text: String, _ context: ChannelHandlerContext) {
        note(text)
        if let user { reaction?(text, context, user) }
    }

    static func text(_ error: any Error) -> String {
        switch error {
        case ChannelError.ioOnClosedChannel: "closed"
        case ChannelError.alreadyClosed: "already closed"
        case ChannelError.outputClosed: "output closed"
        case ChannelError.operationUnsupported: "unsupported"
        case ChannelError.eof: "end of file"
        case let error as IOError: "errno \(error.errnoCode)"
        default: "\(type(of: error))"
        }
    }

    func channelActive(context: ChannelHandlerContext) {
        told("active", context)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        told("read \(Self.unwrapInboundIn(data).readableBytes)", context)
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        told("complete", context)
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        told("writable \(context.channel.isWritable)", context)
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        told("error \(Self.text(error))", context)
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        told("inactive", context)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { note("removed") }
}

@available(*, unavailable)
extension NotingHandler: Sendable {}
#endif
