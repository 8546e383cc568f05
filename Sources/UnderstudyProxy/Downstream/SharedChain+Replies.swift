// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the filter chain's configuration makes of the proxy's own answers.

internal import UnderstudyCore
internal import UnderstudyHTTP

extension SharedChain {
    /// Applies `local_reply_config` and adds the lines that describe the body.
    ///
    /// - Parameter facts: Asked only if there is a `local_reply_config`.
    func complete(
        _ draft: inout ReplyDraft,
        _ answer: inout ResponseHead,
        request: borrowing RequestHead,
        facts: () -> ExchangeFacts,
        worker: Worker
    ) {
        if !localReplies.changesNothing {
            var facts = facts()
            facts.status = draft.status
            facts.responseDetails = draft.details
            if draft.flag.utf8CodeUnitCount > 0 { facts.responseFlags = [draft.flag] }
            let random = worker.loop.nextRandom()
            let additions = localReplies.apply(
                to: &draft,
                request: request,
                facts: facts,
                random: random,
                runtime: worker.runtime
            )
            answer.status = draft.status
            if !additions.isEmpty { answer.apply(additions, request: request, facts: facts) }
        }
        answer.addContent(draft)
    }
}
