// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How many of the process's descriptors clients may have, so that some are left for what they ask for.

internal import Synchronization

/// Shared by all listeners of the process.
public final class ClientPlaces: Sendable {
    private let places: ResourceLimit
    private let isAwaited = Atomic(false)
    private let waiting = Mutex<[@Sendable () -> Void]>([])

    public init(_ maximum: Int) {
        places = ResourceLimit(max(1, maximum))
    }

    public var maximum: Int { places.maximum }

    public var current: Int { max(0, places.current) }

    var isFull: Bool { places.isExhausted }

    /// A client has been accepted; a listener may go past the limit by the few that it accepts in one turn.
    func take() {
        places.take()
    }

    func free() {
        places.free()
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if isAwaited.load(ordering: .sequentiallyConsistent) { wake() }
    }

    /// Calls `body` once when there may be a place, from any thread.
    func wait(_ body: @escaping @Sendable () -> Void) {
        waiting.withLock { $0.append(body) }
        isAwaited.store(true, ordering: .sequentiallyConsistent)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        // The last one may have left before it could know.
        if !isFull { wake() }
    }

    private func wake() {
        isAwaited.store(false, ordering: .sequentiallyConsistent)
        let all = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        for body in all { body() }
    }
}
