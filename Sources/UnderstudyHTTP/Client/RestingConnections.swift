// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Idle connections that may be asked to make room for others, the one that has rested longest first.

/// A connection that can rest, whatever it speaks.
///
/// Loop-bound.
protocol ClosableConnection: AnyObject {
    /// Ends the connection, whatever it carries.
    func close()
}

/// Where one connection stands in the list; made once for it.
final class RestingPlace {
    fileprivate unowned let connection: any ClosableConnection
    fileprivate var isTaken = false
    fileprivate var before: RestingPlace?
    fileprivate var after: RestingPlace?

    init(_ connection: any ClosableConnection) {
        self.connection = connection
    }
}

/// A linked list through the connections, so that each comes and goes in constant time.
///
/// Loop-bound. Only connections whose group has a limit over all its addresses are here.
public final class RestingConnections {
    private var oldest: RestingPlace?
    private var newest: RestingPlace?
    public private(set) var count = 0

    func append(_ place: RestingPlace) {
        place.isTaken = true
        place.before = newest
        newest?.after = place
        newest = place
        if oldest == nil { oldest = place }
        count += 1
    }

    /// Does nothing for a connection that is not here.
    func remove(_ place: RestingPlace) {
        guard place.isTaken else { return }
        place.isTaken = false
        let (before, after) = (place.before, place.after)
        if let before { before.after = after } else { oldest = after }
        if let after { after.before = before } else { newest = before }
        place.before = nil
        place.after = nil
        count -= 1
    }

    /// - Returns: Whether there was one.
    @discardableResult
    public func closeLongest() -> Bool {
        guard let oldest else { return false }
        oldest.connection.close()
        return true
    }
}

@available(*, unavailable)
extension RestingConnections: Sendable {}
