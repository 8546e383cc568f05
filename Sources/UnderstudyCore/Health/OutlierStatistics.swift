// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is counted of a cluster's outliers.

public final class OutlierStatistics: Sendable {
    public let active = Gauge()
    public let enforcedTotal = Counter()
    /// Outliers that stayed because too many were ejected.
    public let overflows = Counter()
    // Names that Envoy has kept from earlier days.
    let total = Counter()
    let consecutive5xx = Counter()
    let successRate = Counter()
    /// Reports of workers that found no room in the mailbox.
    public let droppedReports = Counter()
    private let detected: [OutlierCause: Counter]
    private let enforced: [OutlierCause: Counter]

    public init() {
        detected = Dictionary(uniqueKeysWithValues: OutlierCause.allCases.map { ($0, Counter()) })
        enforced = Dictionary(uniqueKeysWithValues: OutlierCause.allCases.map { ($0, Counter()) })
    }

    func countDetected(_ cause: OutlierCause) {
        detected[cause]?.add()
    }

    func countEnforced(_ cause: OutlierCause) {
        enforcedTotal.add()
        enforced[cause]?.add()
    }

    public func detected(_ cause: OutlierCause) -> UInt64 { detected[cause]?.current ?? 0 }

    public func enforced(_ cause: OutlierCause) -> UInt64 { enforced[cause]?.current ?? 0 }

    /// Under Envoy's names.
    ///
    /// - Parameter prefix: `cluster.<name>.`.
    public func counters(_ prefix: String) -> [Statistic] {
        let prefix = prefix + "outlier_detection."
        var all = [
            Statistic(prefix + "ejections_consecutive_5xx", consecutive5xx.current),
            Statistic(prefix + "ejections_enforced_total", enforcedTotal.current),
            Statistic(prefix + "ejections_overflow", overflows.current),
            Statistic(prefix + "ejections_success_rate", successRate.current),
            Statistic(prefix + "ejections_total", total.current),
            Statistic(prefix + "reports_dropped", droppedReports.current),
        ]
        for cause in OutlierCause.allCases {
            all.append(Statistic(prefix + "ejections_detected_" + cause.name, detected(cause)))
            all.append(Statistic(prefix + "ejections_enforced_" + cause.name, enforced(cause)))
        }
        return all
    }

    public func gauges(_ prefix: String) -> [Statistic] {
        [Statistic(prefix + "outlier_detection.ejections_active", UInt64(max(0, active.current)))]
    }
}
