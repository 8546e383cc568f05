// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which socket an event is for. A socket may be closed while an event for it is on its way, and its descriptor be given to
// another.

#if os(Linux)
/// Whoever is told of what happens to a descriptor.
///
/// Loop-bound.
protocol EpollSource: AnyObject {
    func happened(_ events: EpollEvents)
    /// The loop has come to what was put off with `revisit`.
    func revisited()
    /// The loop ends.
    func loopEnded()
}

/// Sources by the token that their events are told with.
struct SocketSlots {
    private struct Slot {
        var generation: UInt32
        var source: (any EpollSource)?
    }

    private var slots: [Slot] = []
    private var free: [UInt32] = []

    /// - Returns: A token that no source of the same place has had, for 2^32 of them.
    mutating func insert(_ source: any EpollSource) -> UInt64 {
        guard let index = free.popLast() else {
            slots.append(Slot(generation: 0, source: source))
            return UInt64(slots.count - 1)
        }
        slots[Int(index)].source = source
        return UInt64(slots[Int(index)].generation) << 32 | UInt64(index)
    }

    mutating func remove(_ token: UInt64) {
        let index = Int(token & 0xFFFF_FFFF)
        // Safe: it only has to differ.
        slots[index].generation &+= 1
        slots[index].source = nil
        free.append(UInt32(index))
    }

    /// `nil` for one that was removed.
    subscript(token: UInt64) -> (any EpollSource)? {
        let index = Int(token & 0xFFFF_FFFF)
        guard index < slots.count, slots[index].generation == UInt32(token >> 32) else { return nil }
        return slots[index].source
    }

    var all: [any EpollSource] { slots.compactMap(\.source) }
}
#endif
