// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The primary's answer on its way to the client.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

extension Exchange: ResponseHandler {
    /// - Source: measured on Envoy 1.40, which passes the first of these on and no other.
    private static let interimStatuses: Set<Int> = [100, 102, 103]

    func responseInterim(_ answer: inout ResponseHead) {
        guard let chain, chain.proxiesContinue, !hasPassedInterim else { return }
        guard Self.interimStatuses.contains(answer.status) else { return }
        hasPassedInterim = true
        answer.endHopOfInterim()
        removeFromInterim(&answer)
        stream?.sendInterim(answer)
    }

    /// What routes remove from answers goes from these, too; nothing is added to them.
    ///
    /// - Source: measured on Envoy 1.40.
    private func removeFromInterim(_ answer: inout ResponseHead) {
        let levels = (destination?.responseLevels ?? []) + (route?.responseLevels ?? [])
        let removals = levels.filter { !$0.responseRemovals.isEmpty }.map { level in
            var removal = HeaderOperations()
            removal.responseRemovals = level.responseRemovals
            return removal
        }
        if !removals.isEmpty { answer.apply(removals, request: head, facts: facts(answer.status)) }
    }

    func responseBegan(_ answer: inout ResponseHead) {
        guard stream != nil, let chain else { return }
        isConnected = true
        if chain.tellsUpstreamTLS { upstreamTLS = primary?.tls }
        upstreamSpeaks = primary?.speaks ?? .http1
        if chain.upstreamLogs.isEmpty == false { tryAnswer = copy answer }
        let cluster = self.cluster
        cluster?.answered(answer, for: .external, at: endpoint)
        if retry.isPossible, isTryingAgain(instead: answer) {
            cluster?.shared.statistics.countRetried(answer.status)
            return
        }
        if isFollowing(answer) { return }
        cluster?.countAnswer(answer.status, for: .external)
        timers.clear(.tryTotal)
        endRetrying()
        passOn(&answer, chain)
    }

    private func passOn(_ answer: inout ResponseHead, _ chain: SharedChain) {
        let overtookRequest = state.answerBegan() && !isTunnel
        answer.endUpstreamHop()
        let now = worker.loop.now
        answerTime = (now - start).nanoseconds
        if !overtookRequest, !isTunnel, !chain.suppressesEnvoyHeaders {
            answer.addServiceTime(Int((now - requestEnd).nanoseconds / 1_000_000))
        }
        replyDetails = "via_upstream"
        applyRoute(to: &answer, status: answer.status)
        if route?.countsAttemptsInResponse == true { answer.addAttempts(max(1, retry.attempts)) }
        finishForwarding(&answer, chain)
        noteAnswer(answer, chain)
        if isTunnel, answer.framing.isUntilClose { tunnelOpened() }
        stream?.sendHead(answer, closing: overtookRequest)
    }

    /// What the route makes of an answer, be it the primary's or the proxy's own.
    ///
    /// - Parameter status: As format strings tell it.
    func applyRoute(to answer: inout ResponseHead, status: Int) {
        guard let route else { return }
        if let levels = destination?.responseLevels, !levels.isEmpty {
            answer.apply(levels, request: head, facts: facts(status))
        }
        if !route.responseLevels.isEmpty {
            answer.apply(route.responseLevels, request: head, facts: facts(status))
        }
    }

    /// What the connection manager makes of every answer.
    func finishForwarding(_ answer: inout ResponseHead, _ chain: SharedChain) {
        for cookie in hash.cookies { answer.headers.add("set-cookie", cookie, known: .other) }
        if !chain.healthChecks.isEmpty {
            chain.healthChecks.finish(
                &answer,
                health,
                isFailing: worker.drains.isHealthCheckFailing,
                now: Int64(worker.loop.now.uptimeNanoseconds)
            )
        }
        guard origin.wantsID || chain.answers.tellsRequestID else {
            return answer.finishPlainForwarding(chain.answers, date: worker.loop.date, keepsUpgrade: isTunnel)
        }
        answer.finishForwarding(
            chain.answers,
            request: head,
            origin: origin,
            date: worker.loop.date,
            keepsUpgrade: isTunnel
        )
    }

    func responseBody(_ piece: ByteBuffer) {
        sentBytes &+= piece.readableBytes
        if !ledgers.isEmpty { worker.pacer.earn(piece.readableBytes * ledgers.count) }
        stream?.sendBody(piece)
        if timers.isSet(.streamIdle) || timers.isSet(.tryIdle) { touchIdleTimers() }
    }

    func responseTurnEnded() {
        guard let stream else { return }
        stream.flush()
        if stream.isBackedUp { primary?.setReading(false) }
    }

    func responseEnded(reusable: Bool, trailers: HeaderBlock?) {
        completeTry(trailers)
        let actions = state.answerEnded()
        if !actions.contains(.cutPrimary) {
            if reusable { primary?.release() } else { primary?.close() }
        }
        if let trailers { stream?.sendTrailers(trailers) }
        perform(actions, reply: nil)
    }

    /// The try that is passed on has ended well.
    private func completeTry(_ trailers: HeaderBlock?) {
        if state.isRequestComplete, let cluster {
            let time = UInt64(max(0, (worker.loop.now - requestEnd).nanoseconds)) / 1000
            cluster.completed(for: .external, time: time / 1000)
            for index in ledgers.indices { ledgers[index].book.primaryTime.record(time) }
            if cluster.shared.configuration.tracksTimeoutBudgets { countTimeUse() }
        }
        guard let chain else { return }
        if chain.requestLogs.needs.contains(.trailers) { loggedTrailers = trailers }
        writeTry()
    }

    /// How much of its time the request has used, in percent.
    ///
    /// - Source: Envoy `track_cluster_stats.timeout_budgets`.
    private func countTimeUse() {
        guard let statistics = cluster?.shared.statistics else { return }
        func percent(_ elapsed: TimeAmount, of time: TimeAmount?) -> UInt64 {
            guard let time, time > .zero else { return 0 }
            return UInt64(max(0, elapsed.nanoseconds) / max(1, time.nanoseconds / 100))
        }
        let now = worker.loop.now
        statistics.timeoutUse.record(percent(now - requestEnd, of: timeouts.route))
        statistics.tryTimeoutUse.record(percent(now - tryStart, of: timeouts.tryTotal))
    }

    func upstreamDrained() {
        stream?.setReading(true)
    }

    func upstreamFailed(_ failure: UpstreamFailure) {
        let wasReused = primary?.isReused ?? false
        let hasSent = primary?.hasSentRequest ?? false
        connectError = primary?.connectError ?? .none
        isConnected = failure != .connectFailure && failure != .connectTimeout && failure != .overflow
        primary = nil
        guard state.answer == .awaited else { return primaryFailed(failure) }
        let mayRepeat = RetryDecision.mayRetry(
            method: head.method,
            framing: head.framing,
            failure: failure,
            connectionWasReused: wasReused
        )
        if mayRepeat, !isTunnel, !retry.hasPolicy {
            if startPrimary(fresh: true) { primary?.flush() }
            return
        }
        tryFailed(failure, hasSent: hasSent)
    }
}
