// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// HTTP towards a cluster, in either of the two places where it may be configured.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    private typealias Options = Envoy_Extensions_Upstreams_Http_V3_HttpProtocolOptions

    /// Sets what the typed options say, or else what the deprecated fields of the cluster itself say.
    mutating func setProtocol(
        _ message: Envoy_Config_Cluster_V3_Cluster,
        at place: Place,
        of cluster: inout Cluster
    ) {
        cluster.requestsPerConnection = Int(message.maxRequestsPerConnection.value)
        let common = place.field("common_http_protocol_options")
        let http1 = place.field("http_protocol_options")
        setCommon(message.commonHTTPProtocolOptions, at: common, of: &cluster)
        cluster.http1 = compile(message.httpProtocolOptions, at: http1)
        cluster.http2 = compile(message.http2ProtocolOptions, at: place.field("http2_protocol_options"))
        cluster.version = version(message, at: place)
        setServerName(
            message.upstreamHTTPProtocolOptions,
            at: place.field("upstream_http_protocol_options"),
            of: &cluster
        )
        let options = place.field("typed_extension_protocol_options")
        for (key, any) in message.typedExtensionProtocolOptions.sorted(by: { $0.key < $1.key }) {
            let place = options.entry(key)
            guard let options: Options = unpacked(any, at: place) else { continue }
            cluster.requestsPerConnection = Int(message.maxRequestsPerConnection.value)
            setOptions(options, at: place, of: &cluster)
            if cluster.version == .automatic { checkALPN(message, at: place) }
        }
    }

    /// What the deprecated fields say.
    private mutating func version(
        _ message: Envoy_Config_Cluster_V3_Cluster,
        at place: Place
    ) -> HTTPVersionChoice {
        if message.protocolSelection == .useDownstreamProtocol { return .sameAsDownstream }
        if message.hasHTTPProtocolOptions, message.hasHTTP2ProtocolOptions {
            let text = """
                cluster: Both HTTP1 and HTTP2 options may only be configured with non-default 'protocol_selection' values
                """
            refuse(place.field("http2_protocol_options"), text, accepted: "one of them")
        }
        return message.hasHTTP2ProtocolOptions ? .http2 : .http1
    }

    /// Refuses to let ALPN decide where there is no TLS.
    private mutating func checkALPN(_ message: Envoy_Config_Cluster_V3_Cluster, at place: Place) {
        typealias Context = Envoy_Extensions_TransportSockets_Tls_V3_UpstreamTlsContext
        guard !message.transportSocket.typedConfig.isA(Context.self) else { return }
        let text = "ALPN configured for cluster \(shown(message.name)) which has a non-ALPN transport socket"
        refuse(place.field("auto_config"), text, accepted: "an UpstreamTlsContext as the cluster's transport_socket")
    }

    private mutating func setServerName(
        _ message: Envoy_Config_Core_V3_UpstreamHttpProtocolOptions,
        at place: Place,
        of cluster: inout Cluster
    ) {
        cluster.usesHostAsSNI = message.autoSni
        cluster.validatesHostAsName = message.autoSanValidation
        cluster.sniHeader = message.overrideAutoSniHeader.lowercased()
        let header = message.overrideAutoSniHeader
        let name = header.hasPrefix(":") ? header.dropFirst() : header[...]
        guard !header.isEmpty, name.isEmpty || !name.utf8.allSatisfy(isNameByte) else { return }
        let rule = #"value does not match regex pattern "^:?[0-9a-zA-Z!#$%&'*+-.^_|~`]+$""#
        refuse(
            place.field("override_auto_sni_header"),
            breaking: rule,
            found: quoted(header),
            accepted: "a header's name"
        )
    }

    private mutating func setOptions(_ message: Options, at place: Place, of cluster: inout Cluster) {
        cluster.http1 = HTTP1Options()
        cluster.http2 = HTTP2Options()
        cluster.idleTimeout = Duration.seconds(3600)
        cluster.maxStreamDuration = .zero
        cluster.responseHeadKilobytes = 60
        cluster.responseHeaderCount = 100
        setCommon(message.commonHTTPProtocolOptions, at: place.field("common_http_protocol_options"), of: &cluster)
        setServerName(
            message.upstreamHTTPProtocolOptions,
            at: place.field("upstream_http_protocol_options"),
            of: &cluster
        )
        setVersion(message, at: place, of: &cluster)
        let mirrors = mirrors(message.requestMirrorPolicies, at: place.field("request_mirror_policies"))
        cluster.mirrorPolicies = mirrors.isEmpty ? nil : mirrors.policies
        if message.hasRetryPolicy {
            cluster.retryPolicy = compile(message.retryPolicy, at: place.field("retry_policy"))
        }
    }

    private mutating func setVersion(_ message: Options, at place: Place, of cluster: inout Cluster) {
        switch message.upstreamProtocolOptions {
        case .explicitHTTPConfig(let explicit):
            setVersion(explicit, at: place.field("explicit_http_config"), of: &cluster)
        case .useDownstreamProtocolConfig(let options):
            let place = place.field("use_downstream_protocol_config")
            cluster.version = .sameAsDownstream
            cluster.http1 = compile(options.httpProtocolOptions, at: place.field("http_protocol_options"))
            cluster.http2 = compile(options.http2ProtocolOptions, at: place.field("http2_protocol_options"))
        case .autoConfig(let options):
            let place = place.field("auto_config")
            cluster.version = .automatic
            cluster.http1 = compile(options.httpProtocolOptions, at: place.field("http_protocol_options"))
            cluster.http2 = compile(options.http2ProtocolOptions, at: place.field("http2_protocol_options"))
        case nil:
            let accepted = "explicit_http_config, use_downstream_protocol_config or auto_config"
            require("upstream_protocol_options", in: place, accepted: accepted)
        }
    }

    private mutating func setVersion(
        _ message: Options.ExplicitHttpConfig,
        at place: Place,
        of cluster: inout Cluster
    ) {
        switch message.protocolConfig {
        case .httpProtocolOptions(let options):
            cluster.version = .http1
            cluster.http1 = compile(options, at: place.field("http_protocol_options"))
        case .http2ProtocolOptions(let options):
            cluster.version = .http2
            cluster.http2 = compile(options, at: place.field("http2_protocol_options"))
        case nil:
            require("protocol_config", in: place, accepted: "http_protocol_options or http2_protocol_options")
        }
    }

    private mutating func setCommon(_ message: CommonOptions, at place: Place, of cluster: inout Cluster) {
        check(message, at: place)
        if message.hasIdleTimeout { cluster.idleTimeout = Duration(message.idleTimeout) }
        if message.hasMaxRequestsPerConnection {
            cluster.requestsPerConnection = Int(message.maxRequestsPerConnection.value)
        }
        if message.hasMaxHeadersCount { cluster.responseHeaderCount = Int(message.maxHeadersCount.value) }
        if message.hasMaxResponseHeadersKb {
            cluster.responseHeadKilobytes = Int(message.maxResponseHeadersKb.value)
        }
        if message.hasMaxStreamDuration { cluster.maxStreamDuration = Duration(message.maxStreamDuration) }
        refuseUnsupported(
            Duration(message.maxConnectionDuration) > .zero,
            "max_connection_duration is served on connection managers only",
            at: place.field("max_connection_duration"),
            accepted: "0s"
        )
    }
}

/// A byte of the class `[0-9a-zA-Z!#$%&'*+-.^_|~`]`, in which `+-.` is a range.
private func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2A...0x2E, 0x21, 0x23...0x27, 0x5E...0x60, 0x7C, 0x7E: true
    default: false
    }
}
