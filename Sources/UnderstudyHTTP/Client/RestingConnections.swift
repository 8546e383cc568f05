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
    fileprivate var isResting = false
    /// Which of all rests its last one is.
    fileprivate var rest: UInt64 = 0
    /// That by which it stands in the list; zero for none.
    fileprivate var listedRest: UInt64 = 0
    fileprivate var before: RestingPlace?
    fileprivate var after: RestingPlace?

    init(_ connection: any ClosableConnection) {
        self.connection = connection
    }
}

/// A linked list through the connections, so that each comes and goes in constant time.
///
/// A connection that is used again stays where it is, since that is what most do: whoever looks for the one that has rested
/// longest moves those that it meets to where they belong by now. The list is in the order of the rests by which its places
/// stand there, and no place has rested longer than that says, so that the first one that is right is the one.
///
/// Loop-bound. Only connections whose group has a limit over all its addresses are here.
public final class RestingConnections {
    private var oldest: RestingPlace?
    private var newest: RestingPlace?
    private var rests: UInt64 = 0
    /// Those that rest.
    public private(set) var count = 0

    /// Places in the list, also of those that are used again.
    var listedCount: Int {
        var count = 0
        var place = oldest
        while let next = place {
            count += 1
            place = next.after
        }
        return count
    }

    func append(_ place: RestingPlace) {
        if !place.isResting { count += 1 }
        place.isResting = true
        rests += 1
        place.rest = rests
        if place.listedRest == 0 { link(place, before: nil) }
    }

    /// It is used again.
    ///
    /// Does nothing for a connection that does not rest.
    func remove(_ place: RestingPlace) {
        guard place.isResting else { return }
        place.isResting = false
        count -= 1
    }

    /// Its connection ends.
    func forget(_ place: RestingPlace) {
        remove(place)
        unlink(place)
    }

    /// - Parameter after: The next in the list; `nil` at its end.
    private func link(_ place: RestingPlace, before after: RestingPlace?) {
        place.listedRest = place.rest
        let before = after == nil ? newest : after?.before
        place.before = before
        place.after = after
        if let before { before.after = place } else { oldest = place }
        if let after { after.before = place } else { newest = place }
    }

    private func unlink(_ place: RestingPlace) {
        guard place.listedRest > 0 else { return }
        place.listedRest = 0
        let (before, after) = (place.before, place.after)
        if let before { before.after = after } else { oldest = after }
        if let after { after.before = before } else { newest = before }
        place.before = nil
        place.after = nil
    }

    /// - Returns: Whether there was one.
    @discardableResult
    public func closeLongest() -> Bool {
        while let place = oldest {
            if place.isResting, place.listedRest == place.rest {
                place.connection.close()
                return true
            }
            unlink(place)
            if place.isResting { move(place) }
        }
        return false
    }

    /// Where it belongs is mostly near the end; where it is not, the whole list is put in order, once for many.
    private func move(_ place: RestingPlace) {
        var after: RestingPlace?
        var before = newest
        for _ in 0..<Self.mostSteps {
            guard let other = before, other.listedRest > place.rest else { return link(place, before: after) }
            after = other
            before = other.before
        }
        var places = [place]
        while let other = oldest {
            unlink(other)
            if other.isResting { places.append(other) }
        }
        places.sort { $0.rest < $1.rest }
        for place in places { link(place, before: nil) }
    }

    private static let mostSteps = 32
}

@available(*, unavailable)
extension RestingConnections: Sendable {}
