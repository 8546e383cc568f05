// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What time it is for whoever handles something that has happened on an event loop.

public import NIOCore

/// The monotonic clock of one loop, read once for each thing that happens on it.
///
/// A request asks for the time more than a dozen times, and each look at the system's clock takes as long as reading a header
/// line. What follows from one event, as a head that has arrived, has one time here: that of the event.
///
/// Loop-bound.
public final class LoopClock {
    private var time = NIODeadline.now()
    /// Somebody reads the clock for everything that happens; where nobody does it is read at each look.
    private let isKept: Bool

    /// - Parameter isKept: `read` is called for each thing that happens on the loop.
    init(isKept: Bool) {
        self.isKept = isKept
    }

    /// That of a loop of our own, or one that nobody has to read.
    static func of(_ eventLoop: any EventLoop) -> LoopClock {
        #if os(Linux)
        if let loop = eventLoop as? EpollLoop { return loop.clock }
        #endif
        return LoopClock(isKept: false)
    }

    public var now: NIODeadline { isKept ? time : .now() }

    /// Something happens now.
    func read() { time = .now() }
}

@available(*, unavailable)
extension LoopClock: Sendable {}
