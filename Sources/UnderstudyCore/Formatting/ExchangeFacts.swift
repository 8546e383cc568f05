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
    /// `HTTP/1.1` and the like.
    package var protocolName: StaticString = "HTTP/1.1"
    /// When the request's head arrived, in nanoseconds since 1970.
    package var startTime: Int64 = 0
    /// Nanoseconds from then to now.
    package var elapsed: Int64 = 0
    /// Empty where there is none.
    package var routeName: [UInt8] = []
    package var virtualHostName: [UInt8] = []
    package var clusterName: [UInt8] = []
    /// The primary that was picked.
    package var upstream: NetworkAddress?
    package var upstreamLocal: NetworkAddress?
    /// As the configuration calls the primary; empty if only by its address.
    package var upstreamName: [UInt8] = []
    /// `HTTP/1.1` and the like, once there is a connection to the primary.
    package var upstreamProtocol: StaticString?
    /// Nanoseconds from the request's head to that of the primary's answer, once there is one.
    package var answerTime: Int64?
    /// Tries so far, the current one included; 0 before the first.
    package var attempts = 0
    /// Of the answer; 0 before there is one.
    package var status = 0
    /// Envoy's letters, such as `UF` or `NR`.
    package var responseFlags: [StaticString] = []
    package var responseDetails: StaticString?
    package var bytesReceived = 0
    package var bytesSent = 0
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
