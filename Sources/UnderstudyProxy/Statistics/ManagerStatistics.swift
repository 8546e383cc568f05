// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is counted per connection manager and per listener.

package import UnderstudyCore
package import UnderstudyHTTP

/// Under `http.<stat_prefix>.`; listeners with the same prefix share it, and so do later configurations.
package final class ManagerStatistics: Sendable {
    package let server = ServerCounters()
    package let requests = Counter()
    package let activeRequests = Gauge()
    package let completedRequests = Counter()
    /// Requests that were sent on to a primary.
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
    package let idleTimeouts = Counter()
    package let durationsReached = Counter()
    package let overtakingAnswers = Counter()
    package let resetsAfterAnswer = Counter()
    package let retriesSkipped = Counter()
    package let pathRedirects = Counter()
    /// Redirects of primaries that were not followed, by reason.
    package let redirectsToNowhere = Counter()
    package let redirectsWithoutRoute = Counter()
    package let unsafeRedirects = Counter()
    package let tooManyRedirects = Counter()
    package let refusedUpgrades = Counter()
    package let healthChecks = HealthCheckFilterStatistics()

    package init() {}

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
    /// Milliseconds.
    package let connectionLength = Histogram()
    /// Answers to clients by hundreds, 1xx to 5xx, under `http.<stat_prefix>.`.
    package let answerClasses = (0..<5).map { _ in Counter() }
    package let completedRequests = Counter()

    package init() {}

    func countAnswer(_ status: Int) {
        completedRequests.add()
        guard (100..<600).contains(status) else { return }
        answerClasses[status / 100 - 1].add()
    }
}
