// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Whom the connection manager believes, and how requests are identified.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    mutating func forwarding(_ message: Manager, at place: Place) -> ForwardingOptions {
        checkHeaderText(message.via, at: place.field("via"))
        var options = ForwardingOptions()
        options.usesRemoteAddress = message.useRemoteAddress.value
        options.trustedHops = Int(message.xffNumTrustedHops)
        options.skipsAppend = message.skipXffAppend
        options.via = message.via
        options.mapsIPv4 = message.representIpv4RemoteAddressAsIpv4MappedIpv6
        options.appendsPort = message.appendXForwardedPort
        if message.hasInternalAddressConfig {
            let place = place.field("internal_address_config")
            options.internalRanges = ranges(message.internalAddressConfig, at: place)
        }
        if case .schemeToOverwrite(let scheme) = message.schemeHeaderTransformation.transformation {
            options.scheme = .overwrite(scheme)
            if scheme != "http", scheme != "https" {
                let place = place.field("scheme_header_transformation").field("scheme_to_overwrite")
                let rule = "value must be in list [http https]"
                refuse(place, breaking: rule, found: quoted(scheme), accepted: "http, https")
            }
        }
        return options
    }

    private mutating func ranges(_ message: Manager.InternalAddressConfig, at place: Place) -> [AddressRange] {
        let text = "there are no listeners on unix sockets"
        refuseUnsupported(message.unixSockets, text, at: place.field("unix_sockets"), accepted: "false")
        return zip(message.cidrRanges, place.field("cidr_ranges").items).compactMap { compile($0, at: $1) }
    }

    mutating func compile(_ message: Envoy_Config_Core_V3_CidrRange, at place: Place) -> AddressRange? {
        requireText(message.addressPrefix, "address_prefix", in: place)
        let length = message.prefixLen.value
        if length > 128 {
            let rule = "value must be less than or equal to 128"
            refuse(place.field("prefix_len"), breaking: rule, found: String(length), accepted: "0 to 128")
        }
        guard let address = ipAddress(message.addressPrefix) else {
            let combination = "'\(shown(message.addressPrefix))/\(length)'"
            let format = "(format is <ip>/<# mask bits>)"
            if !message.addressPrefix.isEmpty {
                refuse(place.field("address_prefix"), "invalid ip/mask combo \(combination) \(format)")
            }
            return nil
        }
        return AddressRange(address: address, prefixLength: min(Int(length), address.count * 8))
    }

    mutating func requestID(_ message: Manager, at place: Place) -> RequestIDOptions {
        var options = RequestIDOptions()
        options.generates = message.hasGenerateRequestID ? message.generateRequestID.value : true
        options.preservesExternal = message.preserveExternalRequestID
        options.isInResponse = message.alwaysSetRequestIDInResponse
        return options
    }
}
