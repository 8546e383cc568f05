// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is counted per cluster, under Envoy's names.

internal import Synchronization
internal import UnderstudyCore

/// Shared by all workers; every handle is a relaxed atomic.
package final class ClusterStatistics: Sendable {
    /// Whom a request was sent for, as Envoy tells them apart: copies carry `x-envoy-internal`.
    enum Origin: Int, CaseIterable {
        case external
        case `internal`
    }

    let connections = Counter()
    let requests = Counter()
    let timeouts = Counter()
    let connectFailures = Counter()
    let overflows = Counter()
    let noneHealthy = Counter()
    /// Tries after the first, those of them whose answer was passed on, and those that were one too many.
    let retries = Counter()
    let retrySuccesses = Counter()
    let retriesExceeded = Counter()
    let retryOverflows = Counter()
    /// Copies that were begun; what each came to is counted as an outcome when it ends.
    let copies = Counter()
    private let outcomes = Dictionary(uniqueKeysWithValues: MirrorOutcome.all.map { ($0, Counter()) })
    private let answers = Mutex<[Answer: Counter]>([:])

    private struct Answer: Hashable {
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

    func count(_ outcome: MirrorOutcome) {
        outcomes[outcome]?.add()
    }

    /// All numbers, under `cluster.<name>.`.
    func statistics(of cluster: String) -> StatisticsScope {
        var all = StatisticsScope(.cluster(cluster))
        all.counter("upstream_cx_total", connections)
        all.counter("upstream_cx_connect_fail", connectFailures)
        all.counter("upstream_cx_none_healthy", noneHealthy)
        all.counter("upstream_rq_total", requests)
        all.counter("upstream_rq_timeout", timeouts)
        all.counter("upstream_rq_pending_overflow", overflows)
        all.counter("upstream_rq_retry", retries)
        all.counter("upstream_rq_retry_success", retrySuccesses)
        all.counter("upstream_rq_retry_overflow", retryOverflows)
        all.counter("upstream_rq_retry_limit_exceeded", retriesExceeded)
        all.counter("mirror_copies_total", copies)
        for outcome in MirrorOutcome.all {
            all.counter("mirror_outcome_\(outcome.label)", outcomes[outcome]?.current ?? 0)
        }
        for (name, sum) in answerSums() { all.counter(name, sum) }
        return all
    }

    private func answerSums() -> [String: UInt64] {
        let counts = answers.withLock { $0.mapValues(\.current) }
        var sums: [String: UInt64] = ["upstream_rq_completed": 0]
        for (answer, count) in counts {
            let code = "upstream_rq_\(answer.status)"
            let hundreds = "upstream_rq_\(answer.status / 100)xx"
            sums["upstream_rq_completed", default: 0] += count
            for scope in ["", answer.origin == .external ? "external." : "internal."] {
                sums[scope + code, default: 0] += count
                sums[scope + hundreds, default: 0] += count
            }
        }
        return sums
    }
}
