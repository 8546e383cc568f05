// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What an operator sees of the mirrors, and may switch off.

internal import Logging
internal import Synchronization
public import UnderstudyCore
internal import UnderstudyHTTP

extension ProxyServer: MirrorControl {
    public func mirroring() -> MirroringStatus { mirroring(of: store.books) }

    private func mirroring(of books: [MirrorBook]) -> MirroringStatus {
        var status = MirroringStatus()
        let clusters = snapshot.clusters
        status.isEnabled = accounts.isEnabled
        status.bufferedBytes = accounts.bufferedBytes
        status.connections = MirroringStatus.Budget(
            used: UInt64(max(0, accounts.connections.current)),
            most: UInt64(max(0, accounts.connections.maximum))
        )
        let enabled = Dictionary(
            clusters.map { ($0.configuration.name, $0.mirrorAccount.isEnabled) },
            uniquingKeysWith: { first, _ in first }
        )
        status.entries = books.map { book in
            var entry = MirroringStatus.Entry(book.key, book.counts)
            entry.primaryTime = book.primaryTime.current
            entry.mirrorTime = book.mirrorTime.current
            entry.isEnabled = status.isEnabled && enabled[book.key.mirror] ?? true
            return entry
        }
        status.copies = MirroringStatus.Budget(
            used: UInt64(max(0, accounts.copies.current)),
            most: UInt64(accounts.copies.maximum)
        )
        let named = Set(status.entries.map(\.key.mirror))
        status.clusters =
            clusters
            .filter { named.contains($0.configuration.name) || !$0.mirrorAccount.isEnabled }
            .map { cluster in
                var status = MirroringStatus.Cluster(
                    cluster.configuration.name,
                    bufferedBytes: cluster.mirrorAccount.bufferedBytes
                )
                status.isEnabled = cluster.mirrorAccount.isEnabled
                return status
            }
            .sorted { $0.name < $1.name }
        return status
    }

    /// Idle connections that one worker keeps must not be another's want.
    func shareConnections() {
        let asked = Gauge()
        upstreamPlaces.onWant { [upstreamPlaces, workers] in
            asked.set(workers.count)
            for worker in workers {
                worker.execute { worker in
                    worker.loop.pools.makeRoom()
                    if asked.adding(-1) == 0 { upstreamPlaces.roomWasMade() }
                }
            }
        }
        let missing = Gauge()
        accounts.roomIsWanted.set { [accounts, workers] in
            missing.set(workers.count)
            for worker in workers {
                worker.execute { worker in
                    if accounts.connections.isExhausted { worker.loop.resting.closeLongest() }
                    if missing.adding(-1) == 0 { accounts.roomWasMade() }
                }
            }
        }
    }

    public func setMirroring(_ isEnabled: Bool, mirror: String?) async -> MirrorSwitchResult {
        let changed: Bool
        if let mirror {
            guard let account = accounts.known(mirror) else {
                return .unknown(snapshot.clusters.map(\.configuration.name).sorted())
            }
            changed = account.setEnabled(isEnabled)
        } else {
            changed = accounts.setEnabled(isEnabled)
        }
        // A loop that was in the middle of a request has ended it when this returns.
        for worker in workers { await worker.submit { _ in } }
        guard changed else { return .unchanged }
        logger.warning(
            isEnabled ? "mirrors are switched on by request" : "mirrors are switched off by request",
            metadata: ["mirror": "\(mirror ?? "all")"]
        )
        return .switched
    }

    /// All that is counted of copies.
    func mirrorScopes() -> [StatisticsScope] {
        let books = store.books
        let status = mirroring(of: books)
        var client = StatisticsScope(.connectionManager("async-client"))
        client.counter("rq_total", status.entries.reduce(store.forgottenCopies) { $0 &+ $1.counts.copies })
        var total = StatisticsScope(.part("mirrors"))
        total.gauge("enabled", status.isEnabled ? 1 : 0)
        total.gauge("shed", accounts.isSheddingCopies ? 1 : 0)
        total.gauge("copies_in_flight", status.copies.used)
        total.gauge("copies_max", status.copies.most)
        total.gauge("buffered_bytes", status.bufferedBytes.used)
        total.gauge("buffered_bytes_max", status.bufferedBytes.most)
        total.gauge("connections", status.connections.used)
        total.gauge("connections_max", status.connections.most)
        return [client, total] + zip(books, status.entries).map { $0.scope(of: $1) }
    }
}

extension MirrorBook {
    /// - Parameter entry: What the book had at one time, so that the numbers balance.
    fileprivate func scope(of entry: MirroringStatus.Entry) -> StatisticsScope {
        var scope = StatisticsScope(.mirror(key))
        let counts = entry.counts
        scope.gauge("enabled", entry.isEnabled ? 1 : 0)
        scope.counter("requests", counts.requests)
        scope.gauge("in_flight", counts.inFlight)
        for outcome in MirrorOutcome.allCases { scope.counter("outcomes.\(outcome.label)", counts[outcome]) }
        scope.histogram("primary_time_ms", primaryTime)
        scope.histogram("mirror_time_ms", mirrorTime)
        return scope
    }
}
