// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The seam between a transport and TLS: nothing outside of the folder TLS knows which library speaks it.

public import NIOCore
public import UnderstudyCore

/// TLS of one connection, as its transport sees it.
///
/// Loop-bound.
public protocol TransportSecurity: AnyObject {
    /// Puts its handlers between the socket and the transport's.
    ///
    /// - Parameter context: Of the transport's handler.
    func begin(_ context: ChannelHandlerContext) throws
    /// The handshake is over, and what the other end has shown of itself can be judged.
    ///
    /// - Parameter applicationProtocol: What ALPN has agreed on; empty for nothing.
    /// - Throws: `RefusedPeer`, if the connection is to end.
    func finish(_ applicationProtocol: [UInt8]) throws -> TLSPeer
    /// The handshake has not come to its end.
    ///
    /// - Parameter error: `nil` if nobody has said why.
    func fail(_ error: (any Error)?)
    /// Why the handshake has failed, as Envoy's logs tell it; empty if it has not, or nobody has said why.
    var failureReason: [UInt8] { get }
    /// How a connection has ended for which there was this error after the handshake.
    func end(for error: any Error) -> TransportEnd
    /// The channel is gone, and must not be held any more.
    func channelEnded()
    /// Closes the socket now, without a word to the other end if it is not to hear that this is the end.
    func close(_ context: ChannelHandlerContext, tellingPeer: Bool)
}

/// What makes the TLS of a filter chain's connections.
public protocol ServerSecurity: AnyObject, Sendable {
    /// What the client says first decides on the certificate.
    var choosesByHello: Bool { get }
    /// - Parameter hello: `nil` if it was not looked at.
    func makeSession(_ hello: ClientHello?) -> any TransportSecurity
}

/// What makes the TLS of a cluster's connections.
public protocol ClientSecurity: AnyObject, Sendable {
    /// - Parameters:
    ///   - serverName: Whom the request is for, and so the SNI; empty if that is the cluster's.
    ///   - hostname: What the configuration calls the endpoint; empty for nothing.
    ///   - speaks: What the connection is for; `nil` for what the cluster says, or ALPN.
    func makeSession(
        serverName: [UInt8],
        hostname: [UInt8],
        speaks: ApplicationProtocol?
    ) throws -> any TransportSecurity
}

/// What the other end has shown is not what is asked for.
public struct RefusedPeer: Error {
    public init() {}
}
