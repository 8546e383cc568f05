// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Every timeout of a loop, checked by one coarse tick instead of a scheduled task each.

package import NIOCore

/// Something with one deadline at a time.
///
/// Loop-bound.
package protocol Timed: AnyObject {
    /// Kept by the table; -1 while no deadline is set.
    var deadlineSlot: Int { get set }
    func deadlinePassed()
}

/// The deadlines of one loop, at a resolution of `tick`.
///
/// Setting and clearing a deadline is a write to an array. The tick looks at every entry; it runs only while there
/// are any. A request costs two writes, where a scheduled task each would cost an allocation and a heap operation.
package final class DeadlineTable {
    /// How late a deadline may be noticed.
    package static let tick = TimeAmount.milliseconds(20)

    private struct Entry {
        var deadline: NIODeadline
        let owner: any Timed
    }

    private let eventLoop: any EventLoop
    private var entries: [Entry] = []
    private var isTicking = false

    package init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    package var count: Int { entries.count }

    /// Sets the owner's deadline, instead of the one it has.
    package func set(_ owner: any Timed, at deadline: NIODeadline) {
        let slot = owner.deadlineSlot
        if slot >= 0 {
            entries[slot].deadline = deadline
            return
        }
        owner.deadlineSlot = entries.count
        entries.append(Entry(deadline: deadline, owner: owner))
        if !isTicking { scheduleTick() }
    }

    package func set(_ owner: any Timed, after delay: TimeAmount) {
        set(owner, at: .now() + delay)
    }

    package func clear(_ owner: any Timed) {
        let slot = owner.deadlineSlot
        guard slot >= 0 else { return }
        owner.deadlineSlot = -1
        let last = entries.removeLast()
        if slot < entries.count {
            entries[slot] = last
            last.owner.deadlineSlot = slot
        }
    }

    /// Fires every deadline that lies before `now`.
    package func advance(to now: NIODeadline) {
        var index = entries.count - 1
        // Downwards: clearing an entry moves the last one, which has been looked at, into its place.
        while index >= 0 {
            if index < entries.count, entries[index].deadline <= now {
                let owner = entries[index].owner
                clear(owner)
                owner.deadlinePassed()
            }
            index -= 1
        }
    }

    private func scheduleTick() {
        isTicking = true
        eventLoop.assumeIsolated().scheduleTask(in: Self.tick) { [weak self] in
            guard let self else { return }
            // Still ticking, so that an owner that sets its next deadline from within the last begins no second tick: those
            // would double with each.
            self.advance(to: .now())
            self.isTicking = false
            if !self.entries.isEmpty { self.scheduleTick() }
        }
    }
}

@available(*, unavailable)
extension DeadlineTable: Sendable {}
