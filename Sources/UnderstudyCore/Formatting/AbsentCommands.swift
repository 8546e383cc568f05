// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Envoy's commands that have nothing to say here, told from a typo.

/// Commands without a value as long as an exchange lasts.
///
/// - Source: measured on Envoy 1.40, in additions to requests and answers.
enum AbsentCommands {
    /// Without argument and length.
    static let names: Set<String> = Set(
        [
            "CUSTOM_FLAGS", "DOWNSTREAM_LOCAL_CLOSE_REASON", "UPSTREAM_LOCAL_CLOSE_REASON",
            "DOWNSTREAM_LOCAL_ADDRESS_ENDPOINT_ID",
            "ROUNDTRIP_DURATION", "SPAN_ID", "TLS_JA3_FINGERPRINT", "TLS_JA4_FINGERPRINT",
            "TRACE_ID", "UPSTREAM_REMOTE_ADDRESS_ENDPOINT_ID",
        ] + certificates
    )

    /// Whether the command has no value here, after the checks that Envoy makes.
    static func include(_ token: CommandToken) throws(FormatFault) -> Bool {
        switch token.name {
        case _ where names.contains(token.name): try token.requireNothing()
        case "DYNAMIC_METADATA", "CLUSTER_METADATA", "UPSTREAM_METADATA":
            try token.require(argument: true, limit: true)
        case "METADATA": try checkMetadata(token)
        case "FILTER_STATE", "UPSTREAM_FILTER_STATE": try checkFilterState(token)
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

    /// Of certificates nobody keeps these.
    private static let certificates = [
        "DOWNSTREAM_PEER_OTHERNAME_SAN", "DOWNSTREAM_LOCAL_OTHERNAME_SAN", "DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_256",
        "DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_1", "DOWNSTREAM_PEER_CHAIN_SERIALS",
    ]
}
