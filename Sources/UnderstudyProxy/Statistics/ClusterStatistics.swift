// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is counted per cluster; the names under which it is published are Envoy's.

internal import Synchronization
internal import UnderstudyCore
public import UnderstudyHTTP

/// Shared by all workers, and by all configurations that have a cluster of this name; every handle is a relaxed atomic.
public final class ClusterStatistics: Sendable {
    /// Whom a request was sent for, as Envoy tells them apart: copies carry `x-envoy-internal`.
    enum Origin: Int, CaseIterable {
        case external
        case `internal`
    }

    /// Connections and the requests on them.
    public let upstream = UpstreamCounters()
    public let http2 = HTTP2Counters()
    let timeouts = Counter()
    let tryTimeouts = Counter()
    let tryIdleTimeouts = Counter()
    let durationsReached = Counter()
    let noneHealthy = Counter()
    /// Answers broken off by the upstream, and requests broken off by the proxy.
    let receivedResets = Counter()
    let sentResets = Counter()
    /// Tries after the first, those of them whose answer was passed on, and those that were one too many.
    let retries = Counter()
    let retrySuccesses = Counter()
    let retriesExceeded = Counter()
    let retryOverflows = Counter()
    let retryBackoffs = Counter()
    let retryLimitedBackoffs = Counter()
    let redirectsFollowed = Counter()
    let redirectsRefused = Counter()
    /// Milliseconds from the end of a request to the end of its answer, by origin.
    let clientTime = Histogram()
    let copyTime = Histogram()
    let requestTime = Histogram()
    /// Percent of the route's time, and of the time of one try, that requests have used.
    let timeoutUse = Histogram()
    let tryTimeoutUse = Histogram()
    /// Reading from clients paused because an upstream takes no more, and the other way round.
    let flowPauses = Counter()
    let flowResumptions = Counter()
    /// Discovery.
    let updateAttempts = Counter()
    let updateSuccesses = Counter()
    let updateFailures = Counter()
    /// Names that resolved to nothing.
    let emptyUpdates = Counter()
    let updatesWithoutChange = Counter()
    let membershipChanges = Counter()
    let healthChecks = HealthCheckStatistics()
    let tls = TLSCounters()
    let outliers = OutlierStatistics()
    /// Picks while so few endpoints are well that all count as well.
    let panics = Counter()
    private let retriedAnswers = Mutex<[Int: UInt64]>([:])
    private let answers = Mutex<[Answer: Counter]>([:])

    struct Answer: Hashable {
        let origin: Origin
        let status: Int
    }

    /// The count of answers with this status, those that the proxy made itself included.
    ///
    /// Takes a lock, so workers ask once for each status and keep the handle.
    func answers(_ status: Int, for origin: Origin) -> Counter {
        answers.withLock { answers in
            let key = Answer(origin: origin, status: status)
            if let counter = answers[key] { return counter }
            let counter = Counter()
            answers[key] = counter
            return counter
        }
    }

    /// An answer that another try takes the place of.
    func countRetried(_ status: Int) {
        retriedAnswers.withLock { $0[status, default: 0] += 1 }
    }

    var retriedCounts: [Int: UInt64] { retriedAnswers.withLock { $0 } }

    /// All statuses so far.
    var answerCounts: [Answer: UInt64] { answers.withLock { $0.mapValues(\.current) } }

    func resetAnswers() {
        answers.withLock { for counter in $0.values { counter.reset() } }
    }
}
