// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Whoever sent a request upstream in tests: notes what comes back, and does with the connection what the test wants.

import NIOCore
import TestSupport
import UnderstudyCore
import UnderstudyHTTP

final class RecordingResponseHandler: ResponseHandler {
    enum Moment { case head, body, end, fault }

    var reaction: (Moment) -> Void = { _ in }
    /// What was told, in order; pieces of one body in a row are joined, the ends of turns left out.
    private(set) var events: [String] = []
    private(set) var turns = 0
    private var isInBody = false
    /// Interim answers count as events.
    var notesInterim = false
    var headReaction: (ResponseHead) -> Void = { _ in }

    private func note(_ event: String) {
        events.append(event)
        isInBody = false
    }

    func responseBegan(_ head: inout ResponseHead) {
        note("\(head.status)")
        headReaction(head)
        reaction(.head)
    }

    func responseBody(_ piece: ByteBuffer) {
        if isInBody, let last = events.popLast() {
            events.append(last + String(buffer: piece))
        } else {
            events.append("body " + String(buffer: piece))
        }
        isInBody = true
        reaction(.body)
    }

    func responseInterim(_ head: inout ResponseHead) {
        if notesInterim { note("interim \(head.status) \(head.headers.texts)") }
    }

    func responseEnded(reusable: Bool, trailers: HeaderBlock?) {
        let end = reusable ? "end, reusable" : "end"
        note(trailers.map { "\(end) \($0.texts)" } ?? end)
        reaction(.end)
    }

    func responseTurnEnded() { turns += 1 }

    func upstreamDrained() { note("drained") }

    func upstreamFailed(_ failure: UpstreamFailure) {
        note("failed: \(failure)")
        reaction(.fault)
    }
}
