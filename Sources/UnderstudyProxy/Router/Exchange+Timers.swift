// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How long the parts of one exchange may take.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

/// Times of one exchange; `nil` for no limit.
struct ExchangeTimeouts {
    /// From the end of the request to the end of the answer.
    var route: TimeAmount?
    var tryTotal: TimeAmount?
    var tryIdle: TimeAmount?
    var streamIdle: TimeAmount?
    /// A trusted client wants a 204 instead of a 504.
    var answersNoContent = false
    /// The primary is told in `grpc-timeout`, too.
    var tellsGRPC = false
}

extension Exchange {
    /// The timers that run from the request's head on.
    func startStreamTimers(_ chain: SharedChain) {
        timeouts = ExchangeTimeouts(streamIdle: chain.streamIdleTime)
        guard let duration = chain.maxStreamDuration else { return }
        timers.set(.streamDuration, at: (start + duration).uptimeNanoseconds)
        arm()
    }

    /// What route and retry policy say about time.
    func settleTimeouts(_ forward: Forward, _ rule: RetryRule?, _ chain: SharedChain) {
        timeouts.route = forward.timeout.map { .nanoseconds($0) }
        if forward.readsGRPCTimeout, let time = forward.grpcTimeout(for: head) {
            timeouts.route = time > 0 ? .milliseconds(time) : nil
            timeouts.tellsGRPC = true
        }
        timeouts.tryTotal = rule?.policy.perTryTimeout.map { TimeAmount($0) }
        if origin.isInternal { obeyClient(chain) }
        // Envoy ignores a time for one try that is not shorter than the whole.
        if let route = timeouts.route, let total = timeouts.tryTotal, total >= route { timeouts.tryTotal = nil }
        timeouts.tryIdle = rule?.policy.perTryIdleTimeout.map { TimeAmount($0) }
        settleStreamTimeouts(forward)
        if forward.tellsStreamDuration, head.isGRPC { announceDuration(forward, chain) }
    }

    /// What the route says about time that runs from the request's head on.
    func settleStreamTimeouts(_ forward: Forward) {
        guard forward.limitsStreams else { return }
        if let idle = forward.idleTimeout {
            timeouts.streamIdle = idle > .zero ? TimeAmount(idle) : nil
            stream?.setBodyTime(timeouts.streamIdle)
        }
        switch forward.streamDuration(of: head) {
        case .inherited: return
        case .unlimited: timers.clear(.streamDuration)
        case .milliseconds(let time):
            timers.clear(.streamDuration)
            timers.set(.streamDuration, at: (start + .milliseconds(time)).uptimeNanoseconds)
        }
        arm()
    }

    /// Tells the primary of a call how long all of it may take.
    private func announceDuration(_ forward: Forward, _ chain: SharedChain) {
        switch forward.streamDuration(of: head) {
        case .inherited:
            guard let duration = chain.maxStreamDuration else { return }
            head.setGRPCTimeout(milliseconds: duration.nanoseconds / 1_000_000)
        case .unlimited: if chain.maxStreamDuration != nil { head.removeGRPCTimeout() }
        case .milliseconds(let time): head.setGRPCTimeout(milliseconds: time)
        }
    }

    /// A trusted client may set the times itself.
    private func obeyClient(_ chain: SharedChain) {
        let times = head.takeTimeouts(respectingExpected: chain.respectsExpectedTimeout)
        if let route = times.route { timeouts.route = route > 0 ? .milliseconds(route) : nil }
        if let perTry = times.perTry { timeouts.tryTotal = perTry > 0 ? .milliseconds(perTry) : nil }
        timeouts.answersNoContent = times.hasAlternative
    }

    /// Tells the primary how long it has.
    func announceTimeout(_ chain: SharedChain) {
        guard let time = timeouts.announced(after: .zero) else { return }
        if !chain.suppressesEnvoyHeaders { head.setExpectedTimeout(time) }
        if timeouts.tellsGRPC { head.setGRPCTimeout(milliseconds: time) }
    }

    /// Tells the primary of a later try how long is left.
    func announceTimeLeft() {
        guard head.headers.firstIndex(of: .envoyExpectedTimeout) != nil else { return }
        let elapsed = state.isRequestComplete ? worker.loop.now - requestEnd : .zero
        if let time = timeouts.announced(after: elapsed) { head.setExpectedTimeout(time) }
    }

    /// The request is complete: from here the primary has its time to answer.
    func armAfterRequest() {
        if let route = timeouts.route { timers.set(.route, at: (requestEnd + route).uptimeNanoseconds) }
        setIdleTimer(from: requestEnd)
        // While a request waits for another try none is under way.
        if primary != nil { setTryTimers(from: requestEnd) }
        arm()
    }

    /// A tunnel has no end of its request: its primary's time to answer runs from the start.
    func armTunnel() {
        requestEnd = worker.loop.now
        armAfterRequest()
    }

    /// The tunnel is open: nothing bounds it but silence.
    func tunnelOpened() {
        timers.clear(.route)
        timers.clear(.tryTotal)
        if let idle = timeouts.streamIdle { timers.set(.streamIdle, at: (worker.loop.now + idle).uptimeNanoseconds) }
        arm()
    }

    /// A later try begins.
    func armTry() {
        setTryTimers(from: worker.loop.now)
        arm()
    }

    /// A try goes out.
    func limitTry(by cluster: WorkerCluster) {
        guard let duration = cluster.shared.maxStreamDuration else { return }
        timers.set(.upstreamDuration, at: (worker.loop.now + duration).uptimeNanoseconds)
        arm()
    }

    private func setTryTimers(from now: NIODeadline) {
        if let total = timeouts.tryTotal { timers.set(.tryTotal, at: (now + total).uptimeNanoseconds) }
        if let idle = timeouts.tryIdle { timers.set(.tryIdle, at: (now + idle).uptimeNanoseconds) }
    }

    /// Silence is watched only where no shorter time ends the exchange anyway.
    private func setIdleTimer(from now: NIODeadline) {
        guard let idle = timeouts.streamIdle else { return }
        if let route = timeouts.route, route <= idle { return }
        timers.set(.streamIdle, at: (now + idle).uptimeNanoseconds)
    }

    /// Something moved.
    func touchIdleTimers() {
        let now = worker.loop.now
        if let idle = timeouts.streamIdle, timers.isSet(.streamIdle) {
            timers.set(.streamIdle, at: (now + idle).uptimeNanoseconds)
        }
        if let idle = timeouts.tryIdle, timers.isSet(.tryIdle) {
            timers.set(.tryIdle, at: (now + idle).uptimeNanoseconds)
        }
        arm()
    }

    func timerRang(_ kind: ExchangeTimers.Kind) {
        switch kind {
        case .route: primaryFailed(.timeout)
        case .tryTotal, .tryIdle: tryTimedOut()
        case .streamIdle:
            chain?.statistics.server.streamIdleTimeouts.add()
            // For an answer that has begun, which no reply takes the place of.
            replyFlag = "SI"
            replyDetails = "stream_idle_timeout"
            let isWaiting = waiting == .waits || !state.isRequestComplete
            overdue(isWaiting ? .bodyTimeout : .idleTimeout)
        case .upstreamDuration:
            cluster?.shared.statistics.durationsReached.add()
            overdue(.upstreamDurationTimeout)
        case .streamDuration:
            chain?.statistics.durationsReached.add()
            overdue(.durationTimeout(requestIsComplete: state.isRequestComplete))
        case .backOff: tryAgain()
        }
    }

    /// The exchange is over for a reason that is neither the client's nor the primary's.
    private func overdue(_ reply: LocalReply) {
        perform(state.primaryFailed(), reply: ReplyDraft(reply))
    }
}

extension ExchangeTimeouts {
    /// Milliseconds for `x-envoy-expected-rq-timeout-ms`: of one try if it has a time of its own, but no more than is
    /// left of the whole; `nil` for no limit, which 0 would mean.
    func announced(after elapsed: TimeAmount) -> Int64? {
        guard var time = tryTotal ?? route else { return nil }
        if let route { time = min(time, max(route - elapsed, .milliseconds(1))) }
        return time.nanoseconds / 1_000_000
    }

    /// Milliseconds for a mirror, which has the whole time.
    var announcedToMirrors: Int64? { route.map { $0.nanoseconds / 1_000_000 } }
}
