// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What an operator sees of the running proxy, and may change.

internal import Logging
internal import NIOCore
internal import NIOPosix
internal import Synchronization
public import UnderstudyCore
internal import UnderstudyHTTP

extension ProxyServer {
    public var phase: ServerState {
        let phase = state.withLock { $0.phase }
        // Envoy calls a server that fails its health checks draining, too.
        return phase == .live && drains.isHealthCheckFailing ? .draining : phase
    }

    public var isReady: Bool { phase == .live }

    /// Event loops that serve.
    public var concurrency: Int { workers.count }

    public var reload: ReloadStatus { state.withLock { $0.reload } }

    public func clusterStatuses() -> [ClusterStatus] { snapshot.clusters.map(\.status) }

    public func listenerStatuses() -> [ListenerStatus] {
        let (snapshot, sockets) = state.withLock { ($0.snapshot, $0.sockets) }
        return sockets.compactMap { socket in
            guard let address = socket.listener.localAddress else { return nil }
            let name = snapshot.listener(at: socket.slot)?.listener.configuration.name ?? socket.key
            return ListenerStatus(name: name, address: NetworkAddress(address))
        }
    }

    // MARK: Changes

    public func failHealthChecks(_ isFailing: Bool) async {
        guard drains.isHealthCheckFailing != isFailing else { return }
        drains.failHealthChecks(isFailing)
        logger.warning(isFailing ? "health checks are failed by request" : "health checks pass again by request")
    }

    public func drainListeners(_ drain: ListenerDrain) async {
        let isMeant: @Sendable (SharedListener) -> Bool = { !drain.onlyInbound || $0.configuration.isInbound }
        logger.info("draining listeners by request", metadata: ["graceful": "\(drain.isGraceful)"])
        drains.beginDrain(onlyInbound: drain.onlyInbound)
        if drain.isGraceful {
            guard !drain.skipsExit else { return }
            // In its own time: whoever asked is not kept waiting.
            Task { [group, options] in
                let drainTime = group.next().scheduleTask(in: options.drainTime) {}.futureResult
                // It fails if the process ends before, and then there is nothing left to drain.
                guard (try? await drainTime.get()) != nil else { return }
                await self.closeListeners(isMeant)
                for worker in self.workers { worker.execute { $0.drain(isMeant) } }
            }
            return
        }
        await closeListeners(isMeant)
        for worker in workers { await worker.submit { $0.drain(isMeant) } }
    }

    /// Opens access logs anew, as after a rotation.
    public func reopenLogs() async { await logs.reopenAll() }

    public func resetCounters() {
        for scope in statistics() { scope.resetCounters() }
        for cluster in snapshot.clusters { cluster.statistics.resetAnswers() }
        for book in store.books { book.reset() }
    }
}

extension SharedCluster {
    var status: ClusterStatus {
        var status = ClusterStatus(name: configuration.name)
        status.circuitBreakers = configuration.circuitBreakers
        status.detectsOutliers = outliers != nil
        status.observabilityName = configuration.statName.isEmpty ? configuration.name : configuration.statName
        if let averages = outliers?.averages {
            status.successRateMean = averages.external?.mean
            status.successRateThreshold = averages.external?.threshold
            status.localOriginSuccessRateMean = averages.localOrigin?.mean
            status.localOriginSuccessRateThreshold = averages.localOrigin?.threshold
        }
        status.hosts = hostList.hosts.map { host in
            var status = host.status
            if let rates = outliers?.successRates(of: host) {
                status.successRate = rates.external
                status.localOriginSuccessRate = rates.localOrigin
            }
            return status
        }
        return status
    }
}

extension SharedHost {
    fileprivate var status: HostStatus {
        var status = HostStatus()
        status.address = NetworkAddress(address)
        status.hostname = String(decoding: hostname, as: UTF8.self)
        status.connectionsActive = UInt64(max(0, counters.activeConnections.current))
        status.connectionFailures = counters.connectFailures.current
        status.connectionsTotal = counters.connections.current
        status.requestsActive = UInt64(max(0, counters.activeRequests.current))
        status.requestErrors = counters.requestErrors.current
        status.requestSuccesses = counters.requestSuccesses.current
        status.requestTimeouts = counters.requestTimeouts.current
        status.requestsTotal = counters.requests.current
        status.health = health
        status.weight = endpoint.weight
        status.locality = endpoint.locality
        status.priority = endpoint.priority
        return status
    }
}
