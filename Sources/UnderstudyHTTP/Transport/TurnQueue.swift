// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is put off to the end of the loop's turn, so that what several connections cause leaves in one write.

internal import NIOCore

/// Something to do once every socket that is ready has been read.
///
/// Loop-bound.
protocol TurnEnding: AnyObject {
    func loopTurnEnded()
}

/// Who has asked for it in this turn of the loop.
///
/// Loop-bound.
public final class TurnQueue {
    private let eventLoop: any EventLoop
    private let users = Users()
    /// Made once, because a closure takes memory.
    private let task: () -> Void

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        task = { [users] in users.run() }
    }

    /// Calls `user` once for each time that this was called, soon and in order.
    func add(_ user: any TurnEnding) {
        users.waiting.append(user)
        if users.waiting.count == 1 { eventLoop.assumeIsolated().execute(task) }
    }

    /// Apart, so that the task keeps these and not their queue: a weak reference would make every use of it slower.
    private final class Users {
        var waiting: [any TurnEnding] = []
        private var called: [any TurnEnding] = []

        func run() {
            swap(&waiting, &called)
            for user in called { user.loopTurnEnded() }
            called.removeAll(keepingCapacity: true)
        }
    }
}

@available(*, unavailable)
extension TurnQueue: Sendable {}
