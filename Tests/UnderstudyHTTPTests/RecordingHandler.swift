// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Whoever answers requests in tests: notes what it is told, and answers when the test wants it to.

import NIOCore
import TestSupport
import Testing
import UnderstudyCore
import UnderstudyHTTP

final class RecordingHandler: RequestHandler {
    private unowned let service: RecordingService
    private(set) var stream: (any ServerStream)?
    private(set) var hasWholeRequest = false
    private(set) var lines: [String] = []
    private(set) var host = ""

    init(_ service: RecordingService) {
        self.service = service
    }

    func requestBegan(_ head: inout RequestHead, on stream: any ServerStream) {
        self.stream = stream
        hasWholeRequest = head.framing == .none
        lines = head.headers.texts
        host = head.hostText
        service.note("\(head.methodText) \(head.targetText)")
        service.react(self, to: .head)
        if head.framing == .none { service.react(self, to: .end) }
    }

    func requestBody(_ piece: ByteBuffer) {
        service.note(body: String(buffer: piece))
        service.react(self, to: .body)
    }

    func requestEnded(trailers: HeaderBlock?) {
        hasWholeRequest = true
        service.note(trailers.map { "end \($0.texts)" } ?? "end")
        service.react(self, to: .end)
    }

    func requestTurnEnded() { service.note(turn: true) }

    func requestBroke(_ reply: LocalReply) {
        service.note("broke \(reply.status)")
        service.react(self, to: .fault)
    }

    func responseWritabilityChanged() { service.writabilityChanges += 1 }

    func clientLeft() { service.note("left") }

    // MARK: Answers

    /// Sends a head whose framing is that of the lines.
    func begin(_ framing: BodyFraming, status: Int = 200, closing: Bool = false) {
        var lines: [String] = []
        if case .length(let count) = framing { lines.append("content-length: \(count)") }
        stream?.sendHead(ResponseHead(status: status, framing: framing, lines), closing: closing)
    }

    /// Sends a whole answer with a length.
    func answer(_ status: Int = 200, _ text: String = "ok", closing: Bool = false) {
        begin(text.isEmpty ? .none : .length(text.utf8.count), status: status, closing: closing)
        stream?.sendBody(ByteBuffer(string: text))
        stream?.endResponse()
    }
}

final class RecordingService: RequestService {
    enum Moment { case head, body, end, fault }

    let serverName = Array("understudy".utf8)
    var isDraining = false
    let counters = ServerCounters()
    /// What handlers do at each moment of their request.
    var reaction: (RecordingHandler, Moment) -> Void

    private var handlers: [RecordingHandler] = []
    /// What the handlers were told, in order; pieces of one body in a row are joined, the ends of turns left out.
    private(set) var events: [String] = []
    private(set) var turns = 0
    fileprivate(set) var writabilityChanges = 0
    private(set) var opened = 0
    private(set) var closed = 0
    private var isInBody = false

    init(_ reaction: @escaping (RecordingHandler, Moment) -> Void = { _, _ in }) {
        self.reaction = reaction
    }

    /// How many requests began.
    var handlerCount: Int { handlers.count }

    /// The handler of the request with this number, from zero.
    ///
    /// If there was none, the test has failed, and gets one that has no stream.
    func handler(_ index: Int) -> RecordingHandler {
        guard handlers.indices.contains(index) else {
            Issue.record("there was no request \(index)")
            return RecordingHandler(self)
        }
        return handlers[index]
    }

    func react(_ handler: RecordingHandler, to moment: Moment) { reaction(handler, moment) }

    func note(_ event: String) {
        events.append(event)
        isInBody = false
    }

    func note(body: String) {
        if isInBody, let last = events.popLast() {
            events.append(last + body)
        } else {
            events.append("body " + body)
        }
        isInBody = true
    }

    func note(turn: Bool) { turns += 1 }

    func makeHandler() -> any RequestHandler {
        let handler = RecordingHandler(self)
        handlers.append(handler)
        return handler
    }

    func connectionOpened(_ connection: any ServerConnection) { opened += 1 }
    func connectionClosed(_ connection: any ServerConnection) { closed += 1 }
}
