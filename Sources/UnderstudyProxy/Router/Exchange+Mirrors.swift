// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Copies of the request on their way to the mirrors.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

extension Exchange {
    func startMirrors(_ rules: [MirrorRule]) {
        guard !rules.isEmpty, let serving else { return }
        for rule in rules {
            if let certain = rule.certainCluster, head.method != .connect {
                startCopy(rule, serving.clusters[certain])
                continue
            }
            let decision = rule.decide(
                head,
                clusters: serving.shared.clusterNames,
                random: random,
                runtime: worker.runtime
            )
            switch decision {
            case .success(let index): startCopy(rule, serving.clusters[index])
            // Without a cluster there is none to count at.
            case .failure(let reason): listener?.statistics.notSent[reason]?.add()
            }
        }
    }

    private func startCopy(_ rule: MirrorRule, _ cluster: WorkerCluster) {
        worker.spareHead.copy(head)
        guard prepareCopy(rule) else { return cluster.shared.statistics.count(.notSent(.noPath)) }
        switch cluster.acquire(for: .internal) {
        case .refused(let failure, let endpoint):
            cluster.shared.statistics.count(MirrorOutcome(failure))
            cluster.countFailure(failure, for: .internal, at: endpoint)
            cluster.countAnswer(failure.status, for: .internal)
        case .picked(let picked):
            let copy = worker.takeCopy()
            attach(copy)
            let logs = listener?.upstreamLogs
            copy.start(
                on: picked,
                of: cluster,
                mode: requestMode,
                timeout: timeouts.route,
                logs: logs?.isEmpty == false ? logs : nil
            )
        }
    }

    /// Whether the mirror's copy may say another timeout than the mirror has.
    private func mayDifferInTimeout(_ rule: MirrorRule) -> Bool {
        guard listener?.suppressesEnvoyHeaders == false else { return false }
        return timeouts.tryTotal != nil || !rule.mutations.isEmpty || route?.requestLevels.isEmpty == false
            || destination?.requestLevels.isEmpty == false
    }

    /// Turns the copy of the head in `worker.spareHead` into the mirror's.
    ///
    /// - Returns: Whether it is still a request.
    private func prepareCopy(_ rule: MirrorRule) -> Bool {
        if !rule.mutations.isEmpty, !worker.spareHead.apply(rule.mutations, facts: facts()) { return false }
        worker.spareHead.becomeMirror(host: rule.host, localAddress: worker.localAddress)
        worker.spareHead.headers.originalNames = nil
        if mayDifferInTimeout(rule), let time = timeouts.announcedToMirrors {
            worker.spareHead.setExpectedTimeout(time)
        }
        return true
    }
}
