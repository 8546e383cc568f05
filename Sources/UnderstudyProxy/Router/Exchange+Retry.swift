// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Tries after the first: when there is another, and what is left of the one before.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

/// How far the tries of one request have come.
struct RetryProgress {
    private(set) var policy: RetryState?
    /// Tries so far, the current one included.
    private(set) var attempts = 0
    /// `x-envoy-attempt-count` is part of the request.
    private(set) var countsAttempts = false
    private(set) var keepsBody = false
    var body = KeptBody()
    var trailers: HeaderBlock?
    /// Where the request has been sent already.
    private(set) var tried: [SocketAddress] = []
    private(set) var picks = 1
    /// The last try ran out of time.
    var lastTimedOut = false
    /// A place among the cluster's retries is taken.
    var hasBudget = false
    var hasPolicy: Bool { policy != nil }

    /// Whether there may be another try.
    var isPossible: Bool { policy != nil && !body.isIncomplete }

    mutating func begin(_ state: RetryState?, countsAttempts: Bool, picks: Int) {
        policy = state
        attempts = 0
        self.countsAttempts = countsAttempts
        self.picks = max(1, picks)
    }

    mutating func keepBody(limit: Int) {
        keepsBody = true
        body.begin(limit: limit)
    }

    mutating func forgetBody() {
        guard keepsBody else { return }
        keepsBody = false
        body.forget()
        trailers = nil
    }

    mutating func started(on endpoint: WorkerEndpoint) {
        attempts += 1
        if picks > 1 { tried.append(endpoint.host.address) }
    }

    mutating func decide(_ ask: (inout RetryState) -> RetryState.Decision) -> RetryState.Decision {
        guard isPossible, var state = policy else { return .no }
        let decision = ask(&state)
        policy = state
        return decision
    }

    mutating func forget() {
        // Most requests are done with the first try, and have nothing to forget but that.
        guard policy != nil || keepsBody || lastTimedOut || !tried.isEmpty else {
            attempts = 0
            return
        }
        self = RetryProgress()
    }
}

extension Exchange {
    /// The answer is one that the retry policy does not want, and there is another try.
    func isTryingAgain(instead answer: borrowing ResponseHead) -> Bool {
        let circumstances = circumstances
        let decision = retry.decide { $0.answered(answer, circumstances) }
        guard mayRetry(decision) else { return false }
        writeTry()
        leavePrimary(answer)
        retry.lastTimedOut = false
        scheduleTry(decision)
        return true
    }

    /// The try ended without an answer.
    func tryFailed(_ failure: UpstreamFailure, hasSent: Bool) {
        let circumstances = circumstances
        let decision = retry.decide { $0.failed(failure, hasSent: hasSent, circumstances) }
        guard mayRetry(decision) else { return primaryFailed(failure) }
        writeTry(flag: failure.reply().flag)
        cluster?.countFailure(failure, for: .external, at: endpoint)
        retry.lastTimedOut = false
        scheduleTry(decision)
    }

    func tryTimedOut() {
        guard state.answer == .awaited, let primary else { return primaryFailed(.timeout, ofTry: true) }
        let circumstances = circumstances
        let hasSent = primary.hasSentRequest
        let decision = retry.decide { $0.tryTimedOut(hasSent: hasSent, circumstances) }
        guard mayRetry(decision) else { return primaryFailed(.timeout, ofTry: true) }
        writeTry(flag: "UT")
        cluster?.countFailure(.timeout, for: .external, at: endpoint, ofTry: true)
        primary.close()
        self.primary = nil
        retry.lastTimedOut = true
        scheduleTry(decision)
    }

    private func mayRetry(_ decision: RetryState.Decision) -> Bool {
        guard let cluster = cluster?.shared else { return false }
        switch decision {
        case .retry(_, let pace):
            cluster.statistics.retries.add()
            switch pace {
            case .atOnce: break
            case .backOff: cluster.statistics.retryBackoffs.add()
            case .rateLimit: cluster.statistics.retryLimitedBackoffs.add()
            }
            if !retry.hasBudget { cluster.takeRetry(priority) }
            retry.hasBudget = true
            return true
        case .overflow:
            retryRefusal = .overflow
            cluster.statistics.retryOverflows.add()
            return false
        case .limitExceeded:
            retryRefusal = .limitExceeded
            cluster.statistics.retriesExceeded.add()
            return false
        case .no: return false
        }
    }

    private var circumstances: RetryState.Circumstances {
        let seconds = UInt64(clamping: WallClock.nanoseconds() / 1_000_000_000)
        let hasBudget = retry.hasBudget || cluster?.shared.mayRetry(priority) == true
        return RetryState.Circumstances(random: worker.loop.nextRandom(), now: seconds, hasBudget: hasBudget)
    }

    /// An answer is passed on: there will be no other try, so its place and the kept body are given back.
    func endRetrying() {
        if retry.hasBudget, retryRefusal == nil { cluster?.shared.statistics.retrySuccesses.add() }
        freeBudget()
        retry.forgetBody()
    }

    /// Gives back what the tries have taken.
    func endTries() {
        freeBudget()
        retry.forget()
    }

    /// The place among the retries of the cluster that the request has gone to.
    func freeBudget() {
        if retry.hasBudget { cluster?.shared.freeRetry(priority) }
        retry.hasBudget = false
    }

    /// Lets go of a primary whose answer nobody wants.
    ///
    /// A head without a body ends well and its connection is kept; a body is not waited for.
    func leavePrimary(_ answer: borrowing ResponseHead) {
        if answer.framing.isNone, state.isRequestComplete {
            primary?.discardAnswer()
        } else {
            primary?.close()
        }
        primary = nil
    }

    private func scheduleTry(_ decision: RetryState.Decision) {
        guard case .retry(let delay, let pace) = decision else { return }
        timers.clear(.tryTotal)
        timers.clear(.tryIdle)
        timers.clear(.upstreamDuration)
        if pace == .atOnce { return tryAgain() }
        // Nobody takes the rest of the body for now, and no more of it is kept than must be.
        if !state.isRequestComplete { stream?.setReading(false) }
        timers.set(.backOff, at: (worker.loop.now + TimeAmount(delay)).uptimeNanoseconds)
        arm()
    }

    /// The wait before another try is over.
    func tryAgain() {
        // The body has outgrown what may be kept of it: half of it must not be sent for the whole.
        guard !retry.body.isIncomplete else { return primaryFailed(.reset) }
        if retry.countsAttempts { head.setAttemptCount(retry.attempts + 1) }
        announceTimeLeft()
        if route?.marksTimeoutRetries == true { head.setTimeoutRetry(retry.lastTimedOut) }
        guard startPrimary(fresh: false) else { return }
        stream?.setReading(true)
        resendBody()
    }

    /// Gives the primary what has arrived of the body so far.
    func resendBody() {
        primary?.sendBody(retry.body.bytes)
        if state.isRequestComplete { primary?.endRequest(trailers: retry.trailers) }
        if state.isRequestComplete || isTunnel { armTry() }
        primary?.flush()
    }
}

/// Why a request is not tried again, though its policy says so.
enum RetryRefusal {
    /// All tries that there may be have been made.
    case limitExceeded
    /// The cluster has too many retries under way.
    case overflow

    /// As access logs tell it.
    var flag: StaticString {
        switch self {
        case .limitExceeded: "URX"
        case .overflow: "UO"
        }
    }
}
