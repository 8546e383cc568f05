// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The fields that Envoy reads and asks not to use.

extension Schema {
    /// What to write instead, by message and field; empty where nothing takes the field's place.
    ///
    /// - Source: the `deprecated` options of Envoy 1.40; Envoy warns of each, too.
    static let deprecatedFields: [String: [String: String]] = [
        "envoy.config.cluster.v3.Cluster": [
            "max_requests_per_connection": protocolOptions,
            "common_http_protocol_options": protocolOptions,
            "http_protocol_options": protocolOptions,
            "http2_protocol_options": protocolOptions,
            "upstream_http_protocol_options": protocolOptions,
            "protocol_selection": protocolOptions,
            "dns_refresh_rate": dnsCluster,
            "dns_jitter": dnsCluster,
            "dns_failure_refresh_rate": dnsCluster,
            "respect_dns_ttl": dnsCluster,
            "track_timeout_budgets": "track_cluster_stats",
        ],
        "envoy.config.bootstrap.v3.Admin": ["access_log_path": "access_log"],
        "envoy.config.listener.v3.Listener": ["reuse_port": "enable_reuse_port"],
        "envoy.extensions.access_loggers.file.v3.FileAccessLog": [
            "format": "log_format", "json_format": "log_format", "typed_json_format": "log_format",
        ],
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager": [
            "access_log_flush_interval": "access_log_options",
            "flush_access_log_on_new_request": "access_log_options",
        ],
        "envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash": [
            "use_hostname_for_hashing": "consistent_hashing_lb_config",
            "hash_balance_factor": "consistent_hashing_lb_config",
        ],
        "envoy.config.core.v3.JsonFormatOptions": ["sort_properties": ""],
        "envoy.config.core.v3.HeaderValueOption": ["append": "append_action"],
        "envoy.config.core.v3.SubstitutionFormatString": ["text_format": "text_format_source"],
        "envoy.config.route.v3.VirtualHost": ["per_request_buffer_limit_bytes": "request_body_buffer_limit"],
        "envoy.config.route.v3.Route": ["per_request_buffer_limit_bytes": "request_body_buffer_limit"],
        "envoy.config.route.v3.WeightedCluster": ["total_weight": ""],
        "envoy.config.route.v3.HeaderMatcher": [
            "exact_match": "string_match",
            "safe_regex_match": "string_match",
            "prefix_match": "string_match",
            "suffix_match": "string_match",
            "contains_match": "string_match",
        ],
        "envoy.config.core.v3.Http2ProtocolOptions": [
            "stream_error_on_invalid_http_messaging": "override_stream_error_on_invalid_http_message"
        ],
        "envoy.config.route.v3.RouteAction": [
            "max_grpc_timeout": "max_stream_duration.grpc_timeout_header_max",
            "grpc_timeout_offset": "max_stream_duration.grpc_timeout_header_offset",
        ],
        "envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext": [
            "match_subject_alt_names": "match_typed_subject_alt_names"
        ],
        "envoy.type.matcher.v3.RegexMatcher": ["google_re2": ""],
    ]

    private static let dnsCluster = "cluster_type with envoy.extensions.clusters.dns.v3.DnsCluster"
    private static let protocolOptions = "typed_extension_protocol_options"
}
