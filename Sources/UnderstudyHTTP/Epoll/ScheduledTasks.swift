// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What an event loop is to do later, the earliest first.

#if os(Linux)
internal import NIOCore

/// A heap of tasks by the time that they are due; those of the same time in the order that they came in.
struct ScheduledTasks {
    enum Work {
        /// With what is to be done instead when the loop ends.
        case task(() -> Void, abandon: () -> Void)
        case callback(any NIOScheduledCallbackHandler)
    }

    struct Entry {
        let deadline: NIODeadline
        let number: UInt64
        let work: Work

        static func < (left: Entry, right: Entry) -> Bool {
            left.deadline == right.deadline ? left.number < right.number : left.deadline < right.deadline
        }
    }

    private var heap: [Entry] = []

    /// Asked in every turn of the loop, so without a copy of the entry.
    var earliest: NIODeadline? { heap.isEmpty ? nil : heap[0].deadline }

    mutating func insert(_ entry: Entry) {
        heap.append(entry)
        moveUp(heap.count - 1)
    }

    /// Takes out the first if its time has come.
    mutating func takeDue(_ now: NIODeadline) -> Entry? {
        guard let earliest, earliest <= now else { return nil }
        let first = heap[0]
        remove(at: 0)
        return first
    }

    /// Looks at every entry: what is cancelled is seldom, and there are few.
    @discardableResult
    mutating func remove(_ number: UInt64) -> Entry? {
        guard let index = heap.firstIndex(where: { $0.number == number }) else { return nil }
        defer { remove(at: index) }
        return heap[index]
    }

    mutating func removeAll() -> [Entry] {
        defer { heap = [] }
        return heap
    }

    private mutating func remove(at index: Int) {
        let last = heap.removeLast()
        guard index < heap.count else { return }
        heap[index] = last
        moveDown(index)
        moveUp(index)
    }

    private mutating func moveUp(_ start: Int) {
        var index = start
        while index > 0, heap[index] < heap[(index - 1) / 2] {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    private mutating func moveDown(_ start: Int) {
        var index = start
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            guard least != index else { return }
            heap.swapAt(index, least)
            index = least
        }
    }
}
#endif
