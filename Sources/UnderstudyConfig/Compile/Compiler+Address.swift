// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Addresses: to listen on, and to connect to.

import EnvoyAPI
import UnderstudyCore

extension Compiler {
    /// An address to listen on: nobody resolves its name, so it has to be an IP literal.
    mutating func listeningAddress(_ address: Envoy_Config_Core_V3_Address, at place: Place) -> SocketEndpoint? {
        compile(address, at: place, literal: "an IP address such as 0.0.0.0 or ::")
    }

    /// An address whose host is any text, or an IP literal if `literal` says what to write instead of a name.
    mutating func compile(
        _ address: Envoy_Config_Core_V3_Address,
        at place: Place,
        literal: String?
    ) -> SocketEndpoint? {
        guard case .socketAddress(let socket) = address.address else {
            require("socket_address", in: place, of: "address")
            return nil
        }
        let place = place.field("socket_address")
        let isHost = checkHost(socket.address, in: place, literal: literal)
        if socket.portSpecifier == nil { require("port_value", in: place, of: "port_specifier") }
        guard let port = UInt16(exactly: socket.portValue) else {
            let rule = "value must be less than or equal to 65535"
            refuse(place.field("port_value"), breaking: rule, found: String(socket.portValue), accepted: "0 to 65535")
            return nil
        }
        guard isHost, socket.portSpecifier != nil else { return nil }
        return SocketEndpoint(host: socket.address, port: port)
    }

    private mutating func checkHost(_ host: String, in place: Place, literal: String?) -> Bool {
        if host.isEmpty {
            require("address", in: place)
            return false
        }
        guard let literal, !isIPLiteral(host) else { return true }
        let message = "malformed IP address: \(shown(host))"
        refuse(place.field("address"), message, found: quoted(host), accepted: literal)
        return false
    }
}
