// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The proxy's own address, as mirrors see it in `x-forwarded-for`.

internal import NIOCore

enum LocalAddress {
    /// The first IPv4 address that is not loopback, else `127.0.0.1`.
    ///
    /// - Source: measured on Envoy 1.40, which takes the address from the interfaces and not from a connection.
    static func text() -> [UInt8] {
        let addresses = (try? System.enumerateDevices())?.compactMap(\.address) ?? []
        for address in addresses where address.protocol == .inet {
            if let text = address.ipAddress, !text.hasPrefix("127.") { return Array(text.utf8) }
        }
        return Array("127.0.0.1".utf8)
    }
}
