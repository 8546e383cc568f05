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
        ],
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
        "envoy.type.matcher.v3.RegexMatcher": ["google_re2": ""],
    ]

    private static let protocolOptions = "typed_extension_protocol_options"
}
