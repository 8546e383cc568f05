// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What clusters need around them to look after their endpoints.

public import Logging
internal import Synchronization
public import UnderstudyCore
internal import UnderstudyHTTP

public struct ClusterEnvironment: Sendable {
    let logger: Logger
    let runtime: @Sendable () -> RuntimeSnapshot
    let probes: ProbeLoop
    /// For clusters that serve no clients when they are made: their endpoints take neither time nor places from others.
    let mirrorProbes: ProbeLoop

    public init(
        logger: Logger,
        runtime: @escaping @Sendable () -> RuntimeSnapshot,
        probes: ProbeLoop,
        mirrorProbes: ProbeLoop
    ) {
        self.logger = logger
        self.runtime = runtime
        self.probes = probes
        self.mirrorProbes = mirrorProbes
    }

    func outlierService(
        _ cluster: Cluster,
        _ statistics: ClusterStatistics,
        onChange: @escaping @Sendable () -> Void
    ) -> OutlierService? {
        guard let detection = cluster.outlierDetection else { return nil }
        var setup = OutlierService.Setup(
            cluster: cluster.name,
            detection: detection,
            statistics: statistics.outliers,
            logger: logger
        )
        setup.runtime = runtime
        setup.onChange = { _ in onChange() }
        return OutlierService(setup)
    }

    func healthCheckers(
        _ cluster: Cluster,
        _ statistics: ClusterStatistics,
        _ outliers: OutlierService?,
        _ tls: ClientTLSContext?,
        on probes: ProbeLoop,
        onChange: @escaping @Sendable () -> Void
    ) -> [HealthChecker] {
        cluster.healthChecks.map { check in
            var setup = HealthChecker.Setup(
                cluster: cluster.name,
                check: check,
                statistics: statistics.healthChecks,
                logger: logger
            )
            setup.tls = tls?.forChecks
            setup.hasTraffic = { statistics.upstream.connections.isUsed }
            setup.runtime = runtime
            setup.onChange = { _ in onChange() }
            setup.onPass = { outliers?.passedCheck($0) }
            return HealthChecker(setup, on: probes)
        }
    }
}

/// Whom to tell, set once that somebody exists.
final class ChangeHook: Sendable {
    private let body = Mutex<(@Sendable () -> Void)?>(nil)

    func set(_ body: @escaping @Sendable () -> Void) {
        self.body.withLock { $0 = body }
    }

    func call() {
        body.withLock { $0 }?()
    }
}
