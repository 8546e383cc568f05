// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The answer on an HTTP/2 stream: heads, body, trailers, and how it can break off.

public import NIOCore
internal import UnderstudyCore

extension HTTP2ClientStream: HTTP2StreamUser {
    /// Whoever sends more never means to answer.
    private static let mostInterimAnswers = 1024

    public func streamHeaders(_ section: inout FieldSection, endsStream: Bool) {
        do throws(MessageFault) {
            switch phase {
            case .head: try takeHead(&section, endsStream: endsStream)
            case .body(let room): try takeTrailers(&section, room, endsStream: endsStream)
            case .idle, .answered, .leaving, .closed: break
            }
        } catch {
            reject()
        }
    }

    private func takeHead(_ section: inout FieldSection, endsStream: Bool) throws(MessageFault) {
        try pool.loop.withResponseHead { head throws(MessageFault) in
            let method = isUpgrade ? Method.connect : method
            try section.makeResponse(&head, endsStream: endsStream, answering: method)
            if head.isInterim { return try reportInterim(&head, endsStream: endsStream) }
            if mode == .tunnel, (200..<300).contains(head.status) { beginTunnel(&head) }
            begin(&head, endsStream: endsStream)
        }
    }

    /// HTTP/2 has no 101 (RFC 9113 section 8.6).
    private func reportInterim(_ head: inout ResponseHead, endsStream: Bool) throws(MessageFault) {
        guard head.status != 101, !endsStream, interimAnswers < Self.mostInterimAnswers else { throw .badSyntax }
        interimAnswers += 1
        handler?.responseInterim(&head)
    }

    /// What an answer that agrees to a tunnel is in HTTP/1.1 (RFC 8441 section 5).
    private func beginTunnel(_ head: inout ResponseHead) {
        head.framing = .untilClose
        head.keepsAlive = false
        guard isUpgrade else { return }
        head.status = 101
        head.headers.removeLines { $0.known == .contentLength }
        head.headers.add("upgrade", upgrade, known: .upgrade)
        head.headers.add("connection", "upgrade", known: .connection)
    }

    private func begin(_ head: inout ResponseHead, endsStream: Bool) {
        switch head.framing {
        case .none: phase = .body(room: 0)
        case .length(let length): phase = .body(room: length)
        case .chunked, .untilClose: phase = .body(room: nil)
        }
        let isAgreed = head.framing == .untilClose
        handler?.responseBegan(&head)
        guard case .body = phase else { return }
        if mode == .tunnel { endWaitForTunnel(isAgreed: isAgreed) }
        if endsStream { complete(trailers: nil) }
    }

    private func takeTrailers(
        _ section: inout FieldSection,
        _ room: Int?,
        endsStream: Bool
    ) throws(MessageFault) {
        guard endsStream, room ?? 0 == 0 else { throw .badSyntax }
        let trailers = try section.makeTrailers()
        complete(trailers: trailers.lines.isEmpty ? nil : trailers)
    }

    public func streamData(_ piece: ByteBuffer, endsStream: Bool) {
        guard case .body(let room) = phase else {
            // A body before any head.
            if case .head = phase { reject() }
            return
        }
        let count = piece.readableBytes
        if let room {
            guard count <= room, !endsStream || count == room else { return reject() }
            phase = .body(room: room - count)
        }
        if count > 0 { handler?.responseBody(piece) }
        guard endsStream, case .body = phase else { return }
        complete(trailers: nil)
    }

    private func complete(trailers: HeaderBlock?) {
        phase = .answered
        handler?.responseEnded(reusable: mode == .plain, trailers: trailers)
    }

    public func streamTurnEnded() {
        handler?.responseTurnEnded()
    }

    public func streamDrained() {
        headLeft()
        handler?.upstreamDrained()
    }

    /// The answer must not be passed on.
    private func reject() {
        pool.counters.protocolErrors.add()
        pool.http2Counters.messagingErrors.add()
        guard pool.settings.http2.options.invalidMessageEndsStreamOnly else {
            let http2 = stream?.connection
            fail(.protocolError)
            return http2?.fail(.protocolError) ?? ()
        }
        breakOff(.protocolError, .protocolError, isFault: true)
    }

    public func streamReset(_ code: HTTP2ErrorCode, byPeer: Bool) {
        // Whoever has the whole answer needs no stream for it.
        switch phase {
        case .answered, .leaving: return
        case .idle, .head, .body, .closed: break
        }
        let failure = failure(code, byPeer: byPeer)
        if stream?.connection?.ending != nil { connection?.endedRequests = true }
        fail(failure)
    }

    private func failure(_ code: HTTP2ErrorCode, byPeer: Bool) -> UpstreamFailure {
        switch stream?.connection?.ending {
        case .transport(let reason):
            guard case .head = phase, interimAnswers == 0 else { return .reset }
            return reason == .closedByPeer || reason == .writeFailed ? .closed : .reset
        case .fault: return .protocolError
        case .drained, .unresponsive: return .reset
        case nil: break
        }
        guard byPeer else { return .protocolError }
        switch code {
        case .refusedStream: return stream?.connection?.leaving.isPeerLeaving == true ? .goneAway : .streamRefused
        case .protocolError: return .protocolError
        default: return .streamReset
        }
    }

    public func streamEnded() {
        stream?.user = nil
        if case .leaving = phase { end() }
    }
}
