// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Ejects the outliers of one cluster and lets them back in, away from the loops that carry traffic.

public import Logging
internal import Synchronization
public import UnderstudyCore

/// Runs outlier detection; everything but `record` is for other threads than the workers'.
public final class OutlierService: Sendable {
    public struct Setup: Sendable {
        public var cluster: String
        public var detection: OutlierDetection
        public var statistics: OutlierStatistics
        public var logger: Logger
        public var runtime: @Sendable () -> RuntimeSnapshot = { .empty }
        /// The endpoint has fallen out of use or come back.
        public var onChange: @Sendable (SharedHost) -> Void = { _ in }
        /// Time since any fixed moment.
        public var clock: @Sendable () -> Duration
        /// Reports of workers that may wait; more are dropped and counted.
        public var mailboxSize = 1024

        public init(
            cluster: String,
            detection: OutlierDetection,
            statistics: OutlierStatistics,
            logger: Logger,
            clock: @escaping @Sendable () -> Duration = OutlierService.continuousClock
        ) {
            self.cluster = cluster
            self.detection = detection
            self.statistics = statistics
            self.logger = logger
            self.clock = clock
        }
    }

    private struct Report: Sendable {
        let reached: OutlierMonitor.Reached
        let host: SharedHost
    }

    private struct State {
        var detector: OutlierDetector
        var hosts: [OutlierDetector.HostID: SharedHost] = [:]
        var ids: [ObjectIdentifier: OutlierDetector.HostID] = [:]
        var lastID: OutlierDetector.HostID = 0
        var dice = SystemRandomNumberGenerator()
    }

    private let setup: Setup
    private let thresholds: OutlierThresholds
    private let mailbox: AsyncStream<Report>
    private let slot: AsyncStream<Report>.Continuation
    private let state: Mutex<State>

    public init(_ setup: Setup) {
        self.setup = setup
        thresholds = OutlierThresholds(setup.detection)
        (mailbox, slot) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(max(1, setup.mailboxSize)))
        state = Mutex(State(detector: OutlierDetector(setup.statistics)))
        thresholds.update(settings)
    }

    public static let continuousClock: @Sendable () -> Duration = {
        let start = ContinuousClock.now
        return { ContinuousClock.now - start }
    }()

    private var settings: OutlierSettings { OutlierSettings(setup.detection, setup.runtime()) }

    // MARK: Workers

    /// For a new endpoint of this cluster.
    public func makeMonitor() -> OutlierMonitor { OutlierMonitor(thresholds) }

    /// Called by workers, once for each thing that a try has shown; only a row that is too long costs more than a few
    /// relaxed atomics.
    public func record(_ report: OutlierReport, of host: SharedHost) {
        guard let reached = host.outlierMonitor?.record(report), !reached.isEmpty else { return }
        if case .dropped = slot.yield(Report(reached: reached, host: host)) { setup.statistics.droppedReports.add() }
    }

    // MARK: The service

    /// Runs until it is cancelled; then no endpoint counts as ejected any more, but their flags stay.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.readMail() }
            group.addTask {
                // The interval of the configuration, not a wait for something else to happen.
                while (try? await Task.sleep(for: self.settings.interval)) != nil { self.intervalPassed() }
            }
        }
        update(hosts: [])
    }

    private func readMail() async {
        for await report in mailbox {
            for cause in report.reached.causes { reached(cause, by: report.host) }
        }
    }

    /// These are the endpoints from now on.
    public func update(hosts: [SharedHost]) {
        state.withLock { state in
            let wanted = Set(hosts.map(ObjectIdentifier.init))
            for (key, id) in state.ids where !wanted.contains(key) {
                state.detector.remove(id)
                state.ids[key] = nil
                state.hosts[id] = nil
            }
            for host in hosts where state.ids[ObjectIdentifier(host)] == nil {
                // Whoever has ejected it is no longer there to let it back in.
                host.set(.failedOutlierCheck, false)
                state.lastID += 1
                state.detector.add(state.lastID)
                state.ids[ObjectIdentifier(host)] = state.lastID
                state.hosts[state.lastID] = host
            }
        }
    }

    /// A health check of the endpoint has passed.
    public func passedCheck(_ host: SharedHost) {
        guard setup.detection.endsWithHealthCheck else { return }
        perform { state in
            guard let id = state.ids[ObjectIdentifier(host)] else { return [] }
            return state.detector.passedCheck(id, now: setup.clock()).map { [$0] } ?? []
        }
    }

    private func reached(_ cause: OutlierCause, by host: SharedHost) {
        let settings = self.settings
        perform { state in
            // It may be gone since.
            guard let id = state.ids[ObjectIdentifier(host)], !state.detector.isEjected(id) else { return [] }
            let now = setup.clock()
            let action = state.detector.reached(cause, by: id, now: now, settings, using: &state.dice)
            host.outlierMonitor?.reset(cause)
            return action.map { [$0] } ?? []
        }
    }

    /// What `run` does at every interval.
    public func intervalPassed() {
        let settings = self.settings
        thresholds.update(settings)
        perform { state in
            let rates = state.hosts.compactMapValues { $0.outlierMonitor?.takeRates() }
            return state.detector.intervalPassed(now: setup.clock(), rates: rates, settings, using: &state.dice)
        }
    }

    /// Decides and sets the flags in one go, so that they follow the order of the decisions; tells others afterwards.
    private func perform(_ decide: (inout State) -> [OutlierDetector.Action]) {
        let done = state.withLock { state in
            decide(&state).compactMap { action -> (SharedHost, OutlierDetector.Action, UInt64)? in
                guard let host = state.hosts[action.host] else { return nil }
                switch action {
                case .eject: host.set(.failedOutlierCheck, true)
                case .restore:
                    host.set(.failedOutlierCheck, false)
                    host.outlierMonitor?.resetRows()
                case .notice: break
                }
                return (host, action, state.detector.ejections(of: action.host))
            }
        }
        for (host, action, ejections) in done {
            log(action, of: host, ejections)
            if !action.isNotice { setup.onChange(host) }
        }
    }

    private func log(_ action: OutlierDetector.Action, of host: SharedHost, _ ejections: UInt64) {
        var metadata: Logger.Metadata = [
            "cluster": "\(setup.cluster)", "endpoint": "\(host.address.text)", "ejections": "\(ejections)",
        ]
        switch action {
        case .eject(_, let cause):
            metadata["reason"] = "\(cause.name)"
            setup.logger.warning("an endpoint was ejected as an outlier", metadata: metadata)
        case .notice(_, let cause):
            metadata["reason"] = "\(cause.name)"
            setup.logger.info("an endpoint is an outlier, but that is not enforced", metadata: metadata)
        case .restore:
            setup.logger.info("an endpoint is no longer ejected", metadata: metadata)
        }
    }

    // MARK: For the admin server

    /// In percent in the last interval; `nil` with too few requests.
    public func successRates(of host: SharedHost) -> (external: Double?, localOrigin: Double?) {
        state.withLock { state in
            state.ids[ObjectIdentifier(host)].map(state.detector.successRates) ?? (nil, nil)
        }
    }

    public var averages: (external: OutlierAverage?, localOrigin: OutlierAverage?) {
        state.withLock { ($0.detector.average, $0.detector.localOriginAverage) }
    }
}

extension OutlierDetector.Action {
    fileprivate var host: OutlierDetector.HostID {
        switch self {
        case .eject(let id, _), .notice(let id, _), .restore(let id): id
        }
    }

    fileprivate var isNotice: Bool {
        if case .notice = self { true } else { false }
    }
}
