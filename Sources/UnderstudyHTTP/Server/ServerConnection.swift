// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A client's connection as whoever keeps and counts them sees it, without regard to the protocol.

/// Loop-bound.
public protocol ServerConnection: AnyObject {
    var service: any RequestService { get }
    /// For whoever keeps the list of connections; -1 while it is in none.
    var registrySlot: Int { get set }
    /// Milliseconds since it was accepted.
    var age: UInt64 { get }
    /// A request has been read in whole, so whoever is at the other end speaks HTTP.
    var hasServed: Bool { get }
    /// The end was the client's doing.
    var wasEndedByPeer: Bool { get }
    /// Asks the connection to end: within a request, after an answer that says so; between requests at once, or, so that
    /// a request on its way is not lost, with the last request that arrives soon.
    func drain(waitingForLast: Bool)
    /// Ends now, in the middle of whatever there is.
    func kill()
}
