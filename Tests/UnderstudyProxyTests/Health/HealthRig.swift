// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A cluster's endpoints on loopback, its checker, and what the checker has told.

import Logging
import NIOCore
import NIOPosix
import TestSupport
import UnderstudyCore
import UnderstudyHTTP
import UnderstudyProxy

/// Keeps the lines that a service logs.
struct RecordingLogHandler: LogHandler {
    let lines: Watched<[String]>
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let facts = (event.metadata ?? [:]).filter { $0.key != "endpoint" }.sorted { $0.key < $1.key }
        let text = facts.map { " \($0.key)=\($0.value)" }.joined()
        lines.update { $0.append("\(event.level): \(event.message)" + text) }
    }

    static func logger(_ lines: Watched<[String]>) -> Logger {
        Logger(label: "test") { _ in RecordingLogHandler(lines: lines) }
    }
}

extension SharedHost {
    static func local(
        _ port: Int,
        _ health: HostHealth = .failedActiveCheck,
        monitor: OutlierMonitor? = nil,
        hostname: String = "",
        _ change: (inout Endpoint) -> Void = { _ in }
    ) throws -> SharedHost {
        var endpoint = Endpoint(address: SocketEndpoint(host: "127.0.0.1", port: UInt16(port)))
        change(&endpoint)
        return SharedHost(
            address: try SocketAddress(ipAddress: "127.0.0.1", port: port),
            hostname: Array(hostname.utf8),
            endpoint: endpoint,
            health: health,
            outlierMonitor: monitor
        )
    }
}

/// A checker whose changes can be waited for.
struct HealthRig {
    let checker: HealthChecker
    let statistics = HealthCheckStatistics()
    let lines = Watched<[String]>([])
    /// The endpoints' flags at each change.
    let changes = Watched<[HostHealth]>([])
    let passes = Watched(0)

    /// Intervals are short, and nothing times out, unless `change` has others.
    init(
        _ probe: HealthCheck.Probe = .http(HealthCheck.HTTPProbe(path: "/healthz")),
        mostProbes: Int = 256,
        tls: (any ClientSecurity)? = nil,
        _ change: (inout HealthCheck) -> Void = { _ in }
    ) {
        var check = HealthCheck(
            probe,
            timeout: .seconds(3600),
            interval: .milliseconds(1),
            unhealthyThreshold: 2,
            healthyThreshold: 2
        )
        check.noTrafficInterval = .milliseconds(1)
        change(&check)
        var setup = HealthChecker.Setup(
            cluster: "up",
            check: check,
            statistics: statistics,
            logger: RecordingLogHandler.logger(lines)
        )
        setup.tls = tls
        setup.onChange = { [changes] host in changes.update { $0.append(host.health) } }
        setup.onPass = { [passes] _ in passes.update { $0 += 1 } }
        let loop = ProbeLoop(MultiThreadedEventLoopGroup.singleton.next(), mostProbes: mostProbes)
        checker = HealthChecker(setup, on: loop)
    }

    /// The flags at this change, from 0.
    func change(_ index: Int) async throws -> HostHealth {
        try await changes.wait("change number \(index)") { $0.count > index }[index]
    }
}
