// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One configuration as one worker serves it.

internal import UnderstudyCore
internal import UnderstudyHTTP

/// Every exchange keeps the one that it began with.
///
/// Loop-bound.
final class WorkerSnapshot {
    let shared: ConfigurationSnapshot
    let clusters: [WorkerCluster]
    private let worker: Int
    /// By the number of the mirror rules.
    private let ledgers: [MirrorLedger]
    /// Of clusters that requests have named; at most one for each cluster and rule.
    private var namedLedgers: [NamedMirror: MirrorLedger] = [:]

    private struct NamedMirror: Hashable {
        let book: Int
        let cluster: Int
    }

    /// - Parameters:
    ///   - worker: Which worker serves it.
    ///   - old: Its clusters are taken over where they are the same.
    init(_ shared: ConfigurationSnapshot, worker: Int, replacing old: WorkerSnapshot? = nil, loop: LoopContext) {
        self.shared = shared
        self.worker = worker
        let known = Dictionary(
            (old?.clusters ?? []).map { (ObjectIdentifier($0.shared), $0) },
            uniquingKeysWith: { first, _ in first }
        )
        clusters = shared.clusters.map { known[ObjectIdentifier($0)] ?? WorkerCluster($0, loop: loop) }
        ledgers = shared.books.map { MirrorLedger($0, worker: worker) }
    }

    func listener(at slot: Int) -> ListenerChains? { shared.listener(at: slot) }

    /// Where a policy's copies to this cluster are written down; `nil` for no cluster.
    func ledger(_ rule: MirrorRule, _ cluster: Int?) -> MirrorLedger {
        guard case .header = rule.cluster, let cluster else { return ledgers[rule.book] }
        let name = NamedMirror(book: rule.book, cluster: cluster)
        if let ledger = namedLedgers[name] { return ledger }
        let route = ledgers[rule.book].book.key.route
        let key = MirrorKey(route: route, mirror: clusters[cluster].shared.configuration.name)
        let ledger = MirrorLedger(shared.book(key), worker: worker)
        namedLedgers[name] = ledger
        return ledger
    }
}

@available(*, unavailable)
extension WorkerSnapshot: Sendable {}
