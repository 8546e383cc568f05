// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The configuration as `/config_dump` shows it: what was read, in one spelling and without values that say nothing.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension ConfigurationDocument {
    private typealias Manager = Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpConnectionManager

    /// - Returns: An empty document if a message names a type that is not in `extensionTypes`.
    init(_ bootstrap: Envoy_Config_Bootstrap_V3_Bootstrap) {
        self.init()
        guard let written = try? Self.spelledAsEnvoy(bootstrap),
            let json = try? written.jsonString(options: Self.options)
        else { return }
        self.bootstrap = json
        for listener in written.staticResources.listeners {
            if let resource = Resource(listener, named: listener.name, Self.options) { listeners.append(resource) }
            for filter in (listener.filterChains + [listener.defaultFilterChain]).flatMap(\.filters) {
                guard let manager = try? Manager(unpackingAny: filter.typedConfig),
                    case .routeConfig(let table) = manager.routeSpecifier
                else { continue }
                if let resource = Resource(table, named: table.name, Self.options) { routes.append(resource) }
            }
        }
        clusters = written.staticResources.clusters.compactMap { Resource($0, named: $0.name, Self.options) }
    }

    private static let options: JSONEncodingOptions = {
        var options = JSONEncodingOptions()
        options.preserveProtoFieldNames = true
        options.useDeterministicOrdering = true
        return options
    }()

    /// The same message, once through the wire format, in which no extension keeps the spelling of the file.
    private static func spelledAsEnvoy(
        _ bootstrap: Envoy_Config_Bootstrap_V3_Bootstrap
    ) throws -> Envoy_Config_Bootstrap_V3_Bootstrap {
        for type in extensionTypes { Google_Protobuf_Any.register(messageType: type) }
        let bytes: [UInt8] = try withEncodedFilters(bootstrap).serializedBytes()
        return try Envoy_Config_Bootstrap_V3_Bootstrap(serializedBytes: bytes).withoutSecrets()
    }

    /// The same message with the connection managers in the wire format already.
    ///
    /// They hold nearly all of a large file. The library would read them from their JSON text again for every message
    /// around them, once for its length and once for its bytes.
    private static func withEncodedFilters(
        _ bootstrap: Envoy_Config_Bootstrap_V3_Bootstrap
    ) -> Envoy_Config_Bootstrap_V3_Bootstrap {
        var result = bootstrap
        result.staticResources.listeners = bootstrap.staticResources.listeners.map { listener in
            var listener = listener
            listener.filterChains = listener.filterChains.map { chain in
                var chain = chain
                for index in chain.filters.indices {
                    guard case .typedConfig(let config)? = chain.filters[index].configType else { continue }
                    chain.filters[index].typedConfig.value = config.value
                }
                return chain
            }
            return listener
        }
        return result
    }

    /// Every message that may stand in a field of any type.
    private static let extensionTypes: [any Message.Type] = [
        Envoy_Extensions_Filters_Listener_TlsInspector_V3_TlsInspector.self,
        Envoy_Extensions_TransportSockets_Tls_V3_DownstreamTlsContext.self,
        Envoy_Extensions_TransportSockets_Tls_V3_UpstreamTlsContext.self,
        Envoy_Extensions_TransportSockets_RawBuffer_V3_RawBuffer.self,
        Manager.self,
        Envoy_Extensions_Filters_Http_Router_V3_Router.self,
        Envoy_Extensions_Filters_Http_HealthCheck_V3_HealthCheck.self,
        Compiler.BufferMessage.self,
        Compiler.BufferPerRoute.self,
        Envoy_Extensions_Http_HeaderFormatters_PreserveCase_V3_PreserveCaseFormatterConfig.self,
        Envoy_Extensions_RequestId_Uuid_V3_UuidRequestIdConfig.self,
        Envoy_Extensions_Retry_Host_PreviousHosts_V3_PreviousHostsPredicate.self,
        Envoy_Extensions_Upstreams_Http_V3_HttpProtocolOptions.self,
        Envoy_Extensions_LoadBalancingPolicies_RoundRobin_V3_RoundRobin.self,
        Envoy_Extensions_LoadBalancingPolicies_LeastRequest_V3_LeastRequest.self,
        Envoy_Extensions_LoadBalancingPolicies_Random_V3_Random.self,
        Envoy_Extensions_LoadBalancingPolicies_RingHash_V3_RingHash.self,
        Envoy_Extensions_LoadBalancingPolicies_Maglev_V3_Maglev.self,
        Envoy_Extensions_Clusters_Dns_V3_DnsCluster.self,
        Envoy_Extensions_AccessLoggers_File_V3_FileAccessLog.self,
        Envoy_Extensions_AccessLoggers_Stream_V3_StdoutAccessLog.self,
        Envoy_Extensions_AccessLoggers_Stream_V3_StderrAccessLog.self,
        Envoy_Extensions_Filters_Network_ConnectionLimit_V3_ConnectionLimit.self,
        Envoy_Extensions_ResourceMonitors_FixedHeap_V3_FixedHeapConfig.self,
        Envoy_Extensions_ResourceMonitors_DownstreamConnections_V3_DownstreamConnectionsConfig.self,
        Envoy_Config_Route_V3_FilterConfig.self,
        Xds_Type_V3_TypedStruct.self,
        Udpa_Type_V1_TypedStruct.self,
    ]

    /// The full names of those messages.
    static var extensionNames: Set<String> { Set(extensionTypes.map { $0.protoMessageName }) }
}

extension ConfigurationDocument.Resource {
    fileprivate init?(_ message: some Message, named name: String, _ options: JSONEncodingOptions) {
        guard let any = try? Google_Protobuf_Any(message: message), let json = try? any.jsonString(options: options)
        else { return nil }
        self.init(name: name, json: json)
    }
}
