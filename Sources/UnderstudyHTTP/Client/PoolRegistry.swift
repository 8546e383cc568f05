// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The pools of a loop, for the rare moment when one of them needs a descriptor that another keeps without using it.

/// Loop-bound.
public final class PoolRegistry {
    private struct Entry {
        weak var pool: (any ClientPool)?
    }

    private var pools: [ObjectIdentifier: Entry] = [:]
    /// Where connections to primaries are counted; `nil` for no limit.
    public var places: UpstreamPlaces?

    func insert(_ pool: any ClientPool) {
        pools[ObjectIdentifier(pool)] = Entry(pool: pool)
    }

    func remove(_ pool: any ClientPool) {
        pools[ObjectIdentifier(pool)] = nil
    }

    /// Closes one idle connection to any upstream.
    ///
    /// - Parameter sparingCopies: Those of copies would make no room.
    /// - Returns: Whether there was one.
    @discardableResult
    public func makeRoom(sparingCopies: Bool = false) -> Bool {
        pools.values.contains { $0.pool?.closeOneIdle(sparingCopies: sparingCopies) == true }
    }

    /// Makes sure that another connection to a primary does not leave more idle ones than may be kept.
    func makePlace() {
        guard let places, places.isFull, !makeRoom(sparingCopies: true) else { return }
        places.want()
    }
}

@available(*, unavailable)
extension PoolRegistry: Sendable {}
