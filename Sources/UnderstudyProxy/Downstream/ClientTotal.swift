// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How many connections clients have in the whole process, and may have.

internal import Synchronization
internal import UnderstudyCore

final class ClientTotal: Sendable {
    private let open = Gauge()
    /// Of the overload manager; `Int.max` leaves it to the runtime.
    private let most = Atomic(Int.max)

    /// Counts where the overload manager has no limit.
    ///
    /// - Source: Envoy, which asks not to use it any more.
    private static let key = "overload.global_downstream_max_connections"

    func set(_ options: OverloadOptions?) {
        most.store(options?.maximumConnections ?? .max, ordering: .relaxed)
    }

    /// Takes a place, if there is one.
    func enter(_ runtime: RuntimeSnapshot) -> Bool {
        var most = most.load(ordering: .relaxed)
        if most == .max, let number = runtime.integer(Self.key) { most = Int(clamping: number) }
        guard open.adding(1) <= most else {
            open.add(-1)
            return false
        }
        return true
    }

    func leave() {
        open.add(-1)
    }
}
