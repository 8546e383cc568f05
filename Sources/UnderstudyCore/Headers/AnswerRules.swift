// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a connection manager makes of every answer, arranged once.

/// Immutable; the defaults cost nothing.
public final class AnswerRules: Sendable {
    let server: ConnectionManager.ServerHeader
    let serverName: [UInt8]
    let via: [UInt8]
    /// Every answer says the request's identifier.
    public let tellsRequestID: Bool

    public init(_ manager: ConnectionManager) {
        server = manager.serverHeader
        serverName = Array(manager.serverName.utf8)
        via = Array(manager.forwarding.via.utf8)
        tellsRequestID = manager.requestID.isInResponse
    }
}
