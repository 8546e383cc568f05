// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is known of a connection before it has sent a request.

/// What is known of a connection before a filter chain is chosen.
package struct ConnectionFacts: Sendable, Equatable {
    /// 4 or 16 bytes each, network order; empty if unknown.
    package var destination: [UInt8] = []
    package var destinationPort: UInt16 = 0
    package var source: [UInt8] = []
    package var sourcePort: UInt16 = 0
    package var isTLS = false
    /// In lower case; empty for none.
    package var serverName = ""
    /// What the client offers by ALPN.
    package var applicationProtocols: [String] = []

    package init() {}

    /// Whether the connection comes from the address that it is for, or from 127.0.0.1 or ::1.
    ///
    /// - Source: Envoy `SAME_IP_OR_LOOPBACK`.
    var isSameHost: Bool {
        if source.isEmpty || source == destination { return true }
        let loopback: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
        return source == [127, 0, 0, 1] || source == loopback
    }
}
