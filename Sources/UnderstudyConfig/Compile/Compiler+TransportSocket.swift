// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// TLS towards clients and towards clusters, or the lack of it.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    private typealias Downstream = Envoy_Extensions_TransportSockets_Tls_V3_DownstreamTlsContext
    private typealias Upstream = Envoy_Extensions_TransportSockets_Tls_V3_UpstreamTlsContext
    private typealias RawBuffer = Envoy_Extensions_TransportSockets_RawBuffer_V3_RawBuffer

    /// `nil` for plain text, or after a report.
    mutating func downstreamTLS(_ message: Envoy_Config_Core_V3_TransportSocket, at place: Place) -> DownstreamTLS? {
        guard let any = configuration(of: message, at: place) else { return nil }
        let place = place.field("typed_config")
        guard let context: Downstream = unpacked(any, at: place) else { return nil }
        let common = place.field("common_tls_context")
        var tls = DownstreamTLS()
        tls.parameters = parameters(context.commonTlsContext, at: common, highest: .tls13)
        tls.identities = identities(context, at: common)
        tls.applicationProtocols = applicationProtocols(context.commonTlsContext, at: common)
        tls.validation = validation(context.commonTlsContext, at: common)
        tls.requiresCertificate = context.requireClientCertificate.value
        if tls.validation != nil, !context.hasRequireClientCertificate {
            warn(place, "clients without a certificate are served: require_client_certificate is not given")
        }
        if case .disableStatelessSessionResumption(true) = context.sessionTicketKeysType { tls.offersTickets = false }
        return tls
    }

    private mutating func identities(_ context: Downstream, at place: Place) -> [TLSIdentity] {
        let messages = context.commonTlsContext.tlsCertificates
        if messages.isEmpty {
            require("tls_certificates", in: place, "No TLS certificates found for server context")
        }
        return zip(messages, place.field("tls_certificates").items).compactMap { message, place in
            guard message.hasCertificateChain || message.hasPrivateKey else {
                require("certificate_chain", in: place, "Server TlsCertificates must have a certificate specified")
                return nil
            }
            return compile(message, at: place)
        }
    }

    /// `nil` for plain text, or after a report.
    mutating func upstreamTLS(_ message: Envoy_Config_Core_V3_TransportSocket, at place: Place) -> UpstreamTLS? {
        guard let any = configuration(of: message, at: place) else { return nil }
        let place = place.field("typed_config")
        guard let context: Upstream = unpacked(any, at: place) else { return nil }
        let common = place.field("common_tls_context")
        var tls = UpstreamTLS()
        tls.parameters = parameters(context.commonTlsContext, at: common, highest: .tls12)
        tls.identity = identity(context, at: common)
        tls.applicationProtocols = applicationProtocols(context.commonTlsContext, at: common)
        tls.validation = validation(context.commonTlsContext, at: common)
        tls.sni = context.sni
        checkSize(context.sni, atMost: 255, at: place.field("sni"))
        if context.sni.utf8.contains(0) {
            refuse(place.field("sni"), "SNI names containing NULL-byte are not allowed", found: quoted(context.sni))
        }
        tls.usesHostnameAsSNI = context.autoHostSni
        tls.validatesSNI = context.autoSniSanValidation
        if tls.validatesSNI, tls.validation == nil {
            let text = "'auto_sni_san_validation' was configured without a validation context"
            refuse(place.field("auto_sni_san_validation"), text, accepted: "false, or a validation_context")
        }
        return tls
    }

    private mutating func identity(_ context: Upstream, at place: Place) -> TLSIdentity? {
        let place = place.field("tls_certificates")
        let messages = context.commonTlsContext.tlsCertificates
        if messages.count > 1 {
            let text = "Multiple TLS certificates are not supported for client contexts"
            refuse(place, text, found: "\(messages.count) certificates", accepted: "one")
        }
        guard let message = messages.first, let place = place.items.first else { return nil }
        return message.hasCertificateChain || message.hasPrivateKey ? compile(message, at: place) : nil
    }

    /// What is to be read as TLS; `nil` for plain text, or after a report.
    private mutating func configuration(
        of message: Envoy_Config_Core_V3_TransportSocket,
        at place: Place
    ) -> Google_Protobuf_Any? {
        requireText(message.name, "name", in: place)
        guard case .typedConfig(let any) = message.configType else {
            requireType(of: message.name, in: place)
            return nil
        }
        guard any.isA(RawBuffer.self) else { return any }
        let _: RawBuffer? = unpacked(any, at: place.field("typed_config"))
        return nil
    }
}
