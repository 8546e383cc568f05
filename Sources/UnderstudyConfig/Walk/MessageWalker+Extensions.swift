// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Fields of type Any: a message that names its own type, in a place where only certain types make sense.

/// A field that holds a message of one of several types.
enum ExtensionPoint: CaseIterable {
    case listenerFilter
    case downstreamSocket
    case upstreamSocket
    case networkFilter
    case httpFilter
    case headerFormatter
    case requestID
    case retryHostPredicate
    case clusterProtocol
    case balancing
    case clusterType
    case accessLog
    case resourceMonitor
    /// An entry for a filter among those of a route, or of what is around it.
    case perRoute
    /// What is inside such an entry.
    case perRouteConfig

    /// - Parameter holder: what has the message.
    init?(of message: String, _ field: String, in holder: Place) {
        switch (message, field) {
        case ("envoy.config.listener.v3.ListenerFilter", "typed_config"): self = .listenerFilter
        case ("envoy.config.core.v3.TransportSocket", "typed_config"):
            let isUpstream = holder.role?.holder == "envoy.config.cluster.v3.Cluster"
            self = isUpstream ? .upstreamSocket : .downstreamSocket
        case ("envoy.config.listener.v3.Filter", "typed_config"): self = .networkFilter
        case (Self.package + "HttpFilter", "typed_config"): self = .httpFilter
        case ("envoy.config.core.v3.TypedExtensionConfig", "typed_config"):
            self = holder.role?.field == "typed_extension_config" ? .balancing : .headerFormatter
        case ("envoy.config.cluster.v3.Cluster.CustomClusterType", "typed_config"): self = .clusterType
        case ("envoy.config.accesslog.v3.AccessLog", "typed_config"): self = .accessLog
        case ("envoy.config.overload.v3.ResourceMonitor", "typed_config"): self = .resourceMonitor
        case (Self.package + "RequestIDExtension", "typed_config"): self = .requestID
        case ("envoy.config.route.v3.RetryPolicy.RetryHostPredicate", "typed_config"): self = .retryHostPredicate
        case ("envoy.config.cluster.v3.Cluster.TypedExtensionProtocolOptionsEntry", "value"): self = .clusterProtocol
        case ("envoy.config.route.v3.FilterConfig", "config"): self = .perRouteConfig
        case (let entry, "value") where entry.hasSuffix(".TypedPerFilterConfigEntry"): self = .perRoute
        default: return nil
        }
    }

    private static let policies = [
        "round_robin.v3.RoundRobin", "least_request.v3.LeastRequest", "random.v3.Random", "ring_hash.v3.RingHash",
        "maglev.v3.Maglev",
    ]

    private static let sockets = "envoy.extensions.transport_sockets."

    private static let bufferPerRoute = "envoy.extensions.filters.http.buffer.v3.BufferPerRoute"

    private static let package = "envoy.extensions.filters.network.http_connection_manager.v3."

    /// The full names of the messages that are understood here.
    var types: [String] {
        switch self {
        case .listenerFilter: ["envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"]
        case .downstreamSocket:
            ["tls.v3.DownstreamTlsContext", "raw_buffer.v3.RawBuffer"].map { Self.sockets + $0 }
        case .upstreamSocket:
            ["tls.v3.UpstreamTlsContext", "raw_buffer.v3.RawBuffer"].map { Self.sockets + $0 }
        case .networkFilter:
            [
                Self.package + "HttpConnectionManager",
                "envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit",
            ]
        case .httpFilter:
            [
                "envoy.extensions.filters.http.router.v3.Router",
                "envoy.extensions.filters.http.health_check.v3.HealthCheck",
                "envoy.extensions.filters.http.buffer.v3.Buffer",
            ]
        case .headerFormatter:
            ["envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig"]
        case .requestID: ["envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig"]
        case .retryHostPredicate: ["envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"]
        case .clusterProtocol: ["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"]
        case .balancing: Self.policies.map { "envoy.extensions.load_balancing_policies.\($0)" }
        case .clusterType: ["envoy.extensions.clusters.dns.v3.DnsCluster"]
        case .accessLog:
            ["file.v3.FileAccessLog", "stream.v3.StdoutAccessLog", "stream.v3.StderrAccessLog"].map {
                "envoy.extensions.access_loggers.\($0)"
            }
        case .resourceMonitor:
            ["fixed_heap.v3.FixedHeapConfig", "downstream_connections.v3.DownstreamConnectionsConfig"].map {
                "envoy.extensions.resource_monitors.\($0)"
            }
        case .perRoute: ["envoy.config.route.v3.FilterConfig", Self.bufferPerRoute]
        case .perRouteConfig: [Self.bufferPerRoute]
        }
    }

    /// The keys under which it may stand, if it stands in a map; `nil` for any.
    var keys: [String]? {
        guard self == .clusterProtocol else { return nil }
        return types + ["envoy.upstreams.http.http_protocol_options"]
    }
}

extension MessageWalker {
    /// Writes a message that names its own type; false, after a report where one is due, if there is nothing to write.
    ///
    /// - Parameter holder: the message that has the field; Envoy skips it if it is optional and its type unknown.
    mutating func writeExtension(
        _ place: Place,
        at point: ExtensionPoint,
        in holder: Place
    ) throws(Stop) -> Bool {
        let types = (point == .perRouteConfig ? TypedStruct.names : []) + point.types
        let accepted = types.map { "type.googleapis.com/\($0)" }.joined(separator: ", ")
        guard case .mapping(let mapping) = place.content else {
            refuse(place, "not a mapping", accepted: "a mapping with \"@type\": \(accepted)")
            return false
        }
        guard let (typeName, typePlace) = typeName(of: mapping, at: place, accepted: accepted) else { return false }
        if TypedStruct.names.contains(typeName),
            let isWritten = try writeTypedStruct(mapping, typeName, at: place, as: point, in: holder)
        {
            return isWritten
        }
        if refuseBare(typeName, typePlace, at: point) { return false }
        guard point.types.contains(typeName), let message = schema.messages[typeName] else {
            report(typeName, typePlace, at: point, in: holder, accepted: accepted)
            return false
        }
        try writeFields(mapping, of: message, typeName, at: place, typeURL: "type.googleapis.com/\(typeName)")
        return true
    }

    /// What the `@type` of a mapping says after its last slash; `nil`, after a report, if it is missing or malformed.
    private mutating func typeName(
        of mapping: Node.Mapping,
        at place: Place,
        accepted: String
    ) -> (name: String, place: Place)? {
        guard let (_, value) = mapping.first(where: { $0.key.scalar?.string == "@type" }) else {
            log.report(.invalid, at: place, "\"@type\" is required", accepted: accepted)
            return nil
        }
        let place = Place(path: "\(place.path)[\"@type\"]", node: value, mark: value.mark)
        guard let scalar = value.scalar, case .text(let text) = scalar.value,
            let slash = text.lastIndex(of: "/"), slash != text.startIndex
        else {
            refuse(place, "@type must contain at least one / and a nonempty host", accepted: accepted)
            return nil
        }
        return (String(text[slash...].dropFirst()), place)
    }

    private mutating func report(
        _ typeName: String,
        _ place: Place,
        at point: ExtensionPoint,
        in holder: Place,
        accepted: String
    ) {
        let nearest = nearestName(to: typeName, among: point.types)
        let packages = ["envoy.", "xds.", "udpa.", "google."]
        let isKnownToEnvoy = nearest == nil && packages.contains { typeName.hasPrefix($0) }
        let isPerRoute = point == .perRoute || point == .perRouteConfig
        if isKnownToEnvoy, isTrue("is_optional", in: holder) || (isPerRoute && allowUnknownFields) {
            log.report(
                .unsupported,
                .warning,
                at: place,
                isPerRoute ? "this filter's configuration is skipped" : "this optional filter is skipped",
                found: found(place),
                accepted: accepted
            )
            return
        }
        log.report(
            isKnownToEnvoy ? .unsupported : .unknown,
            at: place,
            isKnownToEnvoy ? "unsupported @type" : "could not find @type",
            found: found(place),
            accepted: accepted,
            suggestion: nearest.map { "type.googleapis.com/\($0)" }
        )
    }

    /// Whether a switch of a message is on.
    func isTrue(_ field: String, in holder: Place) -> Bool {
        guard case .scalar(let scalar) = holder.field(field).content else { return false }
        switch scalar.value {
        case .bool(let bool): return bool
        case .text(let text): return ScalarValue.bool(quoted: text) ?? false
        case .null, .integer: return false
        }
    }
}
