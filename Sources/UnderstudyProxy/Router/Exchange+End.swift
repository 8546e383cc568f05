// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is counted and written down once an exchange is over.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

extension Exchange {
    /// Why it ends, where that is neither a whole answer nor one of the proxy's own.
    func noteEnd(_ actions: ExchangeState.Actions, clientLeft: Bool) {
        guard let statistics = chain?.statistics else { return }
        if clientLeft {
            statistics.receivedResets.add()
            replyFlag = "DC"
            replyDetails = "downstream_remote_disconnect"
        } else if actions.contains(.abortClient) {
            statistics.sentResets.add()
        }
        if !state.isRequestComplete, !isTunnel, !clientLeft {
            statistics.overtakingAnswers.add()
            statistics.receivedResets.add()
        }
    }

    /// Counts the exchange, and writes its lines.
    func countEnd(_ chain: SharedChain) {
        let statistics = chain.statistics
        statistics.activeRequests.add(-1)
        statistics.requestTime.record(UInt64(max(0, (worker.loop.now - start).nanoseconds / 1_000_000)))
        writeTry()
        guard !chain.requestLogs.isEmpty else { return }
        writeLines(chain.requestLogs)
        loggedAnswer = nil
        loggedTrailers = nil
    }

    private func writeLines(_ logs: OpenLogs) {
        var facts = facts(status, needs: logs.needs, logType: "DownstreamEnd")
        if facts.responseFlags.isEmpty {
            facts.responseFlags = ExchangeFacts.flags(replyFlag, details: replyDetails)
        }
        logs.write(request: head, response: loggedAnswer, facts: facts, worker: worker)
    }

    /// Keeps what logs may ask of an answer.
    func noteAnswer(_ answer: borrowing ResponseHead, _ chain: SharedChain) {
        status = answer.status
        // Probes of the proxy itself are no traffic, as for Envoy.
        if !health.isHealthCheck { chain.countAnswer(answer.status) }
        if !chain.requestLogs.isEmpty { loggedAnswer = copy answer }
    }

    /// Writes the lines of a try that is over; the second call for one try does nothing.
    ///
    /// - Parameter flag: What kept it from answering; empty for nothing, or for what is not its own doing.
    func writeTry(flag: StaticString = "") {
        guard isTrying else { return }
        isTrying = false
        guard let logs = chain?.upstreamLogs, !logs.isEmpty else { return }
        let answer = tryAnswer
        tryAnswer = nil
        guard endpoint != nil else { return }
        var facts = facts(answer?.status ?? 0, needs: logs.needs, logType: "UpstreamEnd")
        facts.responseFlags = flag.utf8CodeUnitCount > 0 ? [flag] : []
        facts.responseDetails = nil
        facts.attempts = 0
        facts.elapsed = (worker.loop.now - tryStart).nanoseconds
        facts.startTime = WallClock.nanoseconds() - facts.elapsed
        // Without an answer what was sent is the proxy's own.
        (facts.bytesReceived, facts.bytesSent) = (answer == nil ? 0 : facts.bytesSent, facts.bytesReceived)
        facts.hasStreamID = false
        facts.protocolName = facts.upstreamProtocol
        logs.write(request: head, response: answer, facts: facts, worker: worker)
    }
}

extension ExchangeFacts {
    /// What a request that could not be read comes to in a log; the reply itself does not know that flag yet.
    ///
    /// - Source: measured on Envoy 1.40.
    static func flags(_ flag: StaticString, details: StaticString) -> [StaticString] {
        if flag.utf8CodeUnitCount > 0 { return [flag] }
        let text = details.description
        return text.hasPrefix("http1.") || text == "low_version" ? ["DPE"] : []
    }
}

// MARK: Facts

extension Exchange {
    /// What format strings and logs may tell.
    func facts(_ status: Int = 0, needs: FactNeeds = .all, logType: StaticString = "NotSet") -> ExchangeFacts {
        var facts = ExchangeFacts()
        facts.logType = logType
        facts.status = status
        // The first one is counted before it is made.
        facts.attempts = cluster == nil ? 0 : max(1, retry.attempts)
        facts.elapsed = (worker.loop.now - start).nanoseconds
        facts.startTime = WallClock.nanoseconds() - facts.elapsed
        if let flag = retryRefusal?.flag { facts.responseFlags.append(flag) }
        if replyFlag.utf8CodeUnitCount > 0, retryRefusal?.flag.description != replyFlag.description {
            facts.responseFlags.append(replyFlag)
        }
        if replyDetails.utf8CodeUnitCount > 0 { facts.responseDetails = replyDetails }
        facts.bytesReceived = bodyBytes
        facts.bytesSent = head.method.isHead ? 0 : sentBytes
        facts.isHealthCheck = health.isHealthCheck
        facts.responseTrailers = loggedTrailers
        describe(&facts, needs)
        describePrimary(&facts, needs)
        return facts
    }

    private func describe(_ facts: inout ExchangeFacts, _ needs: FactNeeds) {
        if client?.isHTTP2 == true { facts.protocolName = "HTTP/2" }
        if needs.contains(.hostname) { facts.hostname = worker.hostname }
        if needs.contains(.names) {
            facts.routeName = route?.name ?? []
            facts.virtualHostName = route?.virtualHostName ?? []
            facts.filterChainName = chain.map { Array($0.configuration.name.utf8) } ?? []
            if let cluster = cluster ?? awaitedCluster {
                facts.clusterName = Array(cluster.shared.configuration.name.utf8)
            }
        }
        if needs.contains(.downstreamAddresses) {
            client?.describe(&facts)
            facts.remote = origin.clientAddress(facts.directRemote)
        }
        if needs.contains(.tls) { facts.downstreamTLS = client?.tls }
        if needs.contains(.zone) { facts.zone = LocalZone(at: Int(facts.startTime / 1_000_000_000)) }
        if needs.contains(.unique) { facts.unique = (worker.loop.nextRandom(), worker.loop.nextRandom()) }
        if needs.contains(.timing) {
            if state.isRequestComplete { facts.timing.requestEnd = (requestEnd - start).nanoseconds }
            if self.status > 0 { facts.timing.sendEnd = facts.elapsed }
        }
    }

    private func describePrimary(_ facts: inout ExchangeFacts, _ needs: FactNeeds) {
        guard let endpoint else { return }
        if needs.contains(.upstream) {
            facts.upstream = endpoint.networkAddress
            facts.upstreamName = endpoint.host.hostname
        }
        if needs.contains(.tls) { facts.upstreamTLS = upstreamTLS }
        if answerTime > 0 { facts.answerTime = answerTime }
        if isConnected || primary?.isReused == true || primary?.hasSentRequest == true {
            facts.upstreamProtocol = (primary?.speaks ?? upstreamSpeaks).protocolName
        }
        if !isConnected { facts.transportFailure = connectError.reason }
    }
}
