// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Commands that tell which hosts an exchange was connected to.

/// Named as Envoy does.
///
/// - Source: measured on Envoy 1.40: for HTTP the last try's host only, and none without a connection.
public enum AttemptedHosts: String, Sendable, Equatable {
    case addresses = "UPSTREAM_HOSTS_ATTEMPTED"
    case addressesWithoutPort = "UPSTREAM_HOSTS_ATTEMPTED_WITHOUT_PORT"
    case names = "UPSTREAM_HOST_NAMES_ATTEMPTED"
    case namesWithoutPort = "UPSTREAM_HOST_NAMES_ATTEMPTED_WITHOUT_PORT"
    case connections = "UPSTREAM_CONNECTION_IDS_ATTEMPTED"

    /// - Returns: Whether there was a connection.
    func append(
        to bytes: inout [UInt8],
        request: borrowing RequestHead,
        response: borrowing ResponseHead?,
        facts: borrowing ExchangeFacts
    ) -> Bool {
        guard let connection = facts.upstreamConnectionID else { return false }
        let fact: FormatFact =
            switch self {
            case .addresses: .upstreamHost
            case .addressesWithoutPort: .upstreamRemoteHost
            case .names: .upstreamName
            case .namesWithoutPort: .upstreamNameWithoutPort
            case .connections: .upstreamConnectionID
            }
        if fact != .upstreamConnectionID {
            return fact.append(to: &bytes, request: request, response: response, facts: facts)
        }
        bytes.append(decimal: Int(clamping: connection))
        return true
    }
}
