// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The proxy's numbers under Envoy's names, for whoever shows them.

internal import Synchronization
package import UnderstudyCore
internal import UnderstudyHTTP

extension ProxyServer: StatisticsSource {
    package func statistics() -> [StatisticsScope] {
        let (snapshot, sockets) = state.withLock { ($0.snapshot, $0.sockets.count) }
        var all = snapshot.clusters.map(\.scope)
        var prefixes: Set<String> = []
        for listener in snapshot.listeners {
            let prefix = listener.configuration.connectionManager.statPrefix
            if prefixes.insert(prefix).inserted {
                let filtersChecks = snapshot.listeners.contains {
                    let manager = $0.configuration.connectionManager
                    return manager.statPrefix == prefix && !manager.healthCheckFilters.isEmpty
                }
                all.append(listener.statistics.scope(prefix, filtersChecks: filtersChecks))
            }
            all.append(listener.scope)
        }
        all += mirrorScopes()
        all += [serverScope(snapshot), runtime.statistics()]
        all += [clusterManagerScope(snapshot), listenerManagerScope(sockets)]
        all.append(fileScope)
        return all
    }

    private func serverScope(_ snapshot: ConfigurationSnapshot) -> StatisticsScope {
        var server = StatisticsScope(.part("server"))
        server.gauge("live", phase == .live ? 1 : 0)
        server.gauge("state", UInt64(phase.rawValue))
        server.gauge("concurrency", UInt64(workers.count))
        let connections = snapshot.listeners.reduce(0) { $0 + $1.listenerStatistics.activeConnections.current }
        server.gauge("total_connections", UInt64(max(0, connections)))
        server.histogram("initialization_time_ms", serverStatistics.startTime)
        // As Envoy tells of a server without certificates and without hot restart.
        server.gauge("days_until_first_cert_expiring", UInt64(UInt32.max))
        server.gauge("hot_restart_epoch", 0)
        server.gauge("parent_connections", 0)
        server.counter("configuration_reload_attempt", serverStatistics.reloadAttempts)
        server.counter("configuration_reload_success", serverStatistics.reloadSuccesses)
        server.counter("configuration_reload_failure", serverStatistics.reloadFailures)
        return server
    }

    private var fileScope: StatisticsScope {
        var files = StatisticsScope(.part("filesystem"))
        for value in logs.statistics.statistics() {
            let name = String(value.name.dropFirst("filesystem.".count))
            if name == "write_total_buffered" {
                files.gauge(name, value.value)
            } else {
                files.counter(name, value.value)
            }
        }
        return files
    }

    private func clusterManagerScope(_ snapshot: ConfigurationSnapshot) -> StatisticsScope {
        var manager = StatisticsScope(.part("cluster_manager"))
        manager.gauge("active_clusters", UInt64(snapshot.clusters.count))
        manager.gauge("warming_clusters", 0)
        manager.counter("cluster_added", serverStatistics.clustersAdded)
        manager.counter("cluster_modified", serverStatistics.clustersModified)
        manager.counter("cluster_removed", serverStatistics.clustersRemoved)
        return manager
    }

    private func listenerManagerScope(_ sockets: Int) -> StatisticsScope {
        var manager = StatisticsScope(.part("listener_manager"))
        manager.gauge("total_listeners_active", UInt64(sockets))
        manager.gauge("total_listeners_warming", 0)
        manager.gauge("total_listeners_draining", drains.isDraining ? UInt64(sockets) : 0)
        manager.gauge("workers_started", phase == .preInitializing ? 0 : 1)
        manager.counter("listener_added", serverStatistics.listenersAdded)
        manager.counter("listener_modified", serverStatistics.listenersModified)
        manager.counter("listener_removed", serverStatistics.listenersRemoved)
        manager.counter("listener_create_success", serverStatistics.listenersOpened)
        manager.counter("listener_create_failure", serverStatistics.listenerFailures)
        return manager
    }
}
