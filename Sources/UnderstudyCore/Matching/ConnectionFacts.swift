// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is known of a connection before it has sent a request.

/// What is known of a connection before a filter chain is chosen.
public struct ConnectionFacts: Sendable, Equatable {
    /// 4 or 16 bytes each, network order; empty if unknown.
    public var destination: [UInt8] = []
    public var destinationPort: UInt16 = 0
    public var source: [UInt8] = []
    public var sourcePort: UInt16 = 0
    public var isTLS = false
    /// In lower case; empty for none.
    public var serverName = ""
    /// What the client offers by ALPN.
    public var applicationProtocols: [String] = []

    public init() {}

    /// Whether the connection comes from the address that it is for, or from 127.0.0.1 or ::1.
    ///
    /// - Source: Envoy `SAME_IP_OR_LOOPBACK`.
    var isSameHost: Bool {
        if source.isEmpty || source == destination { return true }
        let loopback: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
        return source == [127, 0, 0, 1] || source == loopback
    }
}
