// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a connection on a listener is treated by, and which connections that is.

/// A connection manager with what stands in front of it.
///
/// - Source: Envoy `config.listener.v3.FilterChain`.
public struct FilterChain: Sendable, Equatable {
    /// May be empty.
    public var name = ""
    public var match = FilterChainMatch()
    /// `nil` for plain text.
    ///
    /// Source: `transport_socket`.
    public var tls: DownstreamTLS?
    /// Longest wait for a TLS handshake; zero for none.
    ///
    /// Default 10 s here, none in Envoy. Source: `transport_socket_connect_timeout`.
    public var handshakeTime = Duration.seconds(10)
    /// In front of the connection manager, in their order.
    public var connectionLimits: [ConnectionLimit] = []
    public var connectionManager: ConnectionManager

    public init(_ connectionManager: ConnectionManager) {
        self.connectionManager = connectionManager
    }
}

/// What has to be true of a connection; an empty field is true of all.
///
/// - Source: Envoy `FilterChainMatch`.
public struct FilterChainMatch: Sendable, Hashable {
    public enum Source: Sendable, Hashable { case any, sameHost, external }

    /// `nil` for any.
    public var destinationPort: UInt16?
    public var destinationRanges: [AddressRange] = []
    /// In lower case; `*.example.com` for every name below it.
    public var serverNames: [String] = []
    /// `tls`, `raw_buffer`, or empty.
    public var transportProtocol = ""
    /// ALPN names.
    public var applicationProtocols: [String] = []
    public var directSourceRanges: [AddressRange] = []
    public var source = Source.any
    public var sourceRanges: [AddressRange] = []
    public var sourcePorts: [UInt16] = []

    public init() {}
}
