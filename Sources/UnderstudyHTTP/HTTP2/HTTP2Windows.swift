// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How many bytes of bodies may be on their way (RFC 9113 section 5.2).

/// What may still be sent.
struct SendWindow {
    static let initial = 65_535
    static let largest = 0x7FFF_FFFF

    /// Negative after the peer has made its initial window smaller.
    private(set) var available: Int

    init(_ size: Int = initial) {
        available = size
    }

    /// - Returns: Whether the window is still as large as one may be.
    mutating func grow(by amount: Int) -> Bool {
        // Safe: both are below 2^32.
        available += amount
        return available <= Self.largest
    }

    mutating func use(_ count: Int) {
        // Safe: no more than there was is ever used.
        available -= count
    }
}

/// What the peer may still send, and what of it is given back.
///
/// Given back is half a window at a time: one WINDOW_UPDATE for many small frames.
struct ReceiveWindow {
    private let size: Int
    /// What the peer may send as it knows.
    private var open: Int
    /// Taken in, but not yet announced to the peer.
    private(set) var owed = 0

    /// - Parameter announced: What the peer takes the window for, if that is less.
    init(_ size: Int, announced: Int? = nil) {
        self.size = size
        open = announced ?? size
        owed = size - open
    }

    /// - Returns: Whether the peer was allowed to send that much.
    mutating func take(_ count: Int) -> Bool {
        guard count <= open else { return false }
        // Safe: `open` and `owed` together are never more than `size`.
        open -= count
        owed += count
        return true
    }

    /// What a WINDOW_UPDATE is to announce now, if that is worth a frame.
    mutating func giveBack(atLeast least: Int? = nil) -> UInt32? {
        guard owed > 0, owed >= least ?? size / 2 else { return nil }
        let increment = owed
        open += increment
        owed = 0
        // Safe: no window is larger than 2^31 - 1.
        return UInt32(truncatingIfNeeded: increment)
    }
}
