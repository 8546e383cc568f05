// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Envoy's commands that say nothing here, and those that are not there yet, so that they are told from a typo.

/// Commands without a value as long as an exchange lasts and no connection has TLS.
///
/// - Source: measured on Envoy 1.40, in additions to requests and answers.
enum AbsentCommands {
    /// Without argument and length.
    static let names: Set<String> = Set(
        [
            "CONNECTION_TERMINATION_DETAILS", "CUSTOM_FLAGS", "DOWNSTREAM_HANDSHAKE_DURATION",
            "DOWNSTREAM_LOCAL_ADDRESS_ENDPOINT_ID", "DOWNSTREAM_TRANSPORT_FAILURE_REASON", "FILTER_CHAIN_NAME",
            "RESPONSE_TX_DURATION", "ROUNDTRIP_DURATION", "SPAN_ID", "TLS_JA3_FINGERPRINT", "TLS_JA4_FINGERPRINT",
            "TRACE_ID", "UPSTREAM_REMOTE_ADDRESS_ENDPOINT_ID", "VIRTUAL_CLUSTER_NAME",
        ] + certificates
    )

    /// With a format of time as their argument.
    static let times: Set<String> = [
        "DOWNSTREAM_PEER_CERT_V_START", "DOWNSTREAM_PEER_CERT_V_END", "UPSTREAM_PEER_CERT_V_START",
        "UPSTREAM_PEER_CERT_V_END",
    ]

    private static let certificates =
        ["UPSTREAM", "DOWNSTREAM"].flatMap { side in
            [
                "TLS_VERSION", "TLS_CIPHER", "TLS_SESSION_ID", "TLS_GROUP", "PEER_SUBJECT", "PEER_ISSUER", "PEER_CERT",
                "PEER_URI_SAN", "PEER_DNS_SAN", "PEER_IP_SAN", "LOCAL_URI_SAN", "LOCAL_DNS_SAN", "LOCAL_IP_SAN",
            ].map { "\(side)_\($0)" }
        }
        + [
            "PEER_EMAIL_SAN", "PEER_OTHERNAME_SAN", "LOCAL_EMAIL_SAN", "LOCAL_OTHERNAME_SAN", "LOCAL_SUBJECT",
            "PEER_SERIAL", "PEER_FINGERPRINT_256", "PEER_FINGERPRINT_1", "PEER_CHAIN_FINGERPRINTS_256",
            "PEER_CHAIN_FINGERPRINTS_1", "PEER_CHAIN_SERIALS",
        ].map { "DOWNSTREAM_\($0)" }
}

/// Names that Envoy 1.40 accepts without extra formatters.
enum UnsupportedCommands {
    static let names: Set<String> = Set(
        [
            "CEL", "CLUSTER_METADATA", "COALESCE", "COMMON_DURATION", "DOWNSTREAM_DETECTED_CLOSE_TYPE",
            "DOWNSTREAM_LOCAL_CLOSE_REASON", "DYNAMIC_METADATA", "EMIT_TIME_LOCAL", "FILTER_STATE", "METADATA",
            "PER_REQUEST_STATE", "REQUEST_DURATION", "REQUEST_TX_DURATION", "START_TIME_LOCAL", "UNIQUE_ID",
            "UPSTREAM_CONNECTION_ID", "UPSTREAM_CONNECTION_IDS_ATTEMPTED", "UPSTREAM_CONNECTION_POOL_READY_DURATION",
            "UPSTREAM_DETECTED_CLOSE_TYPE", "UPSTREAM_FILTER_STATE", "UPSTREAM_HOST_NAMES_ATTEMPTED",
            "UPSTREAM_HOST_NAMES_ATTEMPTED_WITHOUT_PORT", "UPSTREAM_HOSTS_ATTEMPTED",
            "UPSTREAM_HOSTS_ATTEMPTED_WITHOUT_PORT", "UPSTREAM_LOCAL_CLOSE_REASON", "UPSTREAM_METADATA",
            "UPSTREAM_TRANSPORT_FAILURE_REASON", "XFCC_VALUE",
        ] + byteCounts
    )

    private static let byteCounts = ["UPSTREAM", "DOWNSTREAM"].flatMap { side in
        ["WIRE_BYTES", "HEADER_BYTES", "DECOMPRESSED_HEADER_BYTES"].flatMap { count in
            ["\(side)_\(count)_SENT", "\(side)_\(count)_RECEIVED"]
        }
    }
}
