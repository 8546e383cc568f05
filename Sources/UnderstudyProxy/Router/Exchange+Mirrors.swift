// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Copies of the request on their way to the mirrors.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

extension Exchange {
    func startMirrors(_ forward: Forward, _ primary: Int) {
        guard let serving else { return }
        for rule in serving.shared.clusterMirrors[primary] ?? forward.mirrors {
            if let certain = rule.certainCluster, !head.method.isConnect, chain?.mirrorTrust == nil {
                startCopy(rule, forward, certain, serving)
                continue
            }
            switch decision(rule, serving) {
            case .success(let index): startCopy(rule, forward, index, serving)
            case .failure(let reason): serving.ledger(rule, nil).tally.skip(reason)
            }
        }
    }

    /// The request has no primary, and so no copies either.
    ///
    /// - Parameter primary: The cluster that was to serve it; `nil` if there is none.
    func skipMirrors(_ forward: Forward, _ primary: Int?) {
        guard let serving else { return }
        let rules = primary.flatMap { serving.shared.clusterMirrors[$0] } ?? forward.mirrors
        for rule in rules {
            switch decision(rule, serving) {
            case .success(let index): serving.ledger(rule, index).tally.skip(.primaryNotStarted)
            case .failure(let reason): serving.ledger(rule, nil).tally.skip(reason)
            }
        }
    }

    private func decision(_ rule: MirrorRule, _ serving: WorkerSnapshot) -> Result<Int, MirrorOutcome> {
        rule.decide(
            head,
            clusters: serving.shared.clusterNames,
            random: random,
            runtime: worker.runtime,
            trust: chain?.mirrorTrust,
            standing: standing
        )
    }

    private func startCopy(_ rule: MirrorRule, _ forward: Forward, _ index: Int, _ serving: WorkerSnapshot) {
        let cluster = serving.clusters[index]
        let ledger = serving.ledger(rule, index)
        guard worker.accounts.isEnabled, cluster.shared.mirrorAccount.isEnabled else {
            return ledger.tally.skip(.disabled)
        }
        let limits = destination?.mirrorLimits ?? forward.mirrorLimits
        let terms = terms(limits.merged(over: serving.shared.mirrorLimits[index]))
        if case .length(let length) = head.framing, length > terms.requestBytes {
            return ledger.tally.skip(.bodyTooLarge)
        }
        guard worker.accounts.mayBegin else { return ledger.tally.skip(.budget) }
        head.lend { worker.spareHead.copy($0) }
        guard prepareCopy(rule) else { return ledger.tally.skip(.noPath) }
        let wish = ConnectionWish(
            isHTTP2: client?.isHTTP2 == true,
            isRaw: terminatesConnect,
            serverName: cluster.asksByHost ? cluster.serverName(of: worker.spareHead) : 0
        )
        // What is still to come of a body goes along as it comes.
        switch cluster.acquire(for: .internal, patient: state.isRequestComplete, wish: wish) {
        case .refused(let failure, let endpoint):
            ledger.tally.skip(MirrorOutcome(failure))
            cluster.countFailure(failure, for: .internal, at: endpoint)
            cluster.countAnswer(failure.status, for: .internal)
        case .beyondBudget:
            ledger.tally.skip(.budget)
        case .picked(let picked):
            let copy = worker.takeCopy()
            attach(copy)
            ledgers.append(ledger)
            copy.start(on: picked, of: cluster, mode: requestMode, terms: terms, ledger: ledger)
        }
    }

    private func terms(_ limits: MirrorLimits) -> MirrorTerms {
        var terms = MirrorTerms(timeout: timeouts.route)
        if let timeout = limits.timeout { terms.timeout = TimeAmount(timeout) }
        if let bytes = limits.requestBytes { terms.requestBytes = Int(clamping: bytes) }
        if let bytes = limits.responseBytes { terms.responseBytes = Int(clamping: bytes) }
        if let logs = chain?.upstreamLogs, !logs.isEmpty { terms.logs = logs }
        return terms
    }

    /// Whether the mirror's copy may say another timeout than the mirror has.
    private func mayDifferInTimeout(_ rule: MirrorRule) -> Bool {
        guard chain?.suppressesEnvoyHeaders == false else { return false }
        return timeouts.tryTotal != nil || !rule.mutations.isEmpty || route?.requestLevels.isEmpty == false
            || destination?.requestLevels.isEmpty == false
    }

    /// Turns the copy of the head in `worker.spareHead` into the mirror's.
    ///
    /// - Returns: Whether it is still a request.
    private func prepareCopy(_ rule: MirrorRule) -> Bool {
        if !rule.mutations.isEmpty, !worker.spareHead.apply(rule.mutations, facts: facts()) { return false }
        worker.spareHead.becomeMirror(host: rule.host, localAddress: worker.localAddress)
        chain?.mirrorTrust?.mark(&worker.spareHead, of: standing)
        worker.spareHead.headers.originalNames = nil
        if mayDifferInTimeout(rule), let time = timeouts.announcedToMirrors {
            worker.spareHead.setExpectedTimeout(time)
        }
        return true
    }
}
