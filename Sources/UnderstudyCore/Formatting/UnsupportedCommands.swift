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
            "CUSTOM_FLAGS", "DOWNSTREAM_HANDSHAKE_DURATION",
            "DOWNSTREAM_LOCAL_ADDRESS_ENDPOINT_ID", "DOWNSTREAM_TRANSPORT_FAILURE_REASON", "FILTER_CHAIN_NAME",
            "ROUNDTRIP_DURATION", "SPAN_ID", "TLS_JA3_FINGERPRINT", "TLS_JA4_FINGERPRINT",
            "TRACE_ID", "UPSTREAM_REMOTE_ADDRESS_ENDPOINT_ID",
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
            "CEL", "CLUSTER_METADATA", "COALESCE", "DOWNSTREAM_DETECTED_CLOSE_TYPE", "DOWNSTREAM_LOCAL_CLOSE_REASON",
            "DYNAMIC_METADATA", "EMIT_TIME_LOCAL", "FILTER_STATE", "METADATA", "START_TIME_LOCAL",
            "UPSTREAM_DETECTED_CLOSE_TYPE", "UPSTREAM_FILTER_STATE", "UPSTREAM_LOCAL_CLOSE_REASON",
            "UPSTREAM_METADATA", "XFCC_VALUE",
        ] + byteCounts
    )

    private static let byteCounts = ["UPSTREAM", "DOWNSTREAM"].flatMap { side in
        ["\(side)_DECOMPRESSED_HEADER_BYTES_SENT", "\(side)_DECOMPRESSED_HEADER_BYTES_RECEIVED"]
    }
}
