// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The way to the primary: which cluster, with which head, and again if the first try fails.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

extension Exchange {
    /// Sends the request to a cluster of the route, and copies to its mirrors.
    func send(_ forward: Forward, _ route: RouteTable.Entry, _ chain: SharedChain) {
        guard let serving else { return }
        let destination = destination(forward)
        self.destination = destination
        guard let index = index(of: destination.cluster) else {
            chain.statistics.withoutCluster.add()
            skipMirrors(forward, nil)
            return answer(.clusterNotFound(forward.clusterNotFoundStatus), closing: false)
        }
        let cluster = serving.clusters[index]
        self.cluster = cluster
        priority = forward.priority
        settleHash(forward, cluster)
        let rule = forward.retry ?? cluster.shared.retryRule
        settleTimeouts(forward, rule, chain)
        announceTimeout(chain)
        if route.countsAttemptsInRequest { head.setAttemptCount(1) }
        finalise(forward, destination, route, chain)
        let policy = mayRetry(rule, destination, route) ? RetryState.make(rule, head: &head) : nil
        if origin.isInternal { head.removeRouterInstructions() }
        retry.begin(policy, countsAttempts: route.countsAttemptsInRequest, picks: rule?.policy.otherHostPicks ?? 1)
        keepBody(forward, chain)
        guard startPrimary(forward, cluster, fresh: false) else { return }
        // The primary is on its way before the first copy takes any time.
        if state.isRequestComplete, head.framing.isNone { primary?.flush() }
        startMirrors(forward, index)
        if isTunnel { armTunnel() }
        guard state.isRequestComplete else { return }
        if sendsKeptBody { sendKeptBody(forward) }
        requestIsComplete(trailers: retry.trailers)
        // Nobody else says so: the request ended long ago.
        if redirects > 0 { requestTurnEnded() }
    }

    /// Keeps a body that may have to be sent again.
    private func keepBody(_ forward: Forward, _ chain: SharedChain) {
        guard !head.framing.isNone || isTunnel, !sendsKeptBody, needsKeptBody(forward) else { return }
        retry.keepBody(limit: forward.retryBufferLimit ?? chain.retryBufferLimit)
    }

    private func needsKeptBody(_ forward: Forward) -> Bool {
        retry.isPossible || forward.internalRedirects != nil
    }

    private func sendKeptBody(_ forward: Forward) {
        if !head.framing.isNone { requestBody(retry.body.bytes) }
        if !needsKeptBody(forward) { retry.forgetBody() }
    }

    func destination(_ forward: Forward) -> Destination {
        forward.onlyDestination ?? forward.destination(for: head, random: random, runtime: worker.runtime)
    }

    func index(of cluster: ClusterTarget) -> Int? {
        if case .index(let index) = cluster { return index }
        guard let serving else { return nil }
        return try? cluster.resolve(head, clusters: serving.shared.clusterNames).get()
    }

    /// Whether the policy, a trusted client or a header that a route has added may ask for another try.
    private func mayRetry(_ rule: RetryRule?, _ destination: Destination, _ route: RouteTable.Entry) -> Bool {
        rule != nil || origin.isInternal || !route.requestLevels.isEmpty || !destination.requestLevels.isEmpty
    }

    /// What the route makes of the head; mirrors see it too.
    private func finalise(
        _ forward: Forward,
        _ destination: Destination,
        _ route: RouteTable.Entry,
        _ chain: SharedChain
    ) {
        if !destination.requestLevels.isEmpty { head.apply(destination.requestLevels, facts: facts()) }
        if let host = destination.hostLiteral { head.setHost(to: host) }
        if !route.requestLevels.isEmpty { head.apply(route.requestLevels, facts: facts()) }
        if forward.rewrites || connectPort != nil {
            forward.rewrite(&head, keepsOriginal: !chain.suppressesEnvoyHeaders, connectPort: connectPort)
        }
    }

    /// - Returns: Whether the request is on its way; otherwise it has been answered, or waits for another try.
    func startPrimary(fresh: Bool) -> Bool {
        guard let cluster, case .forward(let forward) = route?.action else { return false }
        return startPrimary(forward, cluster, fresh: fresh)
    }

    private func startPrimary(_ forward: Forward, _ cluster: WorkerCluster, fresh: Bool) -> Bool {
        let fresh = fresh || terminatesConnect
        let wish = ConnectionWish(
            isHTTP2: client?.isHTTP2 == true,
            isRaw: terminatesConnect,
            serverName: cluster.asksByHost ? cluster.serverName(of: head) : 0
        )
        let pick = cluster.acquire(
            for: .external,
            priority: priority,
            fresh: fresh,
            wish: wish,
            hash: hash.hash,
            avoiding: retry.tried,
            picks: retry.picks
        )
        switch pick {
        case .picked(let picked):
            primary = picked.connection
            endpoint = picked.endpoint
            tryStart = worker.loop.now
            isTrying = true
            isConnected = false
            retry.started(on: picked.endpoint)
            limitTry(by: cluster)
            begin(picked, forward)
            return true
        case .refused(let failure, let endpoint):
            self.endpoint = endpoint
            skipMirrorsOfFirstTry(forward)
            primaryFailed(failure)
            return false
        case .beyondBudget:
            // Only copies have that limit.
            skipMirrorsOfFirstTry(forward)
            primaryFailed(.overflow)
            return false
        }
    }

    /// Mirrors have their turn when the first try has a connection.
    ///
    /// Before the answer, with which this object may already serve another request.
    private func skipMirrorsOfFirstTry(_ forward: Forward) {
        guard retry.attempts == 0, let destination else { return }
        skipMirrors(forward, index(of: destination.cluster))
    }

    /// What the request has in common with others that go to the same endpoint, where the balancer asks for it.
    private func settleHash(_ forward: Forward, _ cluster: WorkerCluster) {
        guard cluster.shared.configuration.balancing.hashes, !forward.hash.isEmpty else { return }
        hash = forward.hash.hash(of: head) {
            var facts = ExchangeFacts()
            client?.describe(&facts)
            var connection: [UInt8] = []
            facts.directRemote.append(to: &connection)
            facts.local.append(to: &connection)
            return RequestHash.Client(address: origin.clientAddress(facts.directRemote).host, connection: connection)
        }
    }

    private func begin(_ picked: PickedConnection, _ forward: Forward) {
        let mode = requestMode
        guard forward.rewritesHostByEndpoint, !picked.endpoint.host.hostname.isEmpty else {
            return head.lend { picked.connection.begin($0, mode, handler: self) }
        }
        // A head of its own: mirrors keep the Host that the client sent.
        head.lend { worker.spareHead.copy($0) }
        let keepsOriginal = !(chain?.suppressesEnvoyHeaders ?? false)
        forward.rewriteHost(
            &worker.spareHead,
            endpoint: picked.endpoint.host.hostname,
            keepsOriginal: keepsOriginal
        )
        worker.spareHead.lend { picked.connection.begin($0, mode, handler: self) }
    }
}
