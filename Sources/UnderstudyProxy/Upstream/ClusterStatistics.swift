// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is counted per cluster, under Envoy's names.

package import UnderstudyCore

/// Shared by all workers; every handle is a relaxed atomic.
package final class ClusterStatistics: Sendable {
    package let connections = Counter()
    package let requests = Counter()
    package let completed = Counter()
    package let timeouts = Counter()
    package let connectFailures = Counter()
    package let overflows = Counter()
    package let noneHealthy = Counter()
    /// By status, 100 to 599; answers that the proxy made itself are included.
    private let statuses = (0..<500).map { _ in Counter() }
    private let outcomes = Dictionary(uniqueKeysWithValues: MirrorOutcome.all.map { ($0, Counter()) })

    package init() {}

    func countAnswer(_ status: Int) {
        completed.add()
        guard (100..<600).contains(status) else { return }
        statuses[status - 100].add()
    }

    func count(_ outcome: MirrorOutcome) {
        outcomes[outcome]?.add()
    }

    package func answers(_ status: Int) -> UInt64 {
        (100..<600).contains(status) ? statuses[status - 100].current : 0
    }

    package func copies(_ outcome: MirrorOutcome) -> UInt64 {
        outcomes[outcome]?.current ?? 0
    }
}
