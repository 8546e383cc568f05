// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Who hears what happens on an HTTP/2 connection and its streams.

public import NIOCore

/// Whoever owns a connection: the server's side of one, or the client's.
///
/// Loop-bound. It may do anything to the connection and its streams from within these calls.
public protocol HTTP2ConnectionUser: AnyObject {
    /// Client only: the socket is connected; what was sent meanwhile leaves.
    func connectionReady()
    /// Server only: a request's head begins to arrive on a new stream, which needs a user if it has none.
    ///
    /// A stream that is used again still has the user that it had before.
    func streamOpened(_ stream: HTTP2Stream)
    /// A stream has ended, so there is a place for another one; its own user has been told.
    func streamEnded()
    /// The peer will not serve streams beyond `lastStream`; those that were open have been reset with `refusedStream`.
    func goAwayReceived(lastStream: UInt32, code: HTTP2ErrorCode)
    /// The peer's bounds have changed, `openLimit` for instance.
    func settingsChanged()
    /// The peer takes again what it is sent, or may send again, so that it may be asked for more.
    func peerReadsAgain()
    /// The connection is gone, by whatever cause but `close`; every stream has been told before.
    func connectionEnded(_ end: HTTP2ConnectionEnd)
    /// All that arrived in this turn of the loop was delivered, to the streams, too.
    func turnEnded()
}

/// Whoever speaks on one stream.
///
/// Loop-bound.
public protocol HTTP2StreamUser: AnyObject {
    /// A whole header block arrived: the first one, an interim one, or trailers; the user knows.
    ///
    /// - Parameters:
    ///   - section: Decoded; only valid during the call.
    ///   - endsStream: The peer sends nothing more on it.
    func streamHeaders(_ section: inout FieldSection, endsStream: Bool)
    /// - Parameter piece: May be empty if the stream ends with it.
    func streamData(_ piece: ByteBuffer, endsStream: Bool)
    /// The stream ended early, by RST_STREAM from either side, GOAWAY, or with its connection.
    ///
    /// Not called for the user's own `reset`. `streamEnded` follows.
    ///
    /// - Parameter byPeer: Otherwise the peer's fault was found here.
    func streamReset(_ code: HTTP2ErrorCode, byPeer: Bool)
    /// `isBackedUp` was said, and is no longer so.
    func streamDrained()
    /// All that arrived for this stream in this turn of the loop was delivered.
    func streamTurnEnded()
    /// Both directions are over; the stream is not to be touched any more.
    func streamEnded()
}

/// How a connection ended.
public enum HTTP2ConnectionEnd: Equatable, Sendable {
    /// The socket's doing.
    case transport(TransportEnd)
    /// The peer broke the protocol or a budget; it was told so with a GOAWAY.
    case fault(HTTP2ErrorCode)
    /// It was asked to end, and its last stream has ended.
    case drained
    /// A PING was not answered in time.
    case unresponsive
}
