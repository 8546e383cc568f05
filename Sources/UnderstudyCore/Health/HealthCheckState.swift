// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the results of active checks make of one endpoint.

/// The thresholds of one endpoint, and how far it has come towards them.
///
/// An endpoint begins with `failedActiveCheck` and `pendingActiveCheck`; its first success makes it healthy at once.
public struct HealthCheckState: Sendable {
    public enum Failure: Sendable, Equatable {
        /// An answer that is not well; at once enough unless it is retriable.
        case answer(isRetriable: Bool)
        /// No connection, or one that ended too early.
        case network
        case timeout
        /// Traffic has brought `x-envoy-immediate-health-check-fail`; at once enough.
        case passive

        public var isNetwork: Bool { self == .network || self == .timeout }

        var isEnough: Bool {
            switch self {
            case .answer(let isRetriable): !isRetriable
            case .network, .timeout: false
            case .passive: true
            }
        }
    }

    public enum Change: Sendable, Equatable {
        case unchanged
        /// A threshold is not reached yet.
        case pending
        case changed
    }

    /// For the log.
    public enum Event: Sendable, Equatable {
        case becameHealthy(isFirst: Bool)
        case becameUnhealthy(Failure)
        case failed(Failure, isFirst: Bool)
        case succeeded
        case becameDegraded
        case noLongerDegraded
    }

    /// What to do after a check.
    public struct Step: Sendable, Equatable {
        public var raised: HostHealth = []
        public var lowered: HostHealth = []
        public var change = Change.unchanged
        public var events: [Event] = []
    }

    public private(set) var isFirst = true
    private var successes: UInt32 = 0
    private var failures: UInt32 = 0
    private let healthyThreshold: UInt32
    private let unhealthyThreshold: UInt32
    private let alwaysLogsFailures: Bool
    private let alwaysLogsSuccesses: Bool

    public init(_ check: HealthCheck) {
        healthyThreshold = check.healthyThreshold
        unhealthyThreshold = check.unhealthyThreshold
        alwaysLogsFailures = check.alwaysLogsFailures
        alwaysLogsSuccesses = check.alwaysLogsSuccesses
    }

    /// - Parameter health: The endpoint's, before the check.
    public mutating func succeeded(isDegraded: Bool, _ health: HostHealth) -> Step {
        var step = Step()
        failures = 0
        if health.contains(.failedActiveCheck) { countSuccess(&step) }
        if step.change != .changed, alwaysLogsSuccesses { step.events.append(.succeeded) }
        endPending(health, &step)
        if isDegraded != health.contains(.degradedActiveCheck) {
            if isDegraded {
                step.raised.insert(.degradedActiveCheck)
            } else {
                step.lowered.insert(.degradedActiveCheck)
            }
            step.events.append(isDegraded ? .becameDegraded : .noLongerDegraded)
            if step.change == .unchanged { step.change = .changed }
        }
        isFirst = false
        return step
    }

    private mutating func countSuccess(_ step: inout Step) {
        // The first one is not counted.
        if !isFirst { successes = successes &+ 1 }
        guard isFirst || successes == healthyThreshold else {
            step.change = .pending
            return
        }
        step.lowered = [.failedActiveCheck, .activeCheckTimeout, .excludedByImmediateFailure]
        step.change = .changed
        step.events.append(.becameHealthy(isFirst: isFirst))
    }

    /// - Parameter health: The endpoint's, before the check.
    public mutating func failed(_ failure: Failure, _ health: HostHealth) -> Step {
        var step = Step()
        successes = 0
        var isFailed = health.contains(.failedActiveCheck)
        if !isFailed {
            if !failure.isEnough { failures = failures &+ 1 }
            isFailed = failure.isEnough || failures == unhealthyThreshold
            step.change = isFailed ? .changed : .pending
            if isFailed {
                step.raised.insert(.failedActiveCheck)
                step.events.append(.becameUnhealthy(failure))
            }
        }
        if failure == .timeout, isFailed {
            step.raised.insert(.activeCheckTimeout)
        } else {
            step.lowered.insert(.activeCheckTimeout)
        }
        endPending(health, &step)
        if isFirst || alwaysLogsFailures { step.events.append(.failed(failure, isFirst: isFirst)) }
        isFirst = false
        return step
    }

    private func endPending(_ health: HostHealth, _ step: inout Step) {
        guard health.contains(.pendingActiveCheck) else { return }
        step.lowered.insert(.pendingActiveCheck)
        step.change = .changed
    }
}
