// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the admin server sees until the proxy itself tells it.

internal import UnderstudyCore
internal import UnderstudyProxy

/// A proxy of which only the numbers and the runtime are known.
struct AdminBridge: ServerView, ServerControl {
    let server: ProxyServer

    func statistics() -> [Statistic] { server.statistics() }
    var isReady: Bool { server.isReady }

    var information: ServerInformation {
        var information = ServerInformation()
        information.state = isReady ? .live : .draining
        information.version = Version.text
        return information
    }

    func clusterStatuses() -> [ClusterStatus] { [] }
    func listenerStatuses() -> [ListenerStatus] { [] }
    var document: ConfigurationDocument { ConfigurationDocument() }
    var memory: MemoryStatus { MemoryStatus() }

    func drainListeners(_ drain: ListenerDrain) async {}
    func failHealthChecks(_ isFailing: Bool) async {}
    func resetCounters() {}
    func reopenLogs() async {}
    func quit() {}
}
