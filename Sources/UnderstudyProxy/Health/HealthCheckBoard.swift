// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The sessions of one cluster's checker, on the loop that they run on.

internal import Logging
internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

/// Loop-bound.
final class HealthCheckBoard {
    let setup: HealthChecker.Setup
    private let loop: ProbeLoop
    private let logger: Logger
    private var sessions: [ObjectIdentifier: HealthCheckSession] = [:]
    private var waiters: [UInt64: CheckedContinuation<Bool, Never>] = [:]
    private var lastWaiter: UInt64 = 0
    private var dice = SystemRandomNumberGenerator()
    private var isStopped = false

    init(_ setup: HealthChecker.Setup, loop: ProbeLoop) {
        self.setup = setup
        self.loop = loop
        logger = setup.logger
    }

    var gate: ProbeGate { loop.gate.value }

    // MARK: The endpoints

    func update(_ hosts: [SharedHost]) {
        guard !isStopped else { return }
        let checked = hosts.filter(\.endpoint.isHealthChecked)
        let wanted = Set(checked.map(ObjectIdentifier.init))
        for (id, session) in sessions where !wanted.contains(id) {
            session.stop()
            sessions[id] = nil
        }
        for host in checked where sessions[ObjectIdentifier(host)] == nil {
            let session = HealthCheckSession(host, board: self, prober: prober(for: host))
            sessions[ObjectIdentifier(host)] = session
            session.start()
        }
        sessionWasChecked()
    }

    func failImmediately(_ host: SharedHost) {
        sessions[ObjectIdentifier(host)]?.failImmediately()
    }

    func stop() {
        isStopped = true
        for session in sessions.values { session.stop() }
        sessions = [:]
        sessionWasChecked()
    }

    private func prober(for host: SharedHost) -> any Prober {
        let address = host.healthCheckAddress
        switch setup.check.probe {
        case .tcp(let probe):
            return TCPProber(probe, of: setup.check, to: address, eventLoop: loop.eventLoop) { [tls = setup.tls] in
                try tls?.makeSession(serverName: [], hostname: host.hostname, speaks: nil)
            }
        case .http(let probe):
            let runtime = setup.runtime
            var settings = ConnectionPool.Settings(address: address, connectTimeout: TimeAmount(setup.check.timeout))
            settings.tls = setup.tls
            settings.hostname = host.hostname
            return HTTPProber(
                probe,
                of: setup.check,
                settings,
                host: hostname(for: host, probe),
                context: gate.context,
                verified: setup.statistics.verifiedClusters
            ) {
                let share = runtime().fraction("health_check.verify_cluster") ?? .always
                return share.includes(UInt64.random(in: 0..<1_000_000))
            }
        }
    }

    /// The endpoint's own, or the check's, or else the cluster's name.
    private func hostname(for host: SharedHost, _ probe: HealthCheck.HTTPProbe) -> String {
        if !host.endpoint.healthCheckHostname.isEmpty { return host.endpoint.healthCheckHostname }
        return probe.host.isEmpty ? setup.cluster : probe.host
    }

    // MARK: What sessions ask for

    func initialDelay() -> Duration { setup.check.initialDelay(runtime: setup.runtime(), using: &dice) }

    func delay(afterSuccess: Bool, _ change: HealthCheckState.Change) -> Duration {
        setup.check.delay(
            afterSuccess: afterSuccess,
            change,
            hasTraffic: setup.hasTraffic(),
            runtime: setup.runtime(),
            using: &dice
        )
    }

    func schedule(in delay: Duration, _ work: @escaping () -> Void) -> Scheduled<Void> {
        loop.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay), work)
    }

    func count(_ health: HostHealth, by amount: Int) {
        if !health.contains(.failedActiveCheck) { setup.statistics.healthy.add(amount) }
        if health.contains(.degradedActiveCheck) { setup.statistics.degraded.add(amount) }
    }

    // MARK: The first checks

    /// - Returns: Through the continuation, whether all endpoints have been checked once.
    func awaitFirstChecks(_ continuation: CheckedContinuation<Bool, Never>, bound: Duration) {
        guard isMissingChecks else { return continuation.resume(returning: true) }
        lastWaiter += 1
        let number = lastWaiter
        waiters[number] = continuation
        _ = schedule(in: bound) { [weak self] in
            self?.waiters.removeValue(forKey: number)?.resume(returning: false)
        }
    }

    private var isMissingChecks: Bool { sessions.values.contains { !$0.hasBeenChecked } }

    func sessionWasChecked() {
        guard !waiters.isEmpty, !isMissingChecks else { return }
        let done = waiters.values
        waiters = [:]
        for waiter in done { waiter.resume(returning: true) }
    }

    // MARK: The log

    func log(_ event: HealthCheckState.Event, of host: SharedHost) {
        var metadata: Logger.Metadata = ["cluster": "\(setup.cluster)", "endpoint": "\(host.address.text)"]
        switch event {
        case .becameHealthy(let isFirst):
            if isFirst { metadata["first"] = "true" }
            logger.info("an endpoint is healthy", metadata: metadata)
        case .becameUnhealthy(let failure):
            metadata["reason"] = "\(failure.text)"
            logger.warning("an endpoint is unhealthy", metadata: metadata)
        case .failed(let failure, let isFirst):
            if isFirst { metadata["first"] = "true" }
            metadata["reason"] = "\(failure.text)"
            logger.warning("a health check failed", metadata: metadata)
        case .succeeded: logger.info("a health check passed", metadata: metadata)
        case .becameDegraded: logger.warning("an endpoint is degraded", metadata: metadata)
        case .noLongerDegraded: logger.info("an endpoint is no longer degraded", metadata: metadata)
        }
    }
}

@available(*, unavailable)
extension HealthCheckBoard: Sendable {}

extension HealthCheckState.Failure {
    fileprivate var text: String {
        switch self {
        case .answer: "answer"
        case .network: "network"
        case .timeout: "timeout"
        case .passive: "asked for by the endpoint"
        }
    }
}
