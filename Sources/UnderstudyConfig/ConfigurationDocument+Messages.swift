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
            for filter in listener.filterChains.flatMap(\.filters) {
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
        let bytes: [UInt8] = try bootstrap.serializedBytes()
        return try Envoy_Config_Bootstrap_V3_Bootstrap(serializedBytes: bytes)
    }

    /// Every message that may stand in a field of any type.
    private static let extensionTypes: [any Message.Type] = [
        Manager.self,
        Envoy_Extensions_Filters_Http_Router_V3_Router.self,
        Envoy_Extensions_Filters_Http_HealthCheck_V3_HealthCheck.self,
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
