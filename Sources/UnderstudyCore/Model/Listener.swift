// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A socket that accepts clients, and how the requests that arrive on it are treated.

/// An address to accept on and the connection manager behind it.
///
/// - Source: Envoy `config.listener.v3.Listener`.
public struct Listener: Sendable, Equatable {
    /// As configured, or the address if the file gives no name.
    public var name: String
    public var address: SocketEndpoint
    /// Bytes that may wait for a slow client before reading from the primary pauses.
    ///
    /// `nil`: the default of `UnderstudyHTTP`. Source: `per_connection_buffer_limit_bytes`.
    public var connectionBufferLimit: Int?
    /// In file order; the most specific match wins.
    public var filterChains: [FilterChain]
    /// For connections that no chain matches; `nil` closes them.
    public var defaultFilterChain: FilterChain?
    /// The first bytes are looked at for TLS before a chain is chosen.
    ///
    /// Source: the `tls_inspector` listener filter; Envoy 1.40 has none of its own accord.
    public var inspectsTLS = false
    /// Longest wait for those bytes; zero for none.
    ///
    /// Default 15 s. Source: `listener_filters_timeout`.
    public var inspectionTime = Duration.seconds(15)
    /// When it is over the connection goes on with what is known of it, instead of its end.
    ///
    /// Source: `continue_on_listener_filters_timeout`.
    public var continuesAfterInspectionTime = false
    /// The `listener.<...>.` in the names of its statistics; empty for the address.
    ///
    /// Source: `stat_prefix`.
    public var statPrefix = ""
    /// Whether `/healthcheck/fail` ends its clients' connections.
    ///
    /// Source: `drain_type`, whose default is true here.
    public var drainsOnHealthFailure = true
    /// Source: `traffic_direction: INBOUND`.
    public var isInbound = false
    /// Its connections neither count for the limit of the process nor are refused by it.
    ///
    /// Source: `ignore_global_conn_limit`.
    public var ignoresGlobalLimit = false
    /// What the overload manager does leaves it alone.
    ///
    /// Source: `bypass_overload_manager`.
    public var bypassesOverload = false
    /// A line of each when a connection ends.
    public var accessLogs: [AccessLog] = []

    public init(
        name: String,
        address: SocketEndpoint,
        connectionBufferLimit: Int? = nil,
        connectionManager: ConnectionManager
    ) {
        self.init(
            name: name,
            address: address,
            connectionBufferLimit: connectionBufferLimit,
            filterChains: [FilterChain(connectionManager)]
        )
    }

    public init(
        name: String,
        address: SocketEndpoint,
        connectionBufferLimit: Int? = nil,
        filterChains: [FilterChain]
    ) {
        self.name = name
        self.address = address
        self.connectionBufferLimit = connectionBufferLimit
        self.filterChains = filterChains
    }

    /// Of the first chain.
    public var connectionManager: ConnectionManager {
        get { filterChains[0].connectionManager }
        set { filterChains[0].connectionManager = newValue }
    }

    /// Of the first chain.
    public var connectionLimits: [ConnectionLimit] {
        get { filterChains[0].connectionLimits }
        set { filterChains[0].connectionLimits = newValue }
    }

    public var allFilterChains: [FilterChain] { filterChains + (defaultFilterChain.map { [$0] } ?? []) }
}
