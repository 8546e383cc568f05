// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Whose turn it is where turns are not equally frequent.

/// Earliest deadline first: whoever is picked gets the next deadline after the inverse of its weight.
///
/// - Source: Envoy's `EdfScheduler`, whose order and start this keeps.
struct DeadlineSchedule: Sendable {
    private struct Entry: Sendable {
        var deadline: Double
        /// Of two equal deadlines the older one comes first.
        var order: UInt64
        var member: Int

        func precedes(_ other: Entry) -> Bool {
            deadline != other.deadline ? deadline < other.deadline : order < other.order
        }
    }

    /// A binary heap.
    private var heap: [Entry] = []
    private var now = 0.0
    private var order: UInt64 = 0

    /// What Envoy adds to weights so that rounding does not change the order of the first turns.
    private static let epsilon = 1e-13
    private static let longestStart: UInt32 = 429_496_729

    /// As if `start` turns had been taken.
    ///
    /// - Parameter weights: All more than zero.
    init(weights: [Double], start: UInt64) {
        let picks = UInt32(truncatingIfNeeded: start) % Self.longestStart
        let total = weights.reduce(0) { $0 + ($1 + Self.epsilon) }
        var taken: UInt32 = 0
        heap.reserveCapacity(weights.count)
        for (member, weight) in weights.enumerated() {
            let weight = weight + Self.epsilon
            // Safe: the share is at most `picks`, give or take a rounding error.
            var share = UInt32(weight * Double(picks) / total)
            if share > 0, Double(share) / weight >= Double(picks) / total { share -= 1 }
            push(Entry(deadline: (Double(share) + 1) / weight, order: UInt64(member), member: member))
            now = max(now, Double(share) / weight)
            taken += share
        }
        order = UInt64(weights.count)
        // Safe: fewer turns are left than there are members.
        while taken < picks, !heap.isEmpty {
            _ = pick { weights[$0] }
            taken += 1
        }
    }

    /// The member whose turn it is, of which there must be one.
    ///
    /// - Parameter weight: More than zero; decides when the turn comes again.
    mutating func pick(weight: (Int) -> Double) -> Int {
        now = heap[0].deadline
        let member = heap[0].member
        heap[0] = Entry(deadline: now + 1 / weight(member), order: order, member: member)
        // Safe: 2^64 picks take longer than any machine lives.
        order &+= 1
        siftDown()
        return member
    }

    private mutating func push(_ entry: Entry) {
        heap.append(entry)
        var index = heap.count - 1
        while index > 0 {
            let parent = (index - 1) / 2
            guard heap[index].precedes(heap[parent]) else { return }
            heap.swapAt(index, parent)
            index = parent
        }
    }

    private mutating func siftDown() {
        var index = 0
        while 2 * index + 1 < heap.count {
            var child = 2 * index + 1
            if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
            guard heap[child].precedes(heap[index]) else { return }
            heap.swapAt(index, child)
            index = child
        }
    }
}
