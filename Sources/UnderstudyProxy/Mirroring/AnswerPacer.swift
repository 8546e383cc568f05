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
    /// In the order in which they go on; some may have ended, and their copies may even be used again.
    private var paused = CircularBuffer<Pause>()
    private var lastPause: UInt64 = 0
    /// Of `paused`, those that nobody waits for any more.
    private var stale = 0

    private struct Pause {
        let copy: MirrorCopy
        let number: UInt64

        var isStale: Bool { copy.pause != number }
    }

    /// Three ticks' worth, in seconds.
    private static let saving = 0.06

    /// What a copy is expected to read before it asks again.
    private static let slice = 16 * 1024

    init(_ accounts: MirrorAccounts, loop: LoopContext) {
        self.accounts = accounts
        self.loop = loop
        pace = AnswerPace(
            rate: accounts.answerBytesPerSecond,
            // Not the loop's own clock: it may be another thread that makes this.
            now: NIODeadline.now().uptimeNanoseconds,
            saving: Self.saving
        )
    }

    /// Copies that are held back.
    var pausedCount: Int { paused.count - stale }

    /// Places in the queue, no more than about twice as many.
    var queueLength: Int { paused.count }

    /// Bytes of an answer went to a client.
    func earn(_ bytes: Int) {
        pace.earn(bytes)
    }

    /// Bytes of a copy's answer were read.
    ///
    /// - Returns: `nil` if the copy may read on; otherwise the number of its pause, whose end it is told.
    func spend(_ bytes: Int, for copy: MirrorCopy) -> UInt64? {
        if pace.spend(bytes) { return nil }
        pace.advance(to: loop.now.uptimeNanoseconds)
        if pace.isOpen { return nil }
        lastPause += 1
        paused.append(Pause(copy: copy, number: lastPause))
        if !loop.deadlines.isSet(self) { loop.deadlines.set(self, at: loop.now) }
        return lastPause
    }

    /// Bytes of the answer of a copy that is held back were read all the same.
    func charge(_ bytes: Int) {
        _ = pace.spend(bytes)
    }

    /// A copy that is held back has ended.
    func forget() {
        stale += 1
        // Rarely, so that it costs next to nothing for each.
        guard stale > Self.mostStale, stale * 2 > paused.count else { return }
        var waiting = CircularBuffer<Pause>(initialCapacity: paused.count - stale)
        for pause in paused where !pause.isStale { waiting.append(pause) }
        paused = waiting
        stale = 0
    }

    private static let mostStale = 64

    /// The next tick.
    func deadlinePassed() {
        pace.rate = accounts.answerBytesPerSecond
        pace.advance(to: loop.now.uptimeNanoseconds)
        var room = pace.available
        while room > 0, let pause = paused.popFirst() {
            guard !pause.isStale else {
                stale -= 1
                continue
            }
            pause.copy.goOn()
            room -= Self.slice
        }
        if !paused.isEmpty { loop.deadlines.set(self, at: loop.now) }
    }
}

@available(*, unavailable)
extension AnswerPacer: Sendable {}
