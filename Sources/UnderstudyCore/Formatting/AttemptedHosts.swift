// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Commands that tell every try of an exchange, with commas between them.

/// Named as Envoy does.
package enum AttemptedHosts: String, Sendable, Equatable {
    case addresses = "UPSTREAM_HOSTS_ATTEMPTED"
    case addressesWithoutPort = "UPSTREAM_HOSTS_ATTEMPTED_WITHOUT_PORT"
    case names = "UPSTREAM_HOST_NAMES_ATTEMPTED"
    case namesWithoutPort = "UPSTREAM_HOST_NAMES_ATTEMPTED_WITHOUT_PORT"
    case connections = "UPSTREAM_CONNECTION_IDS_ATTEMPTED"

    /// - Returns: Whether there was a try to tell.
    func append(_ attempts: [UpstreamAttempt], to bytes: inout [UInt8]) -> Bool {
        var isFirst = true
        for attempt in attempts {
            if self == .connections, attempt.connectionID == nil { continue }
            if !isFirst { bytes.append(0x2C) }
            isFirst = false
            append(attempt, to: &bytes)
        }
        return !isFirst
    }

    private func append(_ attempt: UpstreamAttempt, to bytes: inout [UInt8]) {
        switch self {
        case .addresses: attempt.address.append(to: &bytes)
        case .addressesWithoutPort: bytes.append(contentsOf: attempt.address.host)
        case .names where attempt.name.isEmpty: attempt.address.append(to: &bytes)
        case .namesWithoutPort where attempt.name.isEmpty: bytes.append(contentsOf: attempt.address.host)
        case .names, .namesWithoutPort: bytes.append(contentsOf: attempt.name)
        case .connections: bytes.append(decimal: Int(clamping: attempt.connectionID ?? 0))
        }
    }
}
