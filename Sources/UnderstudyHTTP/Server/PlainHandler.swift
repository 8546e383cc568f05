// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One request to a plain service, from its head to the end of its answer.

internal import NIOCore
internal import UnderstudyCore

/// Loop-bound.
final class PlainHandler: RequestHandler {
    private let service: PlainService
    private let peer: String
    private let begin = WallClock.nanoseconds()
    private var stream: (any ServerStream)?
    private var request: PlainRequest?
    /// Until the end is logged.
    private var asked: PlainRequest?
    /// Only if the end is logged.
    private var head = RequestHead()

    init(_ service: PlainService, peer: String) {
        self.service = service
        self.peer = peer
    }

    func requestBegan(_ head: inout RequestHead, on stream: any ServerStream) {
        self.stream = stream
        if service.accessLog != nil { self.head = copy head }
        request = PlainRequest(
            method: head.headers.text(head.methodName),
            target: head.headers.text(head.target),
            host: head.headers.text(head.host),
            peer: peer,
            contentType: Self.value("content-type", of: head),
            userAgent: Self.value("user-agent", of: head),
            fetchSite: Self.value("sec-fetch-site", of: head),
            origin: Self.value("origin", of: head)
        )
        if head.expectsContinue { stream.sendContinue() }
        if head.framing == .none { requestEnded(trailers: nil) }
    }

    private static func value(_ name: String, of head: borrowing RequestHead) -> String {
        guard let line = head.headers.firstIndex(named: Array(name.utf8)) else { return "" }
        return head.headers.text(head.headers.lines[line].value)
    }

    func requestBody(_ piece: ByteBuffer) {
        guard request != nil else { return }
        let room = PlainRequest.largestBody - (request?.body.count ?? 0)
        request?.body.append(contentsOf: piece.readableBytesView.prefix(room))
        // Safe: no connection carries 2^63 bytes.
        request?.bodyLength &+= piece.readableBytes
    }

    func requestEnded(trailers: HeaderBlock?) {
        guard stream != nil, let request else { return }
        self.request = nil
        asked = request
        let make = service.answer
        service.loop.eventLoop.makeFutureWithTask { await make(request) }
            .assumeIsolated()
            .whenSuccess { self.send($0) }
    }

    private func send(_ answer: PlainAnswer) {
        guard let stream else { return }
        self.stream = nil
        service.loop.withResponseHead { head in
            head.status = answer.status
            head.framing = answer.bytes.isEmpty ? .none : .length(answer.bytes.count)
            head.headers.add("content-type", Array(answer.contentType.utf8), known: .other)
            for (name, value) in answer.headers {
                head.headers.add(Array(name.utf8), known: .other) { $0.append(contentsOf: Array(value.utf8)) }
            }
            head.headers.add("content-length", decimal: answer.bytes.count, known: .contentLength)
            head.headers.add("date", service.loop.date, known: .date)
            head.headers.add("server", service.name, known: .server)
            stream.sendHead(head, closing: false)
        }
        stream.sendBody(ByteBuffer(bytes: answer.bytes))
        stream.endResponse()
        log(status: answer.status, bodyLength: answer.bytes.count)
    }

    private func log(status: Int, bodyLength: Int) {
        guard let request = asked ?? request, let log = service.accessLog else { return }
        asked = nil
        self.request = nil
        let duration = max(0, WallClock.nanoseconds() - begin)
        log(
            PlainAccess(
                request: request,
                head: head,
                status: status,
                bodyLength: bodyLength,
                begin: begin,
                duration: duration
            )
        )
    }

    func requestTurnEnded() {}

    func requestBroke(_ reply: LocalReply) {
        stream?.abort()
        stream = nil
        log(status: 0, bodyLength: 0)
    }

    func responseWritabilityChanged() {}

    func clientLeft() {
        stream = nil
        log(status: 0, bodyLength: 0)
    }
}
