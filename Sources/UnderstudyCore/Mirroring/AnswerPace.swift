// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How fast the answers of mirrors are read on one event loop, so that a huge one takes no time from clients.

/// Two purses: one fills with time, the other with what clients got.
///
/// A mirror that answers as the primary does is never held back, however much that is; what goes beyond is read at a
/// fixed rate.
public struct AnswerPace: Sendable {
    /// In a second.
    public var rate: Int
    private var timed: Int
    private var earned = 0
    /// Nanoseconds.
    private var time: UInt64

    /// Reading is never free: what it costs besides its bytes.
    private static let costOfRead = 1024
    /// What a mirror is read in.
    private static let bytesOfRead = 16 * 1024
    /// What clients got is remembered up to this.
    private static let mostEarned = 1 << 30

    /// How much of the rate may be saved up: what is read at once must not take long.
    private let saving: Double

    /// - Parameters:
    ///   - now: Nanoseconds on any clock that only goes on.
    ///   - saving: Seconds whose worth may be saved up.
    public init(rate: Int, now: UInt64, saving: Double = 1) {
        self.rate = rate
        self.saving = saving
        timed = Int(Double(rate) * saving)
        time = now
    }

    /// Bytes of an answer went to a client; mirrors may answer as much.
    public mutating func earn(_ bytes: Int) {
        // A primary is read in larger pieces than mirrors are.
        let reads = max(1, (bytes + Self.bytesOfRead - 1) / Self.bytesOfRead)
        earned = min(Self.mostEarned, earned &+ bytes &+ reads &* Self.costOfRead)
    }

    /// Bytes of a mirror's answer were read.
    ///
    /// A debt is never more than a second's worth: whoever comes later does not wait for what others have read long ago.
    ///
    /// - Returns: Whether more may be read now.
    public mutating func spend(_ bytes: Int) -> Bool {
        let cost = bytes &+ Self.costOfRead
        let fromEarned = min(earned, cost)
        earned -= fromEarned
        timed = max(-rate, timed - (cost - fromEarned))
        return isOpen
    }

    /// Bytes that may be read now; below zero for a debt.
    public var available: Int { timed + earned }

    public var isOpen: Bool { available > 0 }

    /// Fills the first purse, to no more than what may be saved up.
    public mutating func advance(to now: UInt64) {
        guard now > time else { return }
        let elapsed = min(now - time, 1_000_000_000)
        let gain = Int(Double(rate) * Double(elapsed) / 1e9)
        // Less than a byte's time is kept for the next call.
        guard gain > 0 else { return }
        time = now
        timed = min(Int(Double(rate) * saving), timed + gain)
    }
}
