// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is counted of configurations, and of the clusters and listeners in them.

internal import UnderstudyCore

final class ServerStatistics: Sendable {
    // How often the configuration was loaded again.
    let reloadAttempts = Counter()
    let reloadSuccesses = Counter()
    let reloadFailures = Counter()
    // Under `cluster_manager.`.
    let clustersAdded = Counter()
    let clustersModified = Counter()
    let clustersRemoved = Counter()
    // Under `listener_manager.`.
    let listenersAdded = Counter()
    let listenersModified = Counter()
    let listenersRemoved = Counter()
    let listenersOpened = Counter()
    let listenerFailures = Counter()
    /// Milliseconds from the begin of the process's work to its first listener.
    let startTime = Histogram()

    /// A configuration is in use.
    ///
    /// - Parameters:
    ///   - old: `nil` at the start.
    ///   - opened: Sockets that are listened on anew.
    func count(_ snapshot: ConfigurationSnapshot, replacing old: ConfigurationSnapshot?, opened: Int) {
        listenersOpened.add(UInt64(opened))
        let clusters = Change(
            from: old?.configuration.clusters.map { ($0.name, $0) } ?? [],
            to: snapshot.configuration.clusters.map { ($0.name, $0) }
        )
        clustersAdded.add(clusters.added)
        clustersModified.add(clusters.modified)
        clustersRemoved.add(clusters.removed)
        let listeners = Change(
            from: old?.configuration.listeners.map { (ProxyServer.key($0), $0) } ?? [],
            to: snapshot.configuration.listeners.map { (ProxyServer.key($0), $0) }
        )
        listenersAdded.add(listeners.added)
        listenersModified.add(listeners.modified)
        listenersRemoved.add(listeners.removed)
    }

    private struct Change {
        var added: UInt64 = 0
        var modified: UInt64 = 0
        var removed: UInt64 = 0

        init<Value: Equatable>(from old: [(String, Value)], to new: [(String, Value)]) {
            var known = Dictionary(old, uniquingKeysWith: { first, _ in first })
            for (name, value) in new {
                guard let before = known.removeValue(forKey: name) else {
                    added += 1
                    continue
                }
                if before != value { modified += 1 }
            }
            removed = UInt64(known.count)
        }
    }
}
