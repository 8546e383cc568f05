// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is known of an exchange besides its two heads, for format strings to tell.

/// Collected only where a format string asks.
package struct ExchangeFacts: Sendable {
    /// The client as the proxy believes it, `x-forwarded-for` considered.
    package var remote = NetworkAddress()
    /// The other end of the connection.
    package var directRemote = NetworkAddress()
    /// This end of the connection.
    package var local = NetworkAddress()
    package var connectionID: UInt64 = 0
    /// `HTTP/1.1` and the like; `nil` before anything was read, and for a try that got no connection.
    package var protocolName: StaticString? = "HTTP/1.1"
    /// When the request's head arrived, in nanoseconds since 1970.
    package var startTime: Int64 = 0
    /// Nanoseconds from then to now.
    package var elapsed: Int64 = 0
    /// Empty where there is none.
    package var routeName: [UInt8] = []
    package var filterChainName: [UInt8] = []
    package var virtualHostName: [UInt8] = []
    package var clusterName: [UInt8] = []
    /// The primary that was picked.
    package var upstream: NetworkAddress?
    package var upstreamLocal: NetworkAddress?
    /// As the configuration calls the primary; empty if only by its address.
    package var upstreamName: [UInt8] = []
    /// `HTTP/1.1` and the like, once there is a connection to the primary.
    package var upstreamProtocol: StaticString?
    /// Number of the connection to the primary; `nil` if the last try got none.
    package var upstreamConnectionID: UInt64?
    /// Why the last connection to the primary failed; empty if it did not.
    ///
    /// In Envoy's words with blanks: `delayed connect error: Connection refused`. Told in the details of a reset, too.
    package var transportFailure: [UInt8] = []
    /// Why the client's connection failed below HTTP, such as in a TLS handshake; empty if it did not.
    package var downstreamFailure: [UInt8] = []
    /// `nil` for plain text; only for lines that need `.tls`.
    package var downstreamTLS: TLSPeer?
    /// Of the last connection to the primary, likewise.
    package var upstreamTLS: TLSPeer?
    /// When the client's handshake was over, in nanoseconds since 1970.
    ///
    /// Told as the time since `startTime`, and so below zero for requests, as in Envoy.
    package var handshakeEnd: Int64?
    /// Nanoseconds from the request's head to that of the primary's answer, once there is one.
    package var answerTime: Int64?
    /// Tries so far, the current one included; 0 before the first.
    package var attempts = 0
    /// Of the answer; 0 before there is one.
    package var status = 0
    /// Envoy's letters, such as `UF` or `NR`.
    package var responseFlags: [StaticString] = []
    package var responseDetails: StaticString?
    /// Bytes of the request's body, without chunk lines.
    package var bytesReceived = 0
    /// Bytes of the answer's body, without chunk lines; 0 for HEAD.
    package var bytesSent = 0
    /// What went over the client's connection for this exchange.
    package var downstreamBytes = WireBytes()
    /// The same for the last connection to the primary; `nil` before there is one.
    package var upstreamBytes: WireBytes?
    /// When things happened; only for lines that need `.timing`.
    package var timing = ExchangeTiming()
    /// Trailers of the answer, if it had any.
    package var responseTrailers: HeaderBlock?
    /// Why the client's connection was ended, as Envoy calls it; `nil` if it was not.
    package var terminationDetails: StaticString?
    /// Empty where there is none.
    package var virtualClusterName: [UInt8] = []
    /// What this line is written for; Envoy's name, such as `DownstreamEnd`.
    package var logType: StaticString = "NotSet"
    /// The request's identifier names the exchange; not so in the log of a try, where Envoy has no stream's identifier.
    package var hasStreamID = true
    /// The health check filter took the request for a health check.
    package var isHealthCheck = false
    /// Where the machine is; only for lines that need `.zone`.
    package var zone = LocalZone()
    /// Two random numbers for `UNIQUE_ID`; only for lines that need `.unique`.
    package var unique: (UInt64, UInt64) = (0, 0)
    /// The text of a local reply before it is formatted.
    package var localReplyBody: [UInt8] = []
    /// The machine's.
    package var hostname: [UInt8] = []

    package init() {}
}

/// An address and a port as text.
package struct NetworkAddress: Sendable, Equatable {
    /// Without brackets.
    package var host: [UInt8] = []
    package var port = 0

    package init() {}

    package init(host: [UInt8], port: Int) {
        self.host = host
        self.port = port
    }

    /// `host:port`, with brackets around an IPv6 address.
    package func append(to bytes: inout [UInt8]) {
        let isIPv6 = host.contains(0x3A)
        if isIPv6 { bytes.append(0x5B) }
        bytes.append(contentsOf: host)
        if isIPv6 { bytes.append(0x5D) }
        bytes.append(0x3A)
        bytes.append(decimal: port)
    }
}

/// How the machine's own time differs from UTC.
package struct LocalZone: Sendable, Equatable {
    /// Seconds to the east of Greenwich.
    package var offset = 0
    package var name = Array("UTC".utf8)

    package init() {}
}

/// Bytes of one exchange on one connection, as they are on the wire.
package struct WireBytes: Sendable, Equatable {
    /// Heads, bodies, chunk lines and trailers.
    package var sent = 0
    package var received = 0
    /// Heads only.
    package var headersSent = 0
    package var headersReceived = 0

    package init() {}
}

/// Nanoseconds from the arrival of the request's head; `nil` for what has not happened.
///
/// - Source: Envoy `StreamInfo` timing.
package struct ExchangeTiming: Sendable, Equatable {
    /// The last byte of the request has arrived.
    package var requestEnd: Int64?
    /// The last try's connection was begun; negative if it was there before the exchange.
    package var connectStart: Int64?
    package var connectEnd: Int64?
    /// The pool gave the last try a connection, or told that there is none.
    package var poolReady: Int64?
    /// First and last byte of the request towards the primary.
    package var upstreamSendStart: Int64?
    package var upstreamSendEnd: Int64?
    /// First and last byte of the primary's answer.
    package var upstreamReceiveStart: Int64?
    package var upstreamReceiveEnd: Int64?
    /// First and last byte of the answer towards the client.
    package var sendStart: Int64?
    package var sendEnd: Int64?

    package init() {}
}
