// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A connection to an upstream before it has a socket, whatever it will speak.

/// Loop-bound.
protocol OutgoingConnection: TransportUser {
    /// It takes little of what all share: the loop's time, and the system's memory for sockets.
    var isRestrained: Bool { get }
    /// Its socket may be made a little later.
    var isPatient: Bool { get }
    /// From here on it has a transport, which says what becomes of it.
    func isConnecting(on transport: any Transport)
}
