// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Why a connection could not be made, for logs.

public enum ConnectError: Sendable, Equatable {
    /// Nothing has failed, or nobody has said why.
    case none
    /// The system's number.
    case system(CInt)
    /// What the handshake has failed of, in Envoy's words.
    case handshake([UInt8])

    /// - Source: Envoy's `delayed connect error` and `TLS error` as `%UPSTREAM_TRANSPORT_FAILURE_REASON%` tells them.
    public var reason: [UInt8] {
        switch self {
        case .none: []
        case .system(let code): Array("delayed connect error: \(SystemErrorText.systemText(code))".utf8)
        case .handshake(let text): text
        }
    }
}
