// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One configuration as one worker serves it.

internal import UnderstudyHTTP

/// Every exchange keeps the one that it began with.
///
/// Loop-bound.
final class WorkerSnapshot {
    let shared: ConfigurationSnapshot
    let clusters: [WorkerCluster]

    /// - Parameter old: Its clusters are taken over where they are the same.
    init(_ shared: ConfigurationSnapshot, replacing old: WorkerSnapshot? = nil, loop: LoopContext) {
        self.shared = shared
        let known = Dictionary(
            (old?.clusters ?? []).map { (ObjectIdentifier($0.shared), $0) },
            uniquingKeysWith: { first, _ in first }
        )
        clusters = shared.clusters.map { known[ObjectIdentifier($0)] ?? WorkerCluster($0, loop: loop) }
    }

    func listener(at slot: Int) -> SharedListener? { shared.listener(at: slot) }
}

@available(*, unavailable)
extension WorkerSnapshot: Sendable {}
