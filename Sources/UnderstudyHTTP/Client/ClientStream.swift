// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A request and its answer as the client side sees them, without regard to the protocol.

public import NIOCore
public import UnderstudyCore

/// Where one request goes: a connection of its own on HTTP/1.1, a stream of one on HTTP/2.
///
/// Loop-bound.
public protocol ClientStream: AnyObject {
    /// The connection has carried a request before the current one.
    var isReused: Bool { get }
    /// Something of the request has been handed to a connected socket.
    var hasSentRequest: Bool { get }
    /// The upstream is connected and takes bytes.
    var isWritable: Bool { get }
    /// More of the request waits than is taken now; `upstreamDrained` follows.
    var isBackedUp: Bool { get }
    /// Bytes of the request that have not left yet.
    var heldBytes: Int { get }
    /// Why the connection could not be made.
    var connectError: ConnectError { get }
    /// What the connection's handshake has settled; `nil` for plain text, and without a connection.
    var tls: TLSPeer? { get }
    /// What its connection speaks; `nil` while nobody knows.
    var speaks: ApplicationProtocol? { get }
    /// Starts the request, once.
    ///
    /// It may still have to wait for a connection; what is given meanwhile is kept. The handler hears nothing from within
    /// this call.
    func begin(_ head: borrowing RequestHead, _ mode: RequestMode, handler: any ResponseHandler)
    func sendBody(_ piece: ByteBuffer)
    /// The request is complete.
    ///
    /// - Parameter trailers: Dropped if the upstream's side passes none, or the body's coding has no place for them.
    func endRequest(trailers: HeaderBlock?)
    func flush()
    /// Stops or resumes taking the answer.
    func setReading(_ isReading: Bool)
    /// The exchange is over and both messages were complete: the connection may carry another request.
    func release()
    /// Ends the request, whatever has become of it; and its connection, where that carries nothing else.
    ///
    /// The handler hears nothing any more.
    func close()
    /// Whoever asked has no use for the answer, of which the head has arrived and no body follows.
    ///
    /// The handler hears nothing any more; the connection goes back to its pool if it may.
    func discardAnswer()
}

extension ClientStream {
    public var tls: TLSPeer? { nil }

    public func begin(_ head: borrowing RequestHead, handler: any ResponseHandler) {
        begin(head, .plain, handler: handler)
    }

    public func endRequest() { endRequest(trailers: nil) }
}

/// The connections of one event loop to one address.
///
/// Loop-bound.
public protocol ClientPool: AnyObject {
    /// A place for a request on a connection that there is, that is being made, or that becomes free; `nil` if a limit
    /// is reached.
    ///
    /// - Parameters:
    ///   - limits: Where the request and its connection are counted.
    ///   - fresh: Only a connection that has carried nothing yet will do.
    ///   - patient: A new connection may be made a little later.
    func acquire(within limits: UpstreamLimits, fresh: Bool, patient: Bool) -> (any ClientStream)?
    /// Whether a connection is ready for a request that counts towards `limits`.
    func hasIdle(_ limits: UpstreamLimits) -> Bool
    /// The address is no longer in use: idle connections close now, busy ones when they are done.
    func retire()
    /// Like `retire`, for connections that are open now; later ones are kept.
    func closeIdle()
    /// Closes the connection that has been idle longest, copies' first.
    ///
    /// - Returns: Whether there was one.
    func closeOneIdle(sparingCopies: Bool) -> Bool
}

extension ClientPool {
    public func acquire(within limits: UpstreamLimits) -> (any ClientStream)? {
        acquire(within: limits, fresh: false, patient: false)
    }
}
