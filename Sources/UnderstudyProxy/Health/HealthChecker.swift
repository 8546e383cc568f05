// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Asks the endpoints of one cluster again and again whether they are well, away from the loops that carry traffic.

public import Logging
internal import NIOCore
public import UnderstudyCore
public import UnderstudyHTTP

/// Sets the health flags of endpoints by what their checks come to.
public final class HealthChecker: Sendable {
    public struct Setup: Sendable {
        public var cluster: String
        public var check: HealthCheck
        public var statistics: HealthCheckStatistics
        public var logger: Logger
        /// `nil` for plain text.
        public var tls: (any ClientSecurity)?
        /// The cluster has had a connection for a request.
        public var hasTraffic: @Sendable () -> Bool = { false }
        public var runtime: @Sendable () -> RuntimeSnapshot = { .empty }
        /// The endpoint may have come into use or fallen out of it.
        public var onChange: @Sendable (SharedHost) -> Void = { _ in }
        /// A check has passed of an endpoint that is well but ejected as an outlier.
        public var onPass: @Sendable (SharedHost) -> Void = { _ in }

        public init(cluster: String, check: HealthCheck, statistics: HealthCheckStatistics, logger: Logger) {
            self.cluster = cluster
            self.check = check
            self.statistics = statistics
            self.logger = logger
        }
    }

    private let loop: ProbeLoop
    private let board: NIOLoopBoundBox<HealthCheckBoard>

    public init(_ setup: Setup, on loop: ProbeLoop) {
        self.loop = loop
        board = NIOLoopBoundBox.makeBoxSendingValue(HealthCheckBoard(setup, loop: loop), eventLoop: loop.eventLoop)
    }

    /// What a new endpoint begins with.
    ///
    /// - Source: measured on Envoy 1.40; `ignore_new_hosts_until_first_hc` concerns endpoints that names resolve to.
    public static func initialHealth(of endpoint: Endpoint, in cluster: Cluster) -> HostHealth {
        guard !cluster.healthChecks.isEmpty, endpoint.isHealthChecked else { return [] }
        guard case .strictDNS = cluster.discovery, cluster.balancing.ignoresUncheckedHosts else {
            return .failedActiveCheck
        }
        return [.failedActiveCheck, .pendingActiveCheck]
    }

    /// These are the endpoints from now on: those that are new are checked, those that are gone no longer.
    public func update(hosts: [SharedHost]) {
        onLoop { $0.update(hosts) }
    }

    /// An answer to a request had `x-envoy-immediate-health-check-fail`.
    ///
    /// Called by workers.
    public func failImmediately(_ host: SharedHost) {
        // Once is enough: an endpoint that says so says it in every answer.
        guard host.set(.excludedByImmediateFailure, true) else { return }
        onLoop { $0.failImmediately(host) }
    }

    /// Waits until every endpoint has been checked once, but no longer than `bound`.
    ///
    /// - Returns: Whether that came about.
    @discardableResult
    public func firstChecksDone(within bound: Duration) async -> Bool {
        await withCheckedContinuation { continuation in
            onLoop { $0.awaitFirstChecks(continuation, bound: bound) }
        }
    }

    /// Ends all checks; the endpoints keep their flags.
    public func stop() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            onLoop {
                $0.stop()
                continuation.resume()
            }
        }
    }

    private func onLoop(_ work: @escaping @Sendable (HealthCheckBoard) -> Void) {
        let board = self.board
        loop.eventLoop.execute { work(board.value) }
    }
}
