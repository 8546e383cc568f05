// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The numbers by name: whatever is called the same in a later configuration goes on counting where it was.

internal import Synchronization

package final class StatisticsStore: Sendable {
    private struct Tables {
        var clusters: [String: ClusterStatistics] = [:]
        var managers: [String: ManagerStatistics] = [:]
        var listeners: [String: ListenerStatistics] = [:]
    }

    private let tables = Mutex(Tables())

    package init() {}

    func cluster(_ name: String) -> ClusterStatistics {
        tables.withLock { Self.entry(name, in: &$0.clusters) { ClusterStatistics() } }
    }

    func manager(_ prefix: String) -> ManagerStatistics {
        tables.withLock { Self.entry(prefix, in: &$0.managers) { ManagerStatistics() } }
    }

    func listener(_ name: String) -> ListenerStatistics {
        tables.withLock { Self.entry(name, in: &$0.listeners) { ListenerStatistics() } }
    }

    /// Forgets what no configuration in use has any more, so that many reloads do not pile up names.
    func keep(clusters: Set<String>, managers: Set<String>, listeners: Set<String>) {
        tables.withLock { tables in
            tables.clusters = tables.clusters.filter { clusters.contains($0.key) }
            tables.managers = tables.managers.filter { managers.contains($0.key) }
            tables.listeners = tables.listeners.filter { listeners.contains($0.key) }
        }
    }

    private static func entry<Value>(
        _ name: String,
        in table: inout [String: Value],
        make: () -> Value
    ) -> Value {
        if let value = table[name] { return value }
        let value = make()
        table[name] = value
        return value
    }
}
