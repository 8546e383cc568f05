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
        var draft = ReplyDraft(status: 307)
        draft.details = "path_normalization_failed"
        draft.location = Array(head.headers.bytes[head.target])
        answer(draft)
    }

    func answer(_ redirection: Redirection) {
        var draft = ReplyDraft(status: redirection.status)
        draft.details = "direct_response"
        draft.location = redirection.location(for: head)
        answer(draft)
    }

    func answer(_ response: DirectResponse) {
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

    private func answer(_ draft: ReplyDraft) {
        guard state.answeredLocally().contains(.reply) else { return }
        // A 400 of any origin is the last that a client hears.
        finish(with: draft, closing: !state.mayKeepClient || draft.status == 400)
    }

    func primaryFailed(_ failure: UpstreamFailure) {
        cluster?.countFailure(failure, for: .external, at: endpoint)
        let isAlternative = failure == .timeout && timeouts.answersNoContent
        let reply = isAlternative ? ReplyDraft(.alternativeTimeout) : failure.reply(wasRetried: retry.attempts > 1)
        perform(state.primaryFailed(), reply: reply)
    }

    /// Sends the answer, after which this object may already serve the next request.
    func finish(with draft: ReplyDraft, closing: Bool) {
        guard let stream, let listener else { return finish() }
        var draft = draft
        let closing = closing || head.isHTTP10
        worker.loop.withResponseHead { answer in
            write(&draft, to: &answer, listener)
            listener.countAnswer(answer.status)
            finish()
            stream.sendHead(answer, closing: closing)
        }
        stream.sendBody(ByteBuffer(bytes: draft.body))
        stream.endResponse()
    }

    private func write(_ draft: inout ReplyDraft, to answer: inout ResponseHead, _ listener: SharedListener) {
        replyFlag = draft.flag
        replyDetails = draft.details
        draft.isGRPC = head.isGRPC
        answer.begin(draft)
        applyRoute(to: &answer, status: 0)
        if cluster != nil, route?.countsAttemptsInResponse == true { answer.addAttempts(max(1, retry.attempts)) }
        listener.complete(&draft, &answer, request: head, facts: { facts() }, worker: worker)
        finishForwarding(&answer, listener)
    }
}

// MARK: Facts

extension Exchange {
    /// What format strings may tell.
    func facts(_ status: Int = 0) -> ExchangeFacts {
        var facts = ExchangeFacts()
        facts.status = status
        // The first one is counted before it is made.
        facts.attempts = cluster == nil ? 0 : max(1, retry.attempts)
        facts.elapsed = (NIODeadline.now() - start).nanoseconds
        facts.startTime = WallClock.nanoseconds() - facts.elapsed
        facts.hostname = worker.hostname
        if replyFlag.utf8CodeUnitCount > 0 { facts.responseFlags = [replyFlag] }
        if replyDetails.utf8CodeUnitCount > 0 { facts.responseDetails = replyDetails }
        facts.routeName = route?.name ?? []
        facts.virtualHostName = route?.virtualHostName ?? []
        if let cluster { facts.clusterName = Array(cluster.shared.configuration.name.utf8) }
        facts.bytesReceived = bodyBytes
        describePrimary(&facts)
        client?.describe(&facts)
        facts.remote = origin.clientAddress(facts.directRemote)
        return facts
    }

    private func describePrimary(_ facts: inout ExchangeFacts) {
        guard let endpoint else { return }
        facts.upstream = NetworkAddress(endpoint.host.address)
        facts.upstreamName = endpoint.host.hostname
        let hasAnswer = state.answer != .awaited
        if hasAnswer { facts.answerTime = facts.elapsed }
        if hasAnswer || primary?.isReused == true || primary?.hasSentRequest == true {
            facts.upstreamProtocol = "HTTP/1.1"
        }
    }
}
