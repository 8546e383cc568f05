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
        let host = own.host.isEmpty ? address.ipAddress ?? "" : own.host
        guard let address = try? SocketAddress(ipAddress: host, port: port) else { return self.address }
        return address
    }
}

extension SocketAddress {
    /// `host:port`, with brackets around an IPv6 address.
    var text: String {
        guard let ipAddress, let port else { return description }
        return ipAddress.contains(":") ? "[\(ipAddress)]:\(port)" : "\(ipAddress):\(port)"
    }
}
