// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A client's connection on HTTP/2, on a loop that only runs when told to.

import NIOCore
import NIOEmbedded
import UnderstudyCore
import UnderstudyHTTP

final class HTTP2ServerRig {
    let loop: LoopContext
    let transport = RecordingTransport()
    let service: RecordingService
    let connection: HTTP2ServerConnection
    private let eventLoop = EmbeddedEventLoop()
    private var frames = SentFrames()

    /// - Parameter greets: The client has sent its preface, and both sides have acknowledged the settings.
    init(limits: ServerLimits = ServerLimits(), greets: Bool = true, _ service: RecordingService = RecordingService()) {
        loop = LoopContext(eventLoop: eventLoop)
        self.service = service
        connection = HTTP2ServerConnection(transport: transport, service: service, loop: loop, limits: limits)
        guard greets else { return }
        receive(Self.preface + WireFrame.settings().bytes + WireFrame.settingsAck.bytes)
        _ = sent
    }

    /// Answers every request with its own number when it is complete.
    static func answering(limits: ServerLimits = ServerLimits()) -> HTTP2ServerRig {
        var count = 0
        return HTTP2ServerRig(
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
        connection.kill()
        try? eventLoop.syncShutdownGracefully()
    }

    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    func receive(_ bytes: [UInt8]) {
        transport.user?.transportReceived(ByteBuffer(bytes: bytes))
        eventLoop.run()
    }

    /// All in one read.
    func receive(_ frames: WireFrame...) { receive(frames.flatMap(\.bytes)) }

    /// What was sent since it was asked for last, a line for each frame.
    var sent: [String] {
        eventLoop.run()
        return frames.read(&transport.sentBytes)
    }

    var events: [String] { service.events }
    var counters: HTTP2Counters { service.counters.http2 }

    func setWritable(_ isWritable: Bool) {
        transport.isWritable = isWritable
        transport.user?.transportWritabilityChanged()
        eventLoop.run()
    }

    /// Lets every deadline pass that was set by now and lasts no longer than `time`.
    func pass(_ time: TimeAmount) {
        loop.deadlines.advance(to: .now() + time)
        eventLoop.run()
    }

    /// The connection has nothing left to do: the socket is closed or about to be.
    var isEnding: Bool { transport.isClosed || transport.linger != nil }
}
