// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The end of the time that a connection to an upstream has for its handshake.

internal import NIOCore

/// Loop-bound.
final class HandshakeAlarm: Timed {
    var deadlineSlot = -1
    private weak var transport: NIOTransport?
    private let deadlines: DeadlineTable

    init(_ transport: NIOTransport, _ deadlines: DeadlineTable) {
        self.transport = transport
        self.deadlines = deadlines
    }

    func deadlinePassed() { transport?.giveUpConnecting() }

    func cancel() { deadlines.clear(self) }
}

@available(*, unavailable)
extension HandshakeAlarm: Sendable {}
