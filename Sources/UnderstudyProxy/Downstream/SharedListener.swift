// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A listening socket's configuration and its filter chains, and the numbers that all workers add to.

internal import NIOCore
public import UnderstudyCore
internal import UnderstudyHTTP

/// Immutable; a later configuration of the same socket is another of these under the same `slot`.
public final class SharedListener: Sendable {
    public let configuration: Listener
    /// Which socket it is, for as long as the process lives.
    public let slot: Int
    public let statistics: ListenerStatistics
    /// A line of each for every connection.
    let connectionLogs: OpenLogs
    /// The connections that it has.
    private let open: Gauge
    /// The runtime key that bounds them.
    private let openKey: String

    init(
        _ configuration: Listener,
        slot: Int,
        store: StatisticsStore,
        logs: AccessLogRegistry
    ) throws(ConfigurationFault) {
        self.configuration = configuration
        self.slot = slot
        statistics = store.listener(configuration.statName)
        open = store.openConnections(ProxyServer.key(configuration))
        openKey = "envoy.resource_limits.listener.\(configuration.name).connection_limit"
        do throws(AccessLogFault) {
            connectionLogs = try OpenLogs(configuration.accessLogs, logs)
        } catch {
            throw .accessLog(error)
        }
    }

    /// Takes a place for a connection, if there is one.
    func enter(_ runtime: RuntimeSnapshot) -> Bool {
        guard open.adding(1) <= runtime.integer(openKey).map({ Int(clamping: $0) }) ?? .max else {
            open.add(-1)
            return false
        }
        return true
    }

    func leave() {
        open.add(-1)
    }
}

extension Listener {
    /// What stands between `listener.` and the names of its statistics.
    public var statName: String { statPrefix.isEmpty ? address.description : statPrefix }
}
