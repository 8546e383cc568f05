// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A socket that accepts clients, and how the requests that arrive on it are treated.

/// An address to accept on and the connection manager behind it.
///
/// - Source: Envoy `config.listener.v3.Listener`.
package struct Listener: Sendable, Equatable {
    /// As configured, or the address if the file gives no name.
    package var name: String
    package var address: SocketEndpoint
    /// Bytes that may wait for a slow client before reading from the primary pauses.
    ///
    /// `nil`: the default of `UnderstudyHTTP`. Source: `per_connection_buffer_limit_bytes`.
    package var connectionBufferLimit: Int?
    package var connectionManager: ConnectionManager
    /// The `listener.<...>.` in the names of its statistics; empty for the address.
    ///
    /// Source: `stat_prefix`.
    package var statPrefix = ""
    /// Whether `/healthcheck/fail` ends its clients' connections.
    ///
    /// Source: `drain_type`, whose default is true here.
    package var drainsOnHealthFailure = true
    /// Source: `traffic_direction: INBOUND`.
    package var isInbound = false
    /// A line of each when a connection ends.
    package var accessLogs: [AccessLog] = []

    package init(
        name: String,
        address: SocketEndpoint,
        connectionBufferLimit: Int? = nil,
        connectionManager: ConnectionManager
    ) {
        self.name = name
        self.address = address
        self.connectionBufferLimit = connectionBufferLimit
        self.connectionManager = connectionManager
    }
}
