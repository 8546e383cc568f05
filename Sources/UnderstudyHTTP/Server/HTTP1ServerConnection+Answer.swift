// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The answer's side of a client connection: heads, bodies, and when the socket takes more.

public import NIOCore
public import UnderstudyCore

extension HTTP1ServerConnection {
    public func sendContinue() {
        // HTTP/1.0 has no interim answers and expects none (RFC 9110 sections 10.1.1 and 15.2).
        guard !isHTTP10 else { return }
        outgoing.append(loop) { $0.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n") }
        flush()
    }

    public func sendInterim(_ head: borrowing ResponseHead) {
        guard phaseIsOpen, !isHTTP10 else { return }
        let style = nameStyle
        outgoing.append(loop) { HeadEncoder.writeInterim(head, style, to: &$0) }
        flush()
    }

    public func sendHead(_ head: borrowing ResponseHead, closing: Bool) {
        guard phaseIsOpen else { return }
        let end: HeadEncoder.AnswerEnd
        if case .tunnel = phase {
            end = tunnelEnd(head)
        } else {
            if !closes, !closing, endsConnection { drainWithAnswer() }
            closesUnasked = closesUnasked || closing
            if closing { closes = true }
            end = ordinaryEnd(head)
        }
        let style = nameStyle
        outgoing.append(loop) { HeadEncoder.write(head, end, style, to: &$0) }
    }

    private var endsConnection: Bool {
        if service.isDraining { return true }
        guard service.disablesKeepalive else { return false }
        service.counters.keepalivesDisabled.add()
        return true
    }

    private func drainWithAnswer() {
        service.counters.drainCloses.add()
        closes = true
        closesUnasked = true
    }

    private func ordinaryEnd(_ head: borrowing ResponseHead) -> HeadEncoder.AnswerEnd {
        settleCoding(head.framing)
        // Without chunks only a length can tell the end; Envoy wants one even where there is no body.
        if isHTTP10, head.headers.firstIndex(of: .contentLength) == nil { closes = true }
        var end = HeadEncoder.AnswerEnd(connection: .unsaid, answersHead: isHead, isHTTP10: isHTTP10)
        if closes {
            end.connection = .closes
        } else if isHTTP10 {
            end.connection = .keepsAlive
        }
        return end
    }

    private func settleCoding(_ framing: BodyFraming) {
        switch framing {
        case _ where isHead: answerCoding = .none
        case .none: answerCoding = .none
        case .length: answerCoding = .raw
        case .chunked, .untilClose:
            answerCoding = isHTTP10 ? .raw : .chunked
            answerEndsWithConnection = isHTTP10
        }
    }

    /// Opens the tunnel if that is what the answer says; otherwise the connection ends with the answer.
    ///
    /// - Source: measured on Envoy 1.40, which says `close` in a 2xx other than 200, too.
    private func tunnelEnd(_ head: borrowing ResponseHead) -> HeadEncoder.AnswerEnd {
        closes = true
        closesUnasked = true
        let opens = isConnect ? (200..<300).contains(head.status) : head.status == 101
        guard opens else { return ordinaryEnd(head) }
        answerCoding = .raw
        return HeadEncoder.AnswerEnd(
            connection: isConnect && head.status != 200 ? .closes : .unsaid,
            answersHead: false,
            isHTTP10: isHTTP10,
            opensTunnel: true
        )
    }

    public func sendBody(_ piece: ByteBuffer) {
        guard piece.readableBytes > 0 else { return }
        switch answerCoding {
        case .none, .chunkedAndEnded: return
        case .raw: outgoing.append(loop, piece, to: transport)
        case .chunked: outgoing.appendChunk(loop, piece, to: transport)
        }
    }

    public func sendTrailers(_ trailers: borrowing HeaderBlock) {
        guard passesTrailers, case .chunked = answerCoding else { return }
        outgoing.append(loop) { HeadEncoder.writeLastChunk(trailers, to: &$0) }
        answerCoding = .chunkedAndEnded
    }

    public func endResponse() {
        if case .chunked = answerCoding {
            outgoing.append(loop) { $0.writeStaticString("0\r\n\r\n") }
        }
        answerCoding = .none
        handler = nil
        flush()
        switch phase {
        case .answering where !closes: becomeIdle()
        case .answering where !closesUnasked: closeGently(linger: .zero)
        case .answering, .body, .tunnel, .head: closeGently(linger: limits.lingerTime)
        case .lingering, .closed: break
        }
    }

    public func flush() {
        outgoing.flush(loop, to: transport)
    }

    public func abort() {
        guard phaseIsOpen else { return }
        if answerEndsWithConnection { return close() }
        handler = nil
        closeGently(linger: .zero, patience: limits.lingerTime > .zero ? limits.lingerTime : nil)
    }

    public var isBackedUp: Bool {
        outgoing.count > limits.bufferedBytes || !transport.isWritable
    }

    public func setReading(_ isReading: Bool) {
        guard phaseIsOpen else { return }
        if isPaused == isReading {
            (isReading ? service.counters.flowResumptions : service.counters.flowPauses).add()
        }
        isPaused = !isReading
        applyReading()
    }

    public func transportWritabilityChanged() {
        flush()
        if case .lingering = phase { return }
        if isBlocked, !isBackedUp {
            isBlocked = false
            awaitRequest()
            decode()
        }
        handler?.responseWritabilityChanged()
    }
}
