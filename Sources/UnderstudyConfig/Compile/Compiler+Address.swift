// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Addresses: to listen on, and to connect to.

import EnvoyAPI
import UnderstudyCore

extension Compiler {
    /// An address to listen on: nobody resolves its name, so it has to be an IP literal.
    mutating func listeningAddress(_ address: Envoy_Config_Core_V3_Address, at place: Place) -> SocketEndpoint? {
        guard let endpoint = compile(address, at: place) else { return nil }
        guard isIPLiteral(endpoint.host) else {
            refuseHost(endpoint.host, at: place, accepted: "an IP address such as 0.0.0.0 or ::")
            return nil
        }
        return endpoint
    }

    /// An address with any text as its host.
    mutating func compile(_ address: Envoy_Config_Core_V3_Address, at place: Place) -> SocketEndpoint? {
        guard case .socketAddress(let socket) = address.address else {
            require("socket_address", in: place)
            return nil
        }
        let place = place.field("socket_address")
        if socket.address.isEmpty { require("address", in: place, "address must not be empty") }
        if socket.portSpecifier == nil { require("port_value", in: place) }
        guard let port = UInt16(exactly: socket.portValue) else {
            let message = "value must be less than or equal to 65535"
            refuse(place.field("port_value"), message, found: String(socket.portValue), accepted: "0 to 65535")
            return nil
        }
        guard !socket.address.isEmpty, socket.portSpecifier != nil else { return nil }
        return SocketEndpoint(host: socket.address, port: port)
    }

    mutating func refuseHost(_ host: String, at place: Place, accepted: String) {
        let place = place.field("socket_address").field("address")
        refuse(place, "malformed IP address: \(shown(host))", found: quoted(host), accepted: accepted)
    }
}
