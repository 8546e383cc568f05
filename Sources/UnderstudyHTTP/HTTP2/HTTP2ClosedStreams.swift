// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is still known of a peer's streams that are no longer open: which error a late frame is depends on it.

/// Bounded; nothing is kept of streams that ended in the ordinary way.
struct HTTP2ClosedStreams {
    enum End {
        /// Both sides have said so.
        case finished
        case resetByPeer
        /// What comes may have been sent before the peer knew.
        case resetByUs
        /// The peer went past its number without using it (RFC 9113 section 5.1.1).
        case neverOpened
    }

    private static let mostResets = 256
    private static let mostGaps = 8

    /// The number in the upper bits; the lowest one says whose reset it was.
    private var resets: [UInt64] = []
    private var nextReset = 0
    /// Numbers that were passed over.
    private var gaps: [ClosedRange<UInt32>] = []
    private var nextGap = 0

    mutating func noteReset(_ id: UInt32, byPeer: Bool) {
        let entry = UInt64(id) << 1 | (byPeer ? 1 : 0)
        if resets.count < Self.mostResets {
            resets.append(entry)
        } else {
            resets[nextReset] = entry
        }
        nextReset = (nextReset + 1) % Self.mostResets
    }

    /// The peer opened `next` after `last`.
    mutating func noteOpened(_ next: UInt32, after last: UInt32) {
        // Safe: both are below 2^31, and the numbers of a side are all even or all odd.
        guard next > last + 2, next > 2 else { return }
        let gap = last + 1...next - 1
        if gaps.count < Self.mostGaps {
            gaps.append(gap)
        } else {
            gaps[nextGap] = gap
        }
        nextGap = (nextGap + 1) % Self.mostGaps
    }

    /// - Parameter id: Not open, and not above every number that was used.
    func end(of id: UInt32) -> End {
        for entry in resets where entry >> 1 == UInt64(id) { return entry & 1 == 1 ? .resetByPeer : .resetByUs }
        if gaps.contains(where: { $0.contains(id) }) { return .neverOpened }
        // Older ones are forgotten: in doubt, the peer is right.
        return resets.count < Self.mostResets ? .finished : .resetByUs
    }
}
