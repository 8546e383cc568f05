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
        let options = place.field("typed_extension_protocol_options")
        for (key, any) in message.typedExtensionProtocolOptions.sorted(by: { $0.key < $1.key }) {
            let place = options.entry(key)
            guard let options: Options = unpacked(any, at: place) else { continue }
            cluster.requestsPerConnection = Int(message.maxRequestsPerConnection.value)
            setOptions(options, at: place, of: &cluster)
        }
    }

    private mutating func setOptions(_ message: Options, at place: Place, of cluster: inout Cluster) {
        cluster.http1 = HTTP1Options()
        cluster.idleTimeout = Duration.seconds(3600)
        cluster.maxStreamDuration = .zero
        cluster.responseHeadKilobytes = 60
        cluster.responseHeaderCount = 100
        setCommon(message.commonHTTPProtocolOptions, at: place.field("common_http_protocol_options"), of: &cluster)
        if case .explicitHTTPConfig(let explicit) = message.upstreamProtocolOptions {
            let place = place.field("explicit_http_config")
            if case .httpProtocolOptions(let http1) = explicit.protocolConfig {
                cluster.http1 = compile(http1, at: place.field("http_protocol_options"))
            } else {
                require("protocol_config", in: place, accepted: "http_protocol_options")
            }
        } else {
            require("upstream_protocol_options", in: place, accepted: "explicit_http_config")
        }
        let mirrors = mirrors(message.requestMirrorPolicies, at: place.field("request_mirror_policies"))
        cluster.mirrorPolicies = mirrors.isEmpty ? nil : mirrors.policies
        if message.hasRetryPolicy {
            cluster.retryPolicy = compile(message.retryPolicy, at: place.field("retry_policy"))
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
