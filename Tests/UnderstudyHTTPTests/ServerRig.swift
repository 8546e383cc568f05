// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A client connection on a loop that does not run, with a recording socket below and recording handlers above.

import NIOCore
import NIOEmbedded
import UnderstudyCore
import UnderstudyHTTP

final class ServerRig {
    let loop: LoopContext
    let transport = RecordingTransport()
    let service: RecordingService
    let limits: ServerLimits
    let connection: HTTP1ServerConnection
    private let eventLoop = EmbeddedEventLoop()

    init(limits: ServerLimits = ServerLimits(), _ service: RecordingService = RecordingService()) {
        loop = LoopContext(eventLoop: eventLoop)
        self.limits = limits
        self.service = service
        connection = HTTP1ServerConnection(transport: transport, service: service, loop: loop, limits: limits)
    }

    /// Answers every request with its own number when it is complete.
    static func answering(limits: ServerLimits = ServerLimits()) -> ServerRig {
        var count = 0
        return ServerRig(
            limits: limits,
            RecordingService { handler, moment in
                guard moment == .end else { return }
                count += 1
                handler.answer(200, "\(count)")
            }
        )
    }

    deinit {
        // An embedded loop must not be left with work.
        try? eventLoop.syncShutdownGracefully()
    }

    func receive(_ text: String) { connection.transportReceived(ByteBuffer(string: text)) }
    func receive(_ bytes: [UInt8]) { connection.transportReceived(ByteBuffer(bytes: bytes)) }

    var sent: String { transport.sent }
    var events: [String] { service.events }

    /// Lets every deadline pass that was set by now and lasts no longer than `time`.
    func pass(_ time: TimeAmount) { loop.deadlines.advance(to: .now() + time) }

    /// The connection has nothing left to do: the socket is closed or about to be.
    var isEnding: Bool { transport.isClosed || transport.linger != nil }
}

extension String {
    /// The answer that `RecordingHandler.answer` sends.
    static func answer(_ text: String, _ status: String = "200 OK", closing: Bool = false) -> String {
        let close = closing ? "connection: close\r\n" : ""
        return "HTTP/1.1 \(status)\r\ncontent-length: \(text.utf8.count)\r\n\(close)\r\n\(text)"
    }
}
