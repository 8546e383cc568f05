// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The seam between HTTP and sockets: bytes in, bytes out, writability and close, and nothing else.

package import NIOCore

/// What one connection may do to its socket.
///
/// Loop-bound.
///
/// Everything above this line sees no channel, pipeline or promise, so that another transport can take NIO's place.
package protocol Transport: AnyObject {
    /// The socket is connected and takes more bytes without piling them up.
    var isWritable: Bool { get }
    /// The connection exists, even if it is blocked.
    var isConnected: Bool { get }
    /// The system's number for why the connection could not be made; zero if that is not known.
    var connectError: CInt { get }
    /// Bytes accepted by `write` that the system has not taken yet.
    var queuedBytes: Int { get }
    /// Queues bytes; they leave with the next flush, in order.
    func write(_ bytes: ByteBuffer)
    func flush()
    /// Reading stops or goes on.
    ///
    /// A peer's close is noticed only while reading.
    func setReading(_ isReading: Bool)
    /// Closes now.
    ///
    /// Unsent bytes are lost. The user hears nothing any more.
    func close()
    /// Closes now, and has the system forget what it has not delivered.
    ///
    /// The peer sees a reset.
    func reset()
    /// Closes once every queued byte has left, and then after `linger`, in which the peer may close first.
    ///
    /// There is no bound on the time that the queue takes to drain; the user keeps one.
    func closeAfterFlush(linger: TimeAmount)
    /// Whoever gets the events from here on; kept until the connection ends.
    func attach(_ user: any TransportUser)
}

extension Transport {
    package var connectError: CInt { 0 }

    package func reset() { close() }
}

/// Whoever reads and writes the bytes of one connection.
package protocol TransportUser: AnyObject {
    /// An outgoing connection is established.
    func transportConnected()
    /// Bytes arrived.
    ///
    /// They belong to the callee.
    func transportReceived(_ bytes: ByteBuffer)
    func transportWritabilityChanged()
    /// The connection is gone.
    ///
    /// Called at most once, and not after the user closed it.
    func transportClosed(_ reason: TransportEnd)
}

/// Why a connection ended without our doing.
package enum TransportEnd: Equatable, Sendable {
    case couldNotConnect
    case connectTimedOut
    /// The peer closed in an orderly way, before or after what we sent last.
    case closedByPeer
    case reset
    /// What we sent last could not be delivered.
    case writeFailed
}
