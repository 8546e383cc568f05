// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The open streams of a connection by number.

/// Open addressing with linear probing: numbers of one side follow each other, so they hardly ever collide.
struct HTTP2StreamTable {
    private var slots: [HTTP2Stream?] = []
    private(set) var count = 0

    private var mask: Int { slots.count - 1 }

    private func home(_ id: UInt32) -> Int { Int(id >> 1) & mask }

    subscript(id: UInt32) -> HTTP2Stream? {
        guard count > 0 else { return nil }
        var slot = home(id)
        while let stream = slots[slot] {
            if stream.id == id { return stream }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// - Parameter stream: Has a number that is not in the table.
    mutating func insert(_ stream: HTTP2Stream) {
        if slots.count < 2 * (count + 1) { grow() }
        place(stream)
        count += 1
    }

    private mutating func place(_ stream: HTTP2Stream) {
        var slot = home(stream.id)
        while slots[slot] != nil { slot = (slot + 1) & mask }
        slots[slot] = stream
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: nil, count: max(8, 2 * old.count))
        for stream in old { if let stream { place(stream) } }
    }

    mutating func remove(_ id: UInt32) {
        guard count > 0 else { return }
        var slot = home(id)
        while let stream = slots[slot], stream.id != id { slot = (slot + 1) & mask }
        guard slots[slot] != nil else { return }
        slots[slot] = nil
        count -= 1
        closeGap(at: slot)
    }

    /// Moves what was placed behind the gap for want of room back, so that a search may end at the first empty slot.
    private mutating func closeGap(at gap: Int) {
        var gap = gap
        var slot = (gap + 1) & mask
        while let stream = slots[slot] {
            let distance = (slot - home(stream.id)) & mask
            if distance >= (slot - gap) & mask {
                slots[gap] = stream
                slots[slot] = nil
                gap = slot
            }
            slot = (slot + 1) & mask
        }
    }

    /// All of them, as they are now.
    var all: [HTTP2Stream] { slots.compactMap { $0 } }

    mutating func removeAll() {
        slots.removeAll()
        count = 0
    }
}
