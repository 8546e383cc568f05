// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The proxy's numbers under Envoy's names, for whoever shows them.

internal import Synchronization
internal import UnderstudyHTTP
package import UnderstudyCore

extension ProxyServer: StatisticsSource {
    package func statistics() -> [StatisticsScope] {
        let (snapshot, sockets) = state.withLock { ($0.snapshot, $0.sockets.count) }
        var all = snapshot.clusters.map(\.scope)
        var prefixes: Set<String> = []
        for listener in snapshot.listeners {
            let prefix = listener.configuration.connectionManager.statPrefix
            if prefixes.insert(prefix).inserted { all.append(listener.statistics.scope(prefix)) }
            all.append(listener.scope)
        }
        var client = StatisticsScope(.connectionManager("async-client"))
        client.counter("rq_total", snapshot.clusters.reduce(0) { $0 + $1.statistics.copies.current })
        all += [client, serverScope(snapshot), runtime.statistics()]
        all.append(managerScope(snapshot, sockets: sockets))
        return all
    }

    private func serverScope(_ snapshot: ConfigurationSnapshot) -> StatisticsScope {
        var server = StatisticsScope(.part("server"))
        server.gauge("mirror_bytes_held", UInt64(max(0, budget.heldBytes)))
        server.gauge("live", phase == .live ? 1 : 0)
        server.gauge("state", UInt64(phase.rawValue))
        server.gauge("concurrency", UInt64(workers.count))
        let connections = snapshot.listeners.reduce(0) { $0 + $1.listenerStatistics.activeConnections.current }
        server.gauge("total_connections", UInt64(max(0, connections)))
        server.counter("configuration_reload_attempt", serverCounters.attempts)
        server.counter("configuration_reload_success", serverCounters.successes)
        server.counter("configuration_reload_failure", serverCounters.failures)
        return server
    }

    private func managerScope(_ snapshot: ConfigurationSnapshot, sockets: Int) -> StatisticsScope {
        var manager = StatisticsScope(.part("cluster_manager"))
        manager.gauge("active_clusters", UInt64(snapshot.clusters.count))
        return manager
    }
}
