// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Envoy's commands that have nothing to say here, told from a typo.

/// Commands without a value as long as an exchange lasts and no connection has TLS.
///
/// - Source: measured on Envoy 1.40, in additions to requests and answers.
enum AbsentCommands {
    /// Without argument and length.
    static let names: Set<String> = Set(
        [
            "CUSTOM_FLAGS", "DOWNSTREAM_LOCAL_CLOSE_REASON", "UPSTREAM_LOCAL_CLOSE_REASON",
            "DOWNSTREAM_HANDSHAKE_DURATION",
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

    /// Whether the command has no value here, after the checks that Envoy makes.
    static func include(_ token: CommandToken) throws(FormatFault) -> Bool {
        switch token.name {
        case _ where names.contains(token.name): try token.requireNothing()
        case _ where times.contains(token.name): _ = try token.timeFormat()
        case "DYNAMIC_METADATA", "CLUSTER_METADATA", "UPSTREAM_METADATA":
            try token.require(argument: true, limit: true)
        case "METADATA": try checkMetadata(token)
        case "FILTER_STATE", "UPSTREAM_FILTER_STATE": try checkFilterState(token)
        case "XFCC_VALUE": try checkCertificate(token)
        default: return false
        }
        return true
    }

    /// No part of the model has metadata, and no filter writes any.
    private static func checkMetadata(_ token: CommandToken) throws(FormatFault) {
        let type = token.argumentText.prefix { $0 != ":" }
        guard ["DYNAMIC", "CLUSTER", "ROUTE", "UPSTREAM_HOST", "LISTENER", "VIRTUAL_HOST"].contains(type) else {
            throw FormatFault(.invalid, "\(type) is not supported type of metadata")
        }
    }

    private static func checkFilterState(_ token: CommandToken) throws(FormatFault) {
        let parts = token.argumentText.split(separator: ":", omittingEmptySubsequences: false)
        guard let key = parts.first, !key.isEmpty else {
            throw FormatFault(.invalid, "Invalid filter state configuration, key cannot be empty.")
        }
        let fault = "Invalid filter state serialize type, "
        let form = parts.count > 1 ? parts[1] : "TYPED"
        guard parts.count <= 3, ["PLAIN", "TYPED", "FIELD"].contains(form) else {
            throw FormatFault(.invalid, fault + "only support PLAIN/TYPED/FIELD.")
        }
        guard (parts.count == 3) == (form == "FIELD") else {
            throw FormatFault(.invalid, fault + "FIELD should be used with the field name.")
        }
    }

    /// The header is only believed where there is TLS.
    private static func checkCertificate(_ token: CommandToken) throws(FormatFault) {
        let name = token.argumentText
        guard !name.isEmpty else { throw FormatFault(.invalid, "XFCC_VALUE command requires a subcommand") }
        guard ["uri", "dns", "hash", "subject", "by", "cert", "chain"].contains(name.lowercased()) else {
            throw FormatFault(.invalid, "XFCC_VALUE command does not support subcommand: \(name)")
        }
    }

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
