// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is counted per connection manager and per listener.

internal import Synchronization
public import UnderstudyCore
public import UnderstudyHTTP

/// Under `http.<stat_prefix>.`; listeners with the same prefix share it, and so do later configurations.
public final class ManagerStatistics: Sendable {
    public let server: ServerCounters
    public let requests = Counter()
    /// Those of them that came by HTTP/2.
    public let http2Requests = Counter()
    public let activeRequests = Gauge()
    public let completedRequests = Counter()
    public let tlsConnections = Counter()
    /// From the end of the handshake on.
    public let activeTLSConnections = Gauge()
    /// Requests that reached the end of the filters, whatever their route said.
    public let routed = Counter()
    /// Answers to clients by hundreds, 1xx to 5xx.
    public let answerClasses = (0..<5).map { _ in Counter() }
    /// Milliseconds from a request's head to the end of its answer.
    public let requestTime = Histogram()
    public let withoutRoute = Counter()
    public let withoutCluster = Counter()
    public let directResponses = Counter()
    public let redirects = Counter()
    /// Clients that left before their answer was complete, and answers that were broken off.
    public let receivedResets = Counter()
    public let sentResets = Counter()
    public let durationsReached = Counter()
    public let overtakingAnswers = Counter()
    public let tooLargeRequests = Counter()
    public let resetsAfterAnswer = Counter()
    public let retriesSkipped = Counter()
    public let pathRedirects = Counter()
    /// Redirects of primaries that were not followed, by reason.
    public let redirectsToNowhere = Counter()
    public let redirectsWithoutRoute = Counter()
    public let unsafeRedirects = Counter()
    public let tooManyRedirects = Counter()
    public let refusedUpgrades = Counter()
    /// Requests that the overload manager refused.
    public let overloadCloses = Counter()
    public let healthChecks = HealthCheckFilterStatistics()

    public init(underscores: UnderscoreCounters = UnderscoreCounters(), http2: HTTP2Counters = HTTP2Counters()) {
        server = ServerCounters(underscores: underscores, http2: http2)
    }

    func countAnswer(_ status: Int) {
        completedRequests.add()
        guard (100..<600).contains(status) else { return }
        answerClasses[status / 100 - 1].add()
    }
}

/// Under `listener.<address>.`.
public final class ListenerStatistics: Sendable {
    public let connections = Counter()
    public let activeConnections = Gauge()
    public let destroyed = Counter()
    /// Closed as soon as they were accepted, for the limit of the listener, that of the process, or overload.
    public let overflows = Counter()
    public let globalOverflows = Counter()
    public let overloadRejects = Counter()
    public let acceptFailures = Counter()
    /// Accepting waited for a client to leave.
    public let acceptPauses = Counter()
    /// Connections whose filter chain is not chosen yet, and those for which that took too long.
    public let arriving = Gauge()
    public let arrivalTimeouts = Counter()
    public let withoutChain = Counter()
    public let handshakeTimeouts = Counter()
    public let tls = TLSCounters()
    /// Milliseconds.
    public let connectionLength = Histogram()
    /// By the connection manager's `stat_prefix`.
    private let answers = Mutex<[String: AnswerCounts]>([:])

    public init() {}

    /// What is counted of one connection manager's answers on this listener.
    func answers(_ prefix: String) -> AnswerCounts {
        answers.withLock { answers in
            if let counts = answers[prefix] { return counts }
            let counts = AnswerCounts()
            answers[prefix] = counts
            return counts
        }
    }
}

/// Under `listener.<address>.http.<stat_prefix>.`.
public final class AnswerCounts: Sendable {
    /// By hundreds, 1xx to 5xx.
    let classes = (0..<5).map { _ in Counter() }
    let completed = Counter()

    func count(_ status: Int) {
        completed.add()
        guard (100..<600).contains(status) else { return }
        classes[status / 100 - 1].add()
    }
}
