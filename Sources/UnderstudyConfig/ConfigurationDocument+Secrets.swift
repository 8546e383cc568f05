// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What of a configuration nobody is shown: private keys and their passwords, wherever they are kept.

import EnvoyAPI
import FoundationEssentials
import SwiftProtobuf

extension Envoy_Config_Bootstrap_V3_Bootstrap {
    /// - Source: measured on Envoy 1.40, `/config_dump`.
    func withoutSecrets() throws -> Self {
        var result = self
        result.staticResources.listeners = try staticResources.listeners.map { listener in
            var listener = listener
            listener.filterChains = try listener.filterChains.map { try $0.withoutSecrets() }
            if listener.hasDefaultFilterChain {
                listener.defaultFilterChain = try listener.defaultFilterChain.withoutSecrets()
            }
            return listener
        }
        result.staticResources.clusters = try staticResources.clusters.map { cluster in
            var cluster = cluster
            if cluster.hasTransportSocket { try cluster.transportSocket.redact() }
            return cluster
        }
        return result
    }
}

extension Envoy_Config_Listener_V3_FilterChain {
    fileprivate func withoutSecrets() throws -> Self {
        var result = self
        if result.hasTransportSocket { try result.transportSocket.redact() }
        return result
    }
}

extension Envoy_Config_Core_V3_TransportSocket {
    private typealias Downstream = Envoy_Extensions_TransportSockets_Tls_V3_DownstreamTlsContext
    private typealias Upstream = Envoy_Extensions_TransportSockets_Tls_V3_UpstreamTlsContext

    fileprivate mutating func redact() throws {
        guard case .typedConfig(let any) = configType else { return }
        if any.isA(Downstream.self) {
            var context = try Downstream(unpackingAny: any)
            guard context.hasCommonTlsContext else { return }
            context.commonTlsContext.redact()
            typedConfig = try Google_Protobuf_Any(message: context)
        } else if any.isA(Upstream.self) {
            var context = try Upstream(unpackingAny: any)
            guard context.hasCommonTlsContext else { return }
            context.commonTlsContext.redact()
            typedConfig = try Google_Protobuf_Any(message: context)
        }
    }
}

extension Envoy_Extensions_TransportSockets_Tls_V3_CommonTlsContext {
    fileprivate mutating func redact() {
        for index in tlsCertificates.indices {
            if tlsCertificates[index].hasPrivateKey { tlsCertificates[index].privateKey.redact() }
            if tlsCertificates[index].hasPassword { tlsCertificates[index].password.redact() }
        }
    }
}

extension Envoy_Config_Core_V3_DataSource {
    private static let redacted = "[redacted]"

    fileprivate mutating func redact() {
        switch specifier {
        case .filename: filename = Self.redacted
        case .inlineString: inlineString = Self.redacted
        case .inlineBytes: inlineBytes = Data(Self.redacted.utf8)
        case .environmentVariable: environmentVariable = Self.redacted
        case nil: break
        }
    }
}
