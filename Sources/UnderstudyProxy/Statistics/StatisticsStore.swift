// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The numbers by name: whatever is called the same in a later configuration goes on counting where it was.

internal import Synchronization
internal import UnderstudyCore
internal import UnderstudyHTTP

public final class StatisticsStore: Sendable {
    private struct Tables {
        var clusters: [String: ClusterStatistics] = [:]
        var managers: [String: ManagerStatistics] = [:]
        var listeners: [String: ListenerStatistics] = [:]
        var connectionLimits: [String: ConnectionLimitStatistics] = [:]
        /// By the listener's key, and then by the number of a filter; the connections of the listener itself first.
        var openConnections: [String: [Gauge]] = [:]
        var books: [MirrorKey: MirrorBook] = [:]
        var forgottenCopies: UInt64 = 0
    }

    private let tables = Mutex(Tables())
    let underscores = UnderscoreCounters()
    /// Of all clients.
    let http2 = HTTP2Counters()
    let inspections = InspectionStatistics()

    private let workers: Int

    /// - Parameter workers: Who write into the books of mirrors.
    public init(workers: Int = 1) {
        self.workers = workers
    }

    func cluster(_ name: String) -> ClusterStatistics {
        tables.withLock { Self.entry(name, in: &$0.clusters) { ClusterStatistics() } }
    }

    func manager(_ prefix: String) -> ManagerStatistics {
        tables.withLock {
            Self.entry(prefix, in: &$0.managers) { ManagerStatistics(underscores: underscores, http2: http2) }
        }
    }

    func listener(_ name: String) -> ListenerStatistics {
        tables.withLock { Self.entry(name, in: &$0.listeners) { ListenerStatistics() } }
    }

    func connectionLimit(_ prefix: String) -> ConnectionLimitStatistics {
        tables.withLock { Self.entry(prefix, in: &$0.connectionLimits) { ConnectionLimitStatistics() } }
    }

    /// The connections of a listener, or those that one of its filters counts.
    func openConnections(_ listener: String, limit: Int? = nil) -> Gauge {
        let place = limit.map { $0 + 1 } ?? 0
        return tables.withLock { tables in
            var gauges = tables.openConnections[listener] ?? []
            while gauges.count <= place { gauges.append(Gauge()) }
            tables.openConnections[listener] = gauges
            return gauges[place]
        }
    }

    func book(_ key: MirrorKey) -> MirrorBook {
        tables.withLock { Self.entry(key, in: &$0.books) { MirrorBook(key, workers: workers) } }
    }

    /// Sorted by route and mirror.
    var books: [MirrorBook] {
        tables.withLock { Array($0.books.values) }.sorted {
            ($0.key.route, $0.key.mirror) < ($1.key.route, $1.key.mirror)
        }
    }

    /// Forgets the other books, but for those that still have copies in flight: they go with a later call.
    func keepBooks(where isKept: (MirrorKey) -> Bool) {
        tables.withLock { tables in
            let gone = tables.books.filter { !isKept($0.key) && $0.value.counts.inFlight == 0 }
            for (key, book) in gone {
                tables.books[key] = nil
                tables.forgottenCopies &+= book.counts.copies
            }
        }
    }

    /// Copies in books that are forgotten.
    var forgottenCopies: UInt64 { tables.withLock { $0.forgottenCopies } }

    /// Forgets what no configuration in use has any more, so that many reloads do not pile up names.
    func keep(
        clusters: Set<String>,
        managers: Set<String>,
        listeners: Set<String>,
        listenerKeys: Set<String>,
        connectionLimits: Set<String>
    ) {
        tables.withLock { tables in
            tables.clusters = tables.clusters.filter { clusters.contains($0.key) }
            tables.managers = tables.managers.filter { managers.contains($0.key) }
            tables.listeners = tables.listeners.filter { listeners.contains($0.key) }
            tables.openConnections = tables.openConnections.filter { listenerKeys.contains($0.key) }
            tables.connectionLimits = tables.connectionLimits.filter { connectionLimits.contains($0.key) }
        }
    }

    private static func entry<Name: Hashable, Value>(
        _ name: Name,
        in table: inout [Name: Value],
        make: () -> Value
    ) -> Value {
        if let value = table[name] { return value }
        let value = make()
        table[name] = value
        return value
    }
}
