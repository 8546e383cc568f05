// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a connection on a listener is treated by, and which connections that is.

/// A connection manager with what stands in front of it.
///
/// - Source: Envoy `config.listener.v3.FilterChain`.
package struct FilterChain: Sendable, Equatable {
    /// May be empty.
    package var name = ""
    package var match = FilterChainMatch()
    /// `nil` for plain text.
    ///
    /// Source: `transport_socket`.
    package var tls: DownstreamTLS?
    /// Longest wait for a TLS handshake; zero for none.
    ///
    /// Default 10 s here, none in Envoy. Source: `transport_socket_connect_timeout`.
    package var handshakeTime = Duration.seconds(10)
    /// In front of the connection manager, in their order.
    package var connectionLimits: [ConnectionLimit] = []
    package var connectionManager: ConnectionManager

    package init(_ connectionManager: ConnectionManager) {
        self.connectionManager = connectionManager
    }
}

/// What has to be true of a connection; an empty field is true of all.
///
/// - Source: Envoy `FilterChainMatch`.
package struct FilterChainMatch: Sendable, Hashable {
    package enum Source: Sendable, Hashable { case any, sameHost, external }

    /// `nil` for any.
    package var destinationPort: UInt16?
    package var destinationRanges: [AddressRange] = []
    /// In lower case; `*.example.com` for every name below it.
    package var serverNames: [String] = []
    /// `tls`, `raw_buffer`, or empty.
    package var transportProtocol = ""
    /// ALPN names.
    package var applicationProtocols: [String] = []
    package var directSourceRanges: [AddressRange] = []
    package var source = Source.any
    package var sourceRanges: [AddressRange] = []
    package var sourcePorts: [UInt16] = []

    package init() {}
}
