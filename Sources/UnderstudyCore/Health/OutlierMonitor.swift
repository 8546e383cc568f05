// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What all workers have seen of one endpoint, without a lock.

internal import Synchronization

/// The rows of failures that are too long, shared by all monitors of a cluster; the runtime may change them.
public final class OutlierThresholds: Sendable {
    let consecutive5xx: Atomic<UInt32>
    let consecutiveGatewayFailure: Atomic<UInt32>
    let consecutiveLocalOriginFailure: Atomic<UInt32>
    let splitsLocalOrigin: Bool

    public init(_ detection: OutlierDetection) {
        consecutive5xx = Atomic(detection.consecutive5xx)
        consecutiveGatewayFailure = Atomic(detection.consecutiveGatewayFailure)
        consecutiveLocalOriginFailure = Atomic(detection.consecutiveLocalOriginFailure)
        splitsLocalOrigin = detection.splitsLocalOrigin
    }

    public func update(_ settings: borrowing OutlierSettings) {
        consecutive5xx.store(settings.consecutive5xx, ordering: .relaxed)
        consecutiveGatewayFailure.store(settings.consecutiveGatewayFailure, ordering: .relaxed)
        consecutiveLocalOriginFailure.store(settings.consecutiveLocalOriginFailure, ordering: .relaxed)
    }
}

/// Rows of failures, and rates of success since they were taken last.
public final class OutlierMonitor: Sendable {
    /// Rows that have just become too long; empty nearly always.
    public struct Reached: OptionSet, Sendable {
        public let rawValue: UInt8

        public init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        public static let consecutiveGatewayFailure = Reached(rawValue: 1)
        public static let consecutive5xx = Reached(rawValue: 2)
        public static let consecutiveLocalOriginFailure = Reached(rawValue: 4)

        /// In the order in which Envoy acts on them.
        public var causes: [OutlierCause] {
            var causes: [OutlierCause] = []
            if contains(.consecutiveGatewayFailure) { causes.append(.consecutiveGatewayFailure) }
            if contains(.consecutive5xx) { causes.append(.consecutive5xx) }
            if contains(.consecutiveLocalOriginFailure) { causes.append(.consecutiveLocalOriginFailure) }
            return causes
        }
    }

    private let thresholds: OutlierThresholds
    private let row5xx = Atomic<UInt32>(0)
    private let rowGateway = Atomic<UInt32>(0)
    private let rowLocal = Atomic<UInt32>(0)
    private let total = Atomic<UInt64>(0)
    private let successes = Atomic<UInt64>(0)
    private let localTotal = Atomic<UInt64>(0)
    private let localSuccesses = Atomic<UInt64>(0)

    public init(_ thresholds: OutlierThresholds) {
        self.thresholds = thresholds
    }

    /// Called by workers, a few relaxed atomics each time.
    ///
    /// - Source: without `split_external_local_origin_errors` a failure counts as the status that stands for it.
    public func record(_ report: OutlierReport) -> Reached {
        switch report {
        case .answered(let status): return record(status: status)
        case .connected:
            if thresholds.splitsLocalOrigin { recordLocalSuccess() }
            return []
        // The cluster's limits say nothing of the endpoint.
        case .failed(.overflow), .failed(.noHealthyUpstream): return []
        case .failed(let failure):
            guard thresholds.splitsLocalOrigin else { return record(status: failure == .timeout ? 504 : 503) }
            return recordLocalFailure()
        }
    }

    private func record(status: Int) -> Reached {
        total.wrappingAdd(1, ordering: .relaxed)
        guard (500..<600).contains(status) else {
            successes.wrappingAdd(1, ordering: .relaxed)
            end(row5xx)
            end(rowGateway)
            return []
        }
        var reached: Reached = []
        if (502...504).contains(status) {
            if lengthen(rowGateway, thresholds.consecutiveGatewayFailure) { reached.insert(.consecutiveGatewayFailure) }
        } else {
            end(rowGateway)
        }
        if lengthen(row5xx, thresholds.consecutive5xx) { reached.insert(.consecutive5xx) }
        return reached
    }

    private func recordLocalSuccess() {
        localTotal.wrappingAdd(1, ordering: .relaxed)
        localSuccesses.wrappingAdd(1, ordering: .relaxed)
        end(rowLocal)
    }

    private func recordLocalFailure() -> Reached {
        localTotal.wrappingAdd(1, ordering: .relaxed)
        let isTooLong = lengthen(rowLocal, thresholds.consecutiveLocalOriginFailure)
        return isTooLong ? .consecutiveLocalOriginFailure : []
    }

    private func lengthen(_ row: borrowing Atomic<UInt32>, _ threshold: borrowing Atomic<UInt32>) -> Bool {
        row.wrappingAdd(1, ordering: .relaxed).newValue == threshold.load(ordering: .relaxed)
    }

    /// Writes only where there is something to end, so that success does not move the line between cores.
    private func end(_ row: borrowing Atomic<UInt32>) {
        if row.load(ordering: .relaxed) != 0 { row.store(0, ordering: .relaxed) }
    }

    /// Begins the row anew; nothing for causes that are no rows.
    public func reset(_ cause: OutlierCause) {
        switch cause {
        case .consecutive5xx: row5xx.store(0, ordering: .relaxed)
        case .consecutiveGatewayFailure: rowGateway.store(0, ordering: .relaxed)
        case .consecutiveLocalOriginFailure: rowLocal.store(0, ordering: .relaxed)
        case .successRate, .localOriginSuccessRate, .failurePercentage, .localOriginFailurePercentage: break
        }
    }

    public func resetRows() {
        for cause in OutlierCause.rows { reset(cause) }
    }

    /// The rates since the last call.
    public func takeRates() -> OutlierRates {
        OutlierRates(
            external: OutlierRates.Rate(
                total: total.exchange(0, ordering: .relaxed),
                successes: successes.exchange(0, ordering: .relaxed)
            ),
            localOrigin: OutlierRates.Rate(
                total: localTotal.exchange(0, ordering: .relaxed),
                successes: localSuccesses.exchange(0, ordering: .relaxed)
            )
        )
    }
}
