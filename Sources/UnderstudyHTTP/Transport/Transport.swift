// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The seam between HTTP and sockets: bytes in, bytes out, writability and close, and nothing else.

public import NIOCore
public import UnderstudyCore

/// What one connection may do to its socket.
///
/// Loop-bound.
///
/// Everything above this line sees no channel, pipeline or promise, so that another transport can take NIO's place.
public protocol Transport: AnyObject {
    /// The socket is connected and takes more bytes without piling them up.
    var isWritable: Bool { get }
    /// The connection exists, even if it is blocked.
    var isConnected: Bool { get }
    /// What both sides have agreed to speak while they shook hands; `nil` if nothing was said of it.
    var applicationProtocol: ApplicationProtocol? { get }
    /// Why the connection could not be made.
    var connectError: ConnectError { get }
    /// Bytes accepted by `write` that the system has not taken yet.
    var queuedBytes: Int { get }
    /// What the handshake has settled; `nil` for plain text, and before it is over.
    var tls: TLSPeer? { get }
    /// Queues bytes; they leave with the next flush, in order.
    func write(_ bytes: ByteBuffer)
    func flush()
    /// `write` and `flush` in one step.
    func send(_ bytes: ByteBuffer)
    /// Nothing more will be sent, which the peer hears behind what was flushed.
    ///
    /// Bytes still arrive.
    func endOutput()
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

/// The transport of a client's connection.
///
/// Loop-bound.
public protocol ClientTransport: Transport {
    /// From here on, its bytes are counted here.
    func count(in counters: ByteCounters)
    /// Tells the user of bytes that somebody else has read before it came.
    func replay(_ bytes: ByteBuffer)
    /// Takes its place, with nobody attached, and can be told to secure the connection.
    func securable() -> NIOTransport
}

/// The transport of a connection to an upstream.
///
/// Loop-bound.
protocol OutgoingTransport: Transport {
    /// Before it was connected.
    var wasClosedEarly: Bool { get }
    /// The connection could not be made.
    func connectFailed(_ error: any Error)
}

/// What a connection speaks, as ALPN names it (RFC 7301).
public enum ApplicationProtocol: Sendable {
    case http1
    case http2

    /// `nil` for another name.
    init?(_ name: [UInt8]) {
        if name.elementsEqual("h2".utf8) {
            self = .http2
        } else if name.elementsEqual("http/1.1".utf8) {
            self = .http1
        } else {
            return nil
        }
    }
}

extension Transport {
    public var applicationProtocol: ApplicationProtocol? { nil }

    public var connectError: ConnectError { .none }

    public var tls: TLSPeer? { nil }

    public func reset() { close() }

    public func send(_ bytes: ByteBuffer) {
        write(bytes)
        flush()
    }
}

/// Whoever reads and writes the bytes of one connection.
public protocol TransportUser: AnyObject {
    /// An outgoing connection is established, or a handshake is over.
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
public enum TransportEnd: Equatable, Sendable {
    case couldNotConnect
    case connectTimedOut
    /// The peer closed in an orderly way, before or after what we sent last.
    case closedByPeer
    /// The peer has gone without saying that this was its end, as TLS asks it to.
    case truncated
    case reset
    /// What we sent last could not be delivered.
    case writeFailed
}
