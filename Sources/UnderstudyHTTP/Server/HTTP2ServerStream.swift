// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One request of a client on HTTP/2, on its way in.

internal import NIOCore
internal import UnderstudyCore

/// Loop-bound, used again for later requests on the same connection.
///
/// `+Answer` sends what comes back, `+Ending` has the times and the ends.
final class HTTP2ServerStream: ServerStream, HTTP2StreamUser, Timed {
    enum Phase {
        /// No request yet, or none any more.
        case idle
        case body
        /// Whatever comes is passed on as it is.
        case tunnel
        /// The request is complete, the answer is not.
        case answering
        /// Nobody answers any more; the last bytes may still wait for the client.
        case ended
    }

    enum Alarm: Int, CaseIterable {
        /// Longest silence within a body.
        case body
        /// The request as a whole.
        case request
        /// The client has to take the last bytes.
        case last
    }

    var deadlineSlot = -1

    let connection: HTTP2ServerConnection
    let stream: HTTP2Stream
    var phase = Phase.idle
    var handler: (any RequestHandler)?
    var timers = DeadlineSet<Alarm>()
    var bodyTime: TimeAmount?
    /// What `content-length` says; `nil` if it says nothing.
    private var expectedBytes: Int?
    private var receivedBytes = 0
    /// Something of the body has arrived in this turn.
    private var hasArrived = false
    private(set) var isHead = false
    private(set) var isConnect = false
    var hasBeenTunnel = false
    /// The head that asks for a tunnel was all that the client has to say.
    private var endsInThisTurn = false

    // Of the answer:
    var hasBody = false
    var trailers: HeaderBlock?

    init(_ connection: HTTP2ServerConnection, _ stream: HTTP2Stream) {
        self.connection = connection
        self.stream = stream
    }

    var service: any RequestService { connection.service }
    var limits: ServerLimits { connection.limits }

    // MARK: The request

    func streamHeaders(_ section: inout FieldSection, endsStream: Bool) {
        switch phase {
        case .idle: takeHead(&section, endsStream: endsStream)
        case .body: takeTrailers(&section, endsStream: endsStream)
        // Only DATA belongs into a tunnel (RFC 9113 section 8.5).
        case .tunnel: breakOff()
        case .answering, .ended: break
        }
    }

    private func takeHead(_ section: inout FieldSection, endsStream: Bool) {
        let connection = self.connection
        // Before anything can be wrong with it: a refusal of HEAD has no body, either.
        isHead = section.isHead
        isConnect = false
        connection.loop.withRequestHead { head in
            do throws(MessageFault) {
                try section.makeRequest(
                    &head,
                    endsStream: endsStream,
                    rules: connection.rules,
                    allowsConnectProtocol: connection.limits.http2.options.allowsConnect
                )
            } catch {
                return refuse(error)
            }
            if section.droppedLines > 0 {
                connection.http.counters.droppedUnderscores.add(UInt64(section.droppedLines))
            }
            begin(&head, endsStream: endsStream)
        }
    }

    private func begin(_ head: inout RequestHead, endsStream: Bool) {
        connection.requestBegan()
        isHead = head.method == .head
        isConnect = head.method == .connect
        receivedBytes = 0
        if case .length(let count) = head.framing { expectedBytes = count } else { expectedBytes = nil }
        hasArrived = false
        phase = endsStream ? .answering : .body
        if !endsStream { startTimes() }
        let handler = service.makeHandler()
        self.handler = handler
        handler.requestBegan(&head, on: self)
    }

    func becomeTunnel() {
        switch phase {
        case .body, .answering:
            let isHalf = phase == .answering
            phase = .tunnel
            expectedBytes = nil
            hasBeenTunnel = true
            service.counters.upgrades.add()
            service.counters.activeUpgrades.add(1)
            clearTimes()
            endsInThisTurn = isHalf
        case .idle, .tunnel, .ended: break
        }
    }

    func streamData(_ piece: ByteBuffer, endsStream: Bool) {
        switch phase {
        case .body: takeBody(piece, endsStream: endsStream)
        case .tunnel:
            if piece.readableBytes > 0 { handler?.requestBody(piece) }
            if endsStream, phase == .tunnel { handler?.requestEnded(trailers: nil) }
        case .idle, .answering, .ended: break
        }
    }

    private func takeBody(_ piece: ByteBuffer, endsStream: Bool) {
        // Safe: no connection carries 2^63 bytes.
        receivedBytes &+= piece.readableBytes
        guard lengthIsRight(endsStream: endsStream) else { return breakOff() }
        hasArrived = true
        if piece.readableBytes > 0 { handler?.requestBody(piece) }
        // The handler may have ended the exchange.
        if endsStream, phase == .body { endBody(trailers: nil) }
    }

    /// A body must be as long as its head has said (RFC 9113 section 8.1.1).
    private func lengthIsRight(endsStream: Bool) -> Bool {
        guard let expectedBytes else { return true }
        return endsStream ? receivedBytes == expectedBytes : receivedBytes <= expectedBytes
    }

    private func takeTrailers(_ section: inout FieldSection, endsStream: Bool) {
        guard endsStream, lengthIsRight(endsStream: true) else { return breakOff() }
        var trailers: HeaderBlock
        do throws(MessageFault) {
            trailers = try section.makeTrailers()
            let dropped = try trailers.settleUnderscores(connection.rules.underscores)
            if dropped > 0 { connection.http.counters.droppedUnderscores.add(UInt64(dropped)) }
        } catch {
            if error == .underscore { connection.http.counters.rejectedUnderscores.add() }
            return breakOff()
        }
        connection.http.counters.trailers.add()
        endBody(trailers: trailers.lines.isEmpty ? nil : trailers)
    }

    private func endBody(trailers: HeaderBlock?) {
        phase = .answering
        clearTimes()
        handler?.requestEnded(trailers: trailers)
    }

    func streamTurnEnded() {
        if endsInThisTurn {
            endsInThisTurn = false
            if phase == .tunnel { handler?.requestEnded(trailers: nil) }
        }
        if hasArrived, phase == .body {
            hasArrived = false
            restartBodyTime()
        }
        handler?.requestTurnEnded()
    }
}

@available(*, unavailable)
extension HTTP2ServerStream: Sendable {}
