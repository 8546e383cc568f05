// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The running proxy as the admin server sees it.

internal import UnderstudyCore
internal import UnderstudyHTTP
internal import UnderstudyProxy

/// Snapshot values of the server, and the few things that an operator may ask of it.
struct AdminBridge: ServerView, ServerControl {
    let server: ProxyServer
    let logs: LogSystem
    /// As `/server_info` lists it.
    let commandLine: [(name: String, value: ServerInformation.OptionValue)]
    /// Seconds since 1970.
    let start: Int64
    /// Of the admin server itself.
    let counters = ServerCounters()

    func statistics() -> [StatisticsScope] { server.statistics() + [serverScope, adminScope, adminListenerScope] }

    private var adminScope: StatisticsScope {
        var scope = StatisticsScope(.connectionManager("admin"))
        counters.add(to: &scope)
        return scope
    }

    private var adminListenerScope: StatisticsScope {
        var scope = StatisticsScope(.listener("admin"))
        scope.counter("downstream_cx_overflow", counters.overflows)
        return scope
    }

    private var serverScope: StatisticsScope {
        var scope = StatisticsScope(.part("server"))
        scope.gauge("uptime", UInt64(max(0, UnixTime.now - start)))
        scope.gauge("memory_allocated", memory.allocated)
        scope.gauge("memory_heap_size", memory.heapSize)
        scope.gauge("memory_physical_size", memory.resident)
        scope.counter("log_lines_lost", logs.lostLines)
        return scope
    }

    var isReady: Bool { server.isReady }

    var information: ServerInformation {
        var information = ServerInformation()
        let configuration = server.snapshot.configuration
        information.state = server.phase
        information.version = Version.text
        information.serviceCluster = configuration.serviceCluster
        information.serviceNode = configuration.serviceNode
        information.startTime = start
        information.now = UnixTime.now
        information.concurrency = server.concurrency
        information.reload = server.reload
        information.options = commandLine
        return information
    }

    func clusterStatuses() -> [ClusterStatus] { server.clusterStatuses() }
    func listenerStatuses() -> [ListenerStatus] { server.listenerStatuses() }
    func certificates() -> [CertificateStatus] { server.certificates() }
    var document: ConfigurationDocument { server.snapshot.configuration.document }
    var memory: MemoryStatus { MemoryFigures.current() }

    func drainListeners(_ drain: ListenerDrain) async { await server.drainListeners(drain) }
    func failHealthChecks(_ isFailing: Bool) async { await server.failHealthChecks(isFailing) }
    func resetCounters() { server.resetCounters() }

    func reopenLogs() async {
        logs.reopen()
        await server.reopenLogs()
    }

    func quit() { Signals.endByRequest() }
}

enum UnixTime {
    /// Seconds.
    static var now: Int64 { WallClock.nanoseconds() / 1_000_000_000 }
}
