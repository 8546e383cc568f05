// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The proxy's numbers under Envoy's names, for whoever shows them.

internal import Synchronization
public import UnderstudyCore
internal import UnderstudyHTTP

extension ProxyServer: StatisticsSource {
    public func statistics() -> [StatisticsScope] {
        let (snapshot, sockets) = state.withLock { ($0.snapshot, $0.sockets.count) }
        var all = snapshot.clusters.map(\.scope)
        var prefixes: Set<String> = []
        for chain in snapshot.chains {
            let prefix = chain.configuration.connectionManager.statPrefix
            guard prefixes.insert(prefix).inserted else { continue }
            let filtersChecks = snapshot.chains.contains {
                let manager = $0.configuration.connectionManager
                return manager.statPrefix == prefix && !manager.healthCheckFilters.isEmpty
            }
            all.append(chain.statistics.scope(prefix, filtersChecks: filtersChecks))
        }
        all += snapshot.listeners.map(\.scope)
        for prefix in Set(snapshot.chains.flatMap(\.configuration.connectionLimits).map(\.statPrefix)) {
            all.append(store.connectionLimit(prefix).scope(prefix))
        }
        all.append(overload.statistics(snapshot.configuration.overload))
        all += mirrorScopes()
        all += [serverScope(snapshot), runtime.statistics()]
        all += [clusterManagerScope(snapshot), listenerManagerScope(sockets)]
        all += [fileScope, codecScope, http2Scope, store.inspections.scope]
        return all
    }

    private func serverScope(_ snapshot: ConfigurationSnapshot) -> StatisticsScope {
        var server = StatisticsScope(.part("server"))
        server.gauge("live", phase == .live ? 1 : 0)
        server.gauge("state", UInt64(phase.rawValue))
        server.gauge("concurrency", UInt64(workers.count))
        let connections = snapshot.listeners.reduce(0) { $0 + $1.statistics.activeConnections.current }
        server.gauge("total_connections", UInt64(max(0, connections)))
        server.gauge("client_descriptors", UInt64(clientPlaces.current))
        server.gauge("client_descriptors_max", UInt64(clientPlaces.maximum))
        server.histogram("initialization_time_ms", serverStatistics.startTime)
        // As Envoy tells of a server without certificates.
        server.gauge("days_until_first_cert_expiring", daysUntilExpiry ?? UInt64(UInt32.max))
        server.gauge("hot_restart_epoch", 0)
        server.gauge("parent_connections", 0)
        server.counter("configuration_reload_attempt", serverStatistics.reloadAttempts)
        server.counter("configuration_reload_success", serverStatistics.reloadSuccesses)
        server.counter("configuration_reload_failure", serverStatistics.reloadFailures)
        return server
    }

    private var codecScope: StatisticsScope {
        var codec = StatisticsScope(.part("http1"))
        codec.counter("dropped_headers_with_underscores", store.underscores.droppedHeaders)
        codec.counter("requests_rejected_with_underscores_in_headers", store.underscores.rejectedRequests)
        return codec
    }

    /// Of clients; each cluster has its own.
    private var http2Scope: StatisticsScope {
        var codec = StatisticsScope(.part("http2"))
        store.http2.add(to: &codec, prefix: "")
        return codec
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
