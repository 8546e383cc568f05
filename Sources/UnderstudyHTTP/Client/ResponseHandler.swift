// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// An answer as whoever sent the request sees it, without regard to the protocol.

public import NIOCore
public import UnderstudyCore

/// Whoever sent one request upstream.
///
/// Loop-bound.
public protocol ResponseHandler: AnyObject {
    /// An answer arrived that precedes the final one; never 101.
    ///
    /// Without an implementation nothing becomes of it.
    func responseInterim(_ head: inout ResponseHead)
    /// The final answer's head arrived.
    ///
    /// - Parameter head: Belongs to the loop; gone after the call unless it is written out.
    func responseBegan(_ head: inout ResponseHead)
    func responseBody(_ piece: ByteBuffer)
    /// The answer is complete.
    ///
    /// - Parameters:
    ///   - reusable: The connection may carry another request if this one was sent completely.
    ///   - trailers: `nil` if there are none, or the upstream's side passes none.
    func responseEnded(reusable: Bool, trailers: HeaderBlock?)
    /// All that arrived in this turn of the loop was delivered.
    func responseTurnEnded()
    /// The upstream takes bytes of the request, for the first time or again.
    func upstreamDrained()
    /// The connection is gone and nothing more will come.
    func upstreamFailed(_ failure: UpstreamFailure)
}

extension ResponseHandler {
    public func responseInterim(_ head: inout ResponseHead) {}
}

/// What becomes of the connection that carries a request.
public enum RequestMode: Sendable {
    /// The request's body ends, and so does its answer's.
    case plain
    /// The request asks for a tunnel by `upgrade` or CONNECT.
    ///
    /// Its body pieces are raw bytes, which are held until the upstream agrees. A 101, or a 2xx to CONNECT, has a body
    /// until the close; any other answer is an ordinary one, and without a body if an upgrade is refused below 400.
    case tunnel
    /// The connection is the tunnel: no head is written, and the answer is a 200 that begins once it is connected.
    ///
    /// Needs a fresh connection.
    case rawTunnel
}
