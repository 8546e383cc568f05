// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Where a histogram counts. Workers add to it at every request, so there is no lock and no reference count on the way.
//
// Unsafe because the counts are allocated at the first record and reached by a pointer: a class reference would cost
// two contended atomic operations per record. The pointer is set once, never changes, and is freed in `deinit`.

internal import Synchronization

/// Counts by bin, allocated once and only if needed; safe to share.
@safe struct LazyCounts: ~Copyable, @unchecked Sendable {
    private let first = unsafe Atomic<UnsafeMutablePointer<Atomic<UInt32>>?>(nil)
    private let count: Int

    init(count: Int) {
        self.count = count
    }

    /// - Parameter index: Below `count`.
    func add(at index: Int) {
        precondition(index >= 0 && index < count)
        let counts = unsafe first.load(ordering: .acquiring) ?? allocate()
        unsafe counts[index].wrappingAdd(1, ordering: .relaxed)
    }

    var isAllocated: Bool { unsafe first.load(ordering: .relaxed) != nil }

    /// Calls `body` for every count that is not zero, in ascending order, and sets it to zero.
    func drain(_ body: (_ index: Int, _ count: UInt32) -> Void) {
        guard let counts = unsafe first.load(ordering: .acquiring) else { return }
        for index in 0..<count where unsafe counts[index].load(ordering: .relaxed) != 0 {
            body(index, unsafe counts[index].exchange(0, ordering: .relaxed))
        }
    }

    /// Of two threads that allocate at once one wins, and the other frees its own.
    private func allocate() -> UnsafeMutablePointer<Atomic<UInt32>> {
        let fresh = UnsafeMutablePointer<Atomic<UInt32>>.allocate(capacity: count)
        for index in 0..<count { unsafe (fresh + index).initialize(to: Atomic(0)) }
        let result = unsafe first.compareExchange(
            expected: nil,
            desired: fresh,
            successOrdering: .acquiringAndReleasing,
            failureOrdering: .acquiring
        )
        guard !(unsafe result.exchanged), let winner = unsafe result.original else { return unsafe fresh }
        unsafe fresh.deinitialize(count: count)
        unsafe fresh.deallocate()
        return unsafe winner
    }

    deinit {
        guard let counts = unsafe first.load(ordering: .acquiring) else { return }
        unsafe counts.deinitialize(count: count)
        unsafe counts.deallocate()
    }
}
