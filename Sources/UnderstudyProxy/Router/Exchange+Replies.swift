// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the proxy answers itself.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

extension Exchange {
    /// Ends the request with the proxy's own answer.
    func answer(_ reply: LocalReply, closing: Bool) {
        perform(state.answeredLocally(), reply: ReplyDraft(reply), closing: closing)
    }

    /// Sends the client to another spelling of its path.
    func answerPathRedirect() {
        chain?.statistics.pathRedirects.add()
        var draft = ReplyDraft(status: 307)
        draft.details = "path_normalization_failed"
        draft.location = Array(head.headers.bytes[head.target])
        answer(draft)
    }

    func answer(_ redirection: Redirection) {
        chain?.statistics.directResponses.add()
        var draft = ReplyDraft(status: redirection.status)
        draft.details = "direct_response"
        draft.location = redirection.location(for: head)
        answer(draft)
    }

    func answer(_ response: DirectResponse) {
        chain?.statistics.directResponses.add()
        var draft = ReplyDraft(status: response.status, body: response.body)
        draft.details = "direct_response"
        draft.location = route?.directLocation(for: head)
        if let format = response.format {
            var facts = facts()
            facts.localReplyBody = response.body
            let made = format.body(request: head, response: nil, facts: facts)
            draft.body = made.bytes
            draft.putsTypeFirst = made.contentType != draft.contentType
            draft.contentType = made.contentType
        }
        answer(draft)
    }

    func answer(_ draft: ReplyDraft) {
        guard state.answeredLocally().contains(.reply) else { return }
        // A 400 of any origin is the last that a client hears.
        finish(with: draft, closing: !state.mayKeepClient || draft.status == 400)
    }

    /// - Parameter ofTry: It was the time of one try that ran out, and not the route's.
    func primaryFailed(_ failure: UpstreamFailure, ofTry: Bool = false) {
        cluster?.countFailure(failure, for: .external, at: endpoint, ofTry: ofTry)
        cluster?.countAnswer(failure.status, for: .external)
        let text = failure.reply()
        if state.answer == .streaming {
            noteBrokenAnswer(failure)
        } else {
            // What the route allows is no finding about the try.
            writeTry(flag: failure == .timeout && !ofTry ? "" : text.flag)
        }
        let isAlternative = failure == .timeout && timeouts.answersNoContent
        var reply = isAlternative ? ReplyDraft(.alternativeTimeout) : failure.reply(wasRetried: retry.attempts > 1)
        if ofTry { reply.details = "upstream_per_try_timeout" }
        perform(state.primaryFailed(), reply: reply)
    }

    /// The primary has broken off its answer.
    ///
    /// - Source: measured on Envoy 1.40: an orderly end within a body is an error of the protocol.
    private func noteBrokenAnswer(_ failure: UpstreamFailure) {
        switch failure {
        case .closed, .protocolError:
            replyFlag = "UPE"
            replyDetails = "upstream_reset_after_response_started{protocol_error}"
        case .streamReset, .streamRefused:
            replyFlag = "UR"
            replyDetails = "upstream_reset_after_response_started{remote_reset}"
        case .timeout:
            replyFlag = "UT"
            replyDetails = "response_timeout"
        default:
            replyFlag = "UC"
            replyDetails = "upstream_reset_after_response_started{connection_termination}"
        }
        writeTry(flag: replyFlag)
    }

    /// Sends the answer, after which this object may already serve the next request.
    func finish(with draft: ReplyDraft, closing: Bool) {
        guard let stream, let chain else { return finish() }
        var draft = draft
        let closing = closing || head.isHTTP10
        worker.loop.withResponseHead { answer in
            write(&draft, to: &answer, chain)
            if !head.method.isHead { sentBytes = draft.body.count }
            noteAnswer(answer, chain)
            finish()
            stream.sendHead(answer, closing: closing)
        }
        stream.sendBody(ByteBuffer(bytes: draft.body))
        stream.endResponse()
    }

    private func write(_ draft: inout ReplyDraft, to answer: inout ResponseHead, _ chain: SharedChain) {
        replyFlag = draft.flag
        replyDetails = draft.details
        draft.isGRPC = head.isGRPC
        answer.begin(draft)
        applyRoute(to: &answer, status: 0)
        answer.addOverload(draft)
        if cluster != nil, route?.countsAttemptsInResponse == true { answer.addAttempts(max(1, retry.attempts)) }
        chain.complete(&draft, &answer, request: head, facts: { facts() }, worker: worker)
        finishForwarding(&answer, chain)
    }
}
