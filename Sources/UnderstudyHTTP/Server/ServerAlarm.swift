// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The two times of a client connection that run beside its own deadline; made only where they are limited.

internal import NIOCore

/// One further deadline of a connection.
///
/// Loop-bound.
final class ServerAlarm: Timed {
    enum Kind {
        /// A request from its first byte to its last.
        case request
        /// The connection as a whole.
        case connection
    }

    var deadlineSlot = -1
    private let kind: Kind
    private unowned let connection: HTTP1ServerConnection

    init(_ kind: Kind, of connection: HTTP1ServerConnection) {
        self.kind = kind
        self.connection = connection
    }

    func deadlinePassed() {
        switch kind {
        case .request: connection.requestTimePassed()
        case .connection: connection.connectionTimePassed()
        }
    }
}

@available(*, unavailable)
extension ServerAlarm: Sendable {}
