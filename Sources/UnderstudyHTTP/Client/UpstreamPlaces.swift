// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How many of the process's descriptors connections to primaries keep, and who is asked for one when there is none left.

internal import Synchronization

/// Shared by all loops of a proxy.
public final class UpstreamPlaces: Sendable {
    private let places: ResourceLimit
    private let ask = Mutex<(@Sendable () -> Void)?>(nil)
    private let isAsking = Atomic(false)

    /// - Parameter maximum: Connections, beyond which idle ones are closed rather than kept; busy ones have no limit
    ///   here.
    public init(_ maximum: Int) {
        places = ResourceLimit(max(1, maximum))
    }

    /// No further connection would be kept.
    var isFull: Bool { places.isExhausted }
    /// There are more than are kept.
    var isCrowded: Bool { places.current > places.maximum }

    func take() { places.take() }

    func free() { places.free() }

    /// Sets what has every loop close an idle connection, and calls `roomWasMade` when all have.
    public func onWant(_ body: @escaping @Sendable () -> Void) {
        ask.withLock { $0 = body }
    }

    /// Somebody needs a descriptor or a place, and there is none.
    ///
    /// Once at a time, however many do.
    public func want() {
        guard !isAsking.exchange(true, ordering: .relaxed) else { return }
        guard let ask = ask.withLock({ $0 }) else { return roomWasMade() }
        ask()
    }

    public func roomWasMade() {
        isAsking.store(false, ordering: .relaxed)
    }
}
