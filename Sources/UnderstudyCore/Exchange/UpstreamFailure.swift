// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How an upstream can let a request down, before any part of its answer or after.

package enum UpstreamFailure: Error, Hashable, Sendable, CaseIterable {
    /// The cluster has no endpoint to connect to.
    case noHealthyUpstream
    /// The cluster's limit on connections is reached.
    case overflow
    case connectFailure
    case connectTimeout
    /// The upstream closed its side in an orderly way.
    case closed
    case reset
    /// The answer is no HTTP, or HTTP that must not be passed on.
    case protocolError
    /// The route's timeout.
    case timeout

    /// What the client is told when nothing of an answer has been passed on yet.
    ///
    /// - Source: texts and codes measured on Envoy 1.40.
    package var localReply: LocalReply {
        switch self {
        case .noHealthyUpstream: LocalReply(503, "no healthy upstream")
        case .overflow:
            LocalReply(
                503,
                "upstream connect error or disconnect/reset before headers. reset reason: overflow",
                isOverloaded: true
            )
        case .connectFailure:
            LocalReply(
                503,
                "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure"
            )
        case .connectTimeout:
            LocalReply(
                503,
                "upstream connect error or disconnect/reset before headers. reset reason: connection timeout"
            )
        case .closed, .reset:
            LocalReply(
                503,
                "upstream connect error or disconnect/reset before headers. reset reason: connection termination"
            )
        case .protocolError:
            LocalReply(502, "upstream connect error or disconnect/reset before headers. reset reason: protocol error")
        case .timeout: LocalReply(504, "upstream request timeout")
        }
    }
}
