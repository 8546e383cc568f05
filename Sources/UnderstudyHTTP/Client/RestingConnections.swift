// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Idle connections that may be asked to make room for others, the one that has rested longest first.

/// A linked list through the connections, so that each comes and goes in constant time.
///
/// Loop-bound. Only connections whose group has a limit over all its addresses are here.
package final class RestingConnections {
    private var oldest: HTTP1ClientConnection?
    private var newest: HTTP1ClientConnection?
    package private(set) var count = 0

    func append(_ connection: HTTP1ClientConnection) {
        connection.isResting = true
        connection.restedBefore = newest
        newest?.restedAfter = connection
        newest = connection
        if oldest == nil { oldest = connection }
        count += 1
    }

    /// Does nothing for a connection that is not here.
    func remove(_ connection: HTTP1ClientConnection) {
        guard connection.isResting else { return }
        connection.isResting = false
        let (before, after) = (connection.restedBefore, connection.restedAfter)
        if let before { before.restedAfter = after } else { oldest = after }
        if let after { after.restedBefore = before } else { newest = before }
        connection.restedBefore = nil
        connection.restedAfter = nil
        count -= 1
    }

    /// - Returns: Whether there was one.
    @discardableResult
    package func closeLongest() -> Bool {
        guard let oldest else { return false }
        oldest.close()
        return true
    }
}

@available(*, unavailable)
extension RestingConnections: Sendable {}
