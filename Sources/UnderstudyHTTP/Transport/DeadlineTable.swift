// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Every timeout of a loop, checked by one coarse tick instead of a scheduled task each.

public import NIOCore

/// Something with one deadline at a time.
///
/// Loop-bound.
public protocol Timed: AnyObject {
    /// Kept by the table; -1 while no deadline is set.
    var deadlineSlot: Int { get set }
    func deadlinePassed()
}

/// The deadlines of one loop, at a resolution of `tick`.
///
/// Setting and clearing a deadline is a write to an array. The tick looks at every entry; it runs only while there
/// are any. A request costs two writes, where a scheduled task each would cost an allocation and a heap operation.
///
/// A crowd that is due at once, as are the copies of a mirror that has fallen silent, fires in parts, between which the
/// loop turns to its sockets: clients do not wait for the whole of it.
public final class DeadlineTable: NIOScheduledCallbackHandler {
    /// How late a deadline may be noticed that is in no crowd.
    public static let tick = TimeAmount.milliseconds(20)

    /// How many fire in one turn of the loop: what follows from each may take tens of microseconds.
    ///
    /// Of very many, so many more that a loop with much to do gets through with them.
    public static let mostInTurn = 16
    private static let largestShare = 128

    private struct Entry {
        /// On the monotonic clock; `none` for one that was cleared.
        var deadline: UInt64
        let owner: any Timed
    }

    private static let none = UInt64.max

    private let eventLoop: any EventLoop
    private let clock: LoopClock
    private var entries: [Entry] = []
    private var isTicking = false
    private var isAdvancing = false
    /// Of a look at the table, the entry that is next; -1 between two looks.
    private var position = -1

    public convenience init(eventLoop: any EventLoop) {
        self.init(eventLoop: eventLoop, clock: LoopClock.of(eventLoop))
    }

    init(eventLoop: any EventLoop, clock: LoopClock) {
        self.eventLoop = eventLoop
        self.clock = clock
    }

    /// How many deadlines are set.
    public var count: Int { entries.reduce(0) { $0 + ($1.deadline == Self.none ? 0 : 1) } }

    public func isSet(_ owner: any Timed) -> Bool {
        let slot = owner.deadlineSlot
        return slot >= 0 && entries[slot].deadline != Self.none
    }

    /// Sets the owner's deadline, instead of the one it has.
    public func set(_ owner: any Timed, at deadline: NIODeadline) {
        let slot = owner.deadlineSlot
        let time = min(deadline.uptimeNanoseconds, Self.none - 1)
        // What is set while deadlines fire waits for the next tick: an entry behind has been looked at already.
        if slot >= 0, !isAdvancing || entries[slot].deadline != Self.none {
            entries[slot].deadline = time
            return
        }
        owner.deadlineSlot = entries.count
        entries.append(Entry(deadline: time, owner: owner))
        if !isTicking { scheduleTick() }
    }

    public func set(_ owner: any Timed, after delay: TimeAmount) {
        set(owner, at: clock.now + delay)
    }

    /// The entry stays until the next tick: most owners set another deadline before that.
    public func clear(_ owner: any Timed) {
        let slot = owner.deadlineSlot
        if slot >= 0 { entries[slot].deadline = Self.none }
    }

    private func removeEntry(at slot: Int) {
        let owner = entries[slot].owner
        if owner.deadlineSlot == slot { owner.deadlineSlot = -1 }
        let last = entries.removeLast()
        guard slot < entries.count else { return }
        entries[slot] = last
        if last.owner.deadlineSlot == entries.count { last.owner.deadlineSlot = slot }
    }

    /// Fires what is due at `now`, about `mostInTurn` deadlines, and goes on with the next call where this one stopped.
    /// - Returns: Whether it has looked at every entry.
    @discardableResult public func advance(to now: NIODeadline) -> Bool {
        let now = min(now.uptimeNanoseconds, Self.none - 1)
        isAdvancing = true
        defer { isAdvancing = false }
        if position < 0 { position = entries.count - 1 }
        var left = max(Self.mostInTurn, entries.count / Self.largestShare)
        // Downwards: removing an entry moves the last one, which has been looked at, into its place.
        while position >= 0 {
            let index = position
            let entry = entries[index]
            if entry.deadline == Self.none {
                removeEntry(at: index)
            } else if entry.deadline <= now {
                guard left > 0 else { return false }
                left -= 1
                removeEntry(at: index)
                entry.owner.deadlinePassed()
            }
            position = index - 1
        }
        return true
    }

    private func scheduleTick(in delay: TimeAmount = DeadlineTable.tick) {
        isTicking = true
        // Failing means that the loop has ended.
        _ = try? eventLoop.assumeIsolated().scheduleCallback(in: delay, handler: self)
    }

    /// A tick; the loop calls it without a closure of its own for each.
    public func handleScheduledCallback(eventLoop: some EventLoop) {
        // Whoever sets a deadline meanwhile waits for the one tick that follows.
        let isDone = advance(to: clock.now)
        isTicking = false
        if !isDone {
            scheduleTick(in: .zero)
        } else if !entries.isEmpty {
            scheduleTick()
        }
    }
}

@available(*, unavailable)
extension DeadlineTable: Sendable {}
