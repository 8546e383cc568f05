// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Holds back the answers of mirrors that are more than the event loop has time for.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

/// Obeys `AnswerPace`.
///
/// Loop-bound.
final class AnswerPacer: Timed {
    var deadlineSlot = -1

    private var pace: AnswerPace
    private let loop: LoopContext
    private let accounts: MirrorAccounts
    /// In the order in which they go on.
    private var paused = CircularBuffer<MirrorCopy>()

    /// What a copy is expected to read before it asks again.
    private static let slice = 16 * 1024

    init(_ accounts: MirrorAccounts, loop: LoopContext) {
        self.accounts = accounts
        self.loop = loop
        pace = AnswerPace(rate: accounts.answerBytesPerSecond, now: NIODeadline.now().uptimeNanoseconds)
    }

    /// Copies that are held back.
    var pausedCount: Int { paused.count }

    /// Bytes of an answer went to a client.
    func earn(_ bytes: Int) {
        pace.earn(bytes)
    }

    /// Bytes of a copy's answer were read.
    ///
    /// - Returns: Whether the copy may read on; otherwise it is told when it may.
    func spend(_ bytes: Int, for copy: MirrorCopy) -> Bool {
        if pace.spend(bytes) { return true }
        pace.advance(to: NIODeadline.now().uptimeNanoseconds)
        if pace.isOpen { return true }
        paused.append(copy)
        if deadlineSlot < 0 { loop.deadlines.set(self, at: .now()) }
        return false
    }

    /// Bytes of the answer of a copy that is held back were read all the same.
    func charge(_ bytes: Int) {
        _ = pace.spend(bytes)
    }

    /// The next tick.
    func deadlinePassed() {
        pace.rate = accounts.answerBytesPerSecond
        pace.advance(to: NIODeadline.now().uptimeNanoseconds)
        var room = pace.available
        while room > 0, let copy = paused.popFirst() {
            if copy.goOn() { room -= Self.slice }
        }
        if !paused.isEmpty { loop.deadlines.set(self, at: .now()) }
    }
}

@available(*, unavailable)
extension AnswerPacer: Sendable {}
