// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Where an endpoint is checked, and how it is named in the log.

internal import NIOCore
internal import UnderstudyCore

extension SharedHost {
    /// The address of the endpoint's `health_check_config`, as far as it has one.
    var healthCheckAddress: SocketAddress {
        guard let own = endpoint.healthCheckAddress else { return address }
        let port = own.port > 0 ? Int(own.port) : address.port ?? 0
        // A name is that of the endpoint, which has been resolved.
        if let literal = try? SocketAddress(ipAddress: own.host, port: port) { return literal }
        guard let host = address.ipAddress else { return address }
        return (try? SocketAddress(ipAddress: host, port: port)) ?? address
    }
}

extension SocketAddress {
    /// `host:port`, with brackets around an IPv6 address.
    var text: String {
        guard let ipAddress, let port else { return description }
        return ipAddress.contains(":") ? "[\(ipAddress)]:\(port)" : "\(ipAddress):\(port)"
    }
}
