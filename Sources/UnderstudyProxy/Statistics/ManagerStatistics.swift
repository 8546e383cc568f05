// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is counted per connection manager and per listener.

internal import Synchronization
package import UnderstudyCore
package import UnderstudyHTTP

/// Under `http.<stat_prefix>.`; listeners with the same prefix share it, and so do later configurations.
package final class ManagerStatistics: Sendable {
    package let server: ServerCounters
    package let requests = Counter()
    /// Those of them that came by HTTP/2.
    package let http2Requests = Counter()
    package let activeRequests = Gauge()
    package let completedRequests = Counter()
    package let tlsConnections = Counter()
    /// From the end of the handshake on.
    package let activeTLSConnections = Gauge()
    /// Requests that reached the end of the filters, whatever their route said.
    package let routed = Counter()
    /// Answers to clients by hundreds, 1xx to 5xx.
    package let answerClasses = (0..<5).map { _ in Counter() }
    /// Milliseconds from a request's head to the end of its answer.
    package let requestTime = Histogram()
    package let withoutRoute = Counter()
    package let withoutCluster = Counter()
    package let directResponses = Counter()
    package let redirects = Counter()
    /// Clients that left before their answer was complete, and answers that were broken off.
    package let receivedResets = Counter()
    package let sentResets = Counter()
    package let durationsReached = Counter()
    package let overtakingAnswers = Counter()
    package let tooLargeRequests = Counter()
    package let resetsAfterAnswer = Counter()
    package let retriesSkipped = Counter()
    package let pathRedirects = Counter()
    /// Redirects of primaries that were not followed, by reason.
    package let redirectsToNowhere = Counter()
    package let redirectsWithoutRoute = Counter()
    package let unsafeRedirects = Counter()
    package let tooManyRedirects = Counter()
    package let refusedUpgrades = Counter()
    /// Requests that the overload manager refused.
    package let overloadCloses = Counter()
    package let healthChecks = HealthCheckFilterStatistics()

    package init(underscores: UnderscoreCounters = UnderscoreCounters(), http2: HTTP2Counters = HTTP2Counters()) {
        server = ServerCounters(underscores: underscores, http2: http2)
    }

    func countAnswer(_ status: Int) {
        completedRequests.add()
        guard (100..<600).contains(status) else { return }
        answerClasses[status / 100 - 1].add()
    }
}

/// Under `listener.<address>.`.
package final class ListenerStatistics: Sendable {
    package let connections = Counter()
    package let activeConnections = Gauge()
    package let destroyed = Counter()
    /// Closed as soon as they were accepted, for the limit of the listener, that of the process, or overload.
    package let overflows = Counter()
    package let globalOverflows = Counter()
    package let overloadRejects = Counter()
    package let acceptFailures = Counter()
    /// Accepting waited for a client to leave.
    package let acceptPauses = Counter()
    /// Connections whose filter chain is not chosen yet, and those for which that took too long.
    package let arriving = Gauge()
    package let arrivalTimeouts = Counter()
    package let withoutChain = Counter()
    package let handshakeTimeouts = Counter()
    package let tls = TLSCounters()
    /// Milliseconds.
    package let connectionLength = Histogram()
    /// By the connection manager's `stat_prefix`.
    private let answers = Mutex<[String: AnswerCounts]>([:])

    package init() {}

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
package final class AnswerCounts: Sendable {
    /// By hundreds, 1xx to 5xx.
    let classes = (0..<5).map { _ in Counter() }
    let completed = Counter()

    func count(_ status: Int) {
        completed.add()
        guard (100..<600).contains(status) else { return }
        classes[status / 100 - 1].add()
    }
}
