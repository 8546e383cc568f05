// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The answer's side of a request on HTTP/2.

internal import NIOCore
internal import UnderstudyCore

extension HTTP2ServerStream {
    func sendContinue() {
        connection.loop.withResponseHead { head in
            head.status = 100
            sendInterim(head)
        }
        flush()
    }

    func sendInterim(_ head: borrowing ResponseHead) {
        send(head)
        flush()
    }

    /// A connection carries other requests, too, so it outlives every answer; only a drain ends it.
    func sendHead(_ head: borrowing ResponseHead, closing: Bool) {
        guard canAnswer else { return }
        connection.answerBegan()
        if phase == .tunnel { return sendTunnelHead(head) }
        hasBody = head.framing != .none && !isHead
        send(head)
    }

    /// There is no 101 in HTTP/2: a tunnel opens with 200 (RFC 8441 section 5).
    private func sendTunnelHead(_ head: borrowing ResponseHead) {
        let opens = isConnect ? (200..<300).contains(head.status) : head.status == 101
        hasBody = opens || head.framing != .none
        if !opens { phase = .answering }
        send(head, status: head.status == 101 ? 200 : nil)
    }

    private func send(_ head: borrowing ResponseHead, status: Int? = nil) {
        stream.sendHeaders { $0.encodeResponse(head, status: status, into: &$1) }
    }

    func sendBody(_ piece: ByteBuffer) {
        if hasBody { stream.sendData(piece) }
    }

    func sendTrailers(_ trailers: borrowing HeaderBlock) {
        guard hasBody, !trailers.lines.isEmpty else { return }
        connection.http.counters.trailers.add()
        self.trailers = copy trailers
    }

    func endResponse() {
        guard canAnswer else { return }
        handler = nil
        phase = .ended
        clearTimes()
        let trailers = self.trailers
        self.trailers = nil
        // The times are set before: the stream may be over at once, and serve another request.
        if stream.queuedBytes > 0 { limitLast() }
        let isCut = stream.isRemoteOpen
        stream.end(trailers: trailers, abandoningPeer: isCut)
        connection.http.scheduleFlush()
    }

    func flush() { stream.flush() }

    func abort() {
        guard canAnswer else { return }
        handler = nil
        phase = .ended
        clearTimes()
        stream.reset(.internalError)
    }

    private var canAnswer: Bool {
        switch phase {
        case .body, .tunnel, .answering: true
        case .idle, .ended: false
        }
    }

    var isBackedUp: Bool { stream.isBackedUp }

    func streamDrained() {
        handler?.responseWritabilityChanged()
    }

    func setReading(_ isReading: Bool) {
        guard stream.isOpen, isReading != stream.isReading else { return }
        (isReading ? service.counters.flowResumptions : service.counters.flowPauses).add()
        stream.setReading(isReading)
    }
}
