// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is known of an exchange besides its two heads, for format strings to tell.

/// Collected only where a format string asks.
public struct ExchangeFacts: Sendable {
    /// The client as the proxy believes it, `x-forwarded-for` considered.
    public var remote = NetworkAddress()
    /// The other end of the connection.
    public var directRemote = NetworkAddress()
    /// This end of the connection.
    public var local = NetworkAddress()
    public var connectionID: UInt64 = 0
    /// `HTTP/1.1` and the like; `nil` before anything was read, and for a try that got no connection.
    public var protocolName: StaticString? = "HTTP/1.1"
    /// When the request's head arrived, in nanoseconds since 1970.
    public var startTime: Int64 = 0
    /// Nanoseconds from then to now.
    public var elapsed: Int64 = 0
    /// Empty where there is none.
    public var routeName: [UInt8] = []
    public var filterChainName: [UInt8] = []
    public var virtualHostName: [UInt8] = []
    public var clusterName: [UInt8] = []
    /// The primary that was picked.
    public var upstream: NetworkAddress?
    public var upstreamLocal: NetworkAddress?
    /// As the configuration calls the primary; empty if only by its address.
    public var upstreamName: [UInt8] = []
    /// `HTTP/1.1` and the like, once there is a connection to the primary.
    public var upstreamProtocol: StaticString?
    /// Number of the connection to the primary; `nil` if the last try got none.
    public var upstreamConnectionID: UInt64?
    /// Why the last connection to the primary failed; empty if it did not.
    ///
    /// In Envoy's words with blanks: `delayed connect error: Connection refused`. Told in the details of a reset, too.
    public var transportFailure: [UInt8] = []
    /// Why the client's connection failed below HTTP, such as in a TLS handshake; empty if it did not.
    public var downstreamFailure: [UInt8] = []
    /// `nil` for plain text; only for lines that need `.tls`.
    public var downstreamTLS: TLSPeer?
    /// Of the last connection to the primary, likewise.
    public var upstreamTLS: TLSPeer?
    /// When the client's handshake was over, in nanoseconds since 1970.
    ///
    /// Told as the time since `startTime`, and so below zero for requests, as in Envoy.
    public var handshakeEnd: Int64?
    /// Nanoseconds from the request's head to that of the primary's answer, once there is one.
    public var answerTime: Int64?
    /// Tries so far, the current one included; 0 before the first.
    public var attempts = 0
    /// Of the answer; 0 before there is one.
    public var status = 0
    /// Envoy's letters, such as `UF` or `NR`.
    public var responseFlags: [StaticString] = []
    public var responseDetails: StaticString?
    /// Bytes of the request's body, without chunk lines.
    public var bytesReceived = 0
    /// Bytes of the answer's body, without chunk lines; 0 for HEAD.
    public var bytesSent = 0
    /// What went over the client's connection for this exchange.
    public var downstreamBytes = WireBytes()
    /// The same for the last connection to the primary; `nil` before there is one.
    public var upstreamBytes: WireBytes?
    /// When things happened; only for lines that need `.timing`.
    public var timing = ExchangeTiming()
    /// Trailers of the answer, if it had any.
    public var responseTrailers: HeaderBlock?
    /// Why the client's connection was ended, as Envoy calls it; `nil` if it was not.
    public var terminationDetails: StaticString?
    /// Empty where there is none.
    public var virtualClusterName: [UInt8] = []
    /// What this line is written for; Envoy's name, such as `DownstreamEnd`.
    public var logType: StaticString = "NotSet"
    /// The request's identifier names the exchange; not so in the log of a try, where Envoy has no stream's identifier.
    public var hasStreamID = true
    /// The health check filter took the request for a health check.
    public var isHealthCheck = false
    /// Where the machine is; only for lines that need `.zone`.
    public var zone = LocalZone()
    /// Two random numbers for `UNIQUE_ID`; only for lines that need `.unique`.
    public var unique: (UInt64, UInt64) = (0, 0)
    /// The text of a local reply before it is formatted.
    public var localReplyBody: [UInt8] = []
    /// The machine's.
    public var hostname: [UInt8] = []

    public init() {}
}

/// An address and a port as text.
public struct NetworkAddress: Sendable, Equatable {
    /// Without brackets.
    public var host: [UInt8] = []
    public var port = 0

    public init() {}

    public init(host: [UInt8], port: Int) {
        self.host = host
        self.port = port
    }

    /// `host:port`, with brackets around an IPv6 address.
    public func append(to bytes: inout [UInt8]) {
        let isIPv6 = host.contains(0x3A)
        if isIPv6 { bytes.append(0x5B) }
        bytes.append(contentsOf: host)
        if isIPv6 { bytes.append(0x5D) }
        bytes.append(0x3A)
        bytes.append(decimal: port)
    }
}

/// How the machine's own time differs from UTC.
public struct LocalZone: Sendable, Equatable {
    /// Seconds to the east of Greenwich.
    public var offset = 0
    public var name = Array("UTC".utf8)

    public init() {}
}

/// Bytes of one exchange on one connection, as they are on the wire.
public struct WireBytes: Sendable, Equatable {
    /// Heads, bodies, chunk lines and trailers.
    public var sent = 0
    public var received = 0
    /// Heads only.
    public var headersSent = 0
    public var headersReceived = 0

    public init() {}
}

/// Nanoseconds from the arrival of the request's head; `nil` for what has not happened.
///
/// - Source: Envoy `StreamInfo` timing.
public struct ExchangeTiming: Sendable, Equatable {
    /// The last byte of the request has arrived.
    public var requestEnd: Int64?
    /// The last try's connection was begun; negative if it was there before the exchange.
    public var connectStart: Int64?
    public var connectEnd: Int64?
    /// The pool gave the last try a connection, or told that there is none.
    public var poolReady: Int64?
    /// First and last byte of the request towards the primary.
    public var upstreamSendStart: Int64?
    public var upstreamSendEnd: Int64?
    /// First and last byte of the primary's answer.
    public var upstreamReceiveStart: Int64?
    public var upstreamReceiveEnd: Int64?
    /// First and last byte of the answer towards the client.
    public var sendStart: Int64?
    public var sendEnd: Int64?

    public init() {}
}
