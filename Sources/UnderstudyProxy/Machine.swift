// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The machine that the proxy runs on, as others see it.

internal import NIOCore

struct Machine: Sendable {
    /// The first IPv4 address that is not loopback, else `127.0.0.1`; mirrors see it in `x-forwarded-for`.
    ///
    /// - Source: measured on Envoy 1.40, which takes the address from the interfaces and not from a connection.
    let address: [UInt8]
    /// The host name.
    let name: [UInt8]

    static func current() -> Machine {
        Machine(address: firstAddress(), name: Array(MachineName.current().utf8))
    }

    private static func firstAddress() -> [UInt8] {
        let addresses = (try? System.enumerateDevices())?.compactMap(\.address) ?? []
        for address in addresses where address.protocol == .inet {
            if let text = address.ipAddress, !text.hasPrefix("127.") { return Array(text.utf8) }
        }
        return Array("127.0.0.1".utf8)
    }
}
