// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How an upstream can let a request down, before any part of its answer or after.

public enum UpstreamFailure: Error, Hashable, Sendable, CaseIterable {
    /// The cluster has no endpoint to connect to.
    case noHealthyUpstream
    /// The cluster's limit on connections is reached.
    case overflow
    case connectFailure
    case connectTimeout
    /// The upstream closed its side in an orderly way.
    case closed
    case reset
    /// The upstream has ended the request's stream, and nothing else.
    ///
    /// Source: RFC 9113 section 5.4.2.
    case streamReset
    /// The upstream has not looked at the request, and says so of it alone.
    ///
    /// Source: RFC 9113 section 8.7.
    case streamRefused
    /// The upstream has not looked at the request, because it takes no more on this connection.
    ///
    /// Source: RFC 9113 section 6.8.
    case goneAway
    /// The answer is no HTTP, or HTTP that must not be passed on.
    case protocolError
    /// The route's timeout.
    case timeout

    /// The status of what the client is told.
    public var status: Int {
        switch self {
        case .protocolError: 502
        case .timeout: 504
        case .noHealthyUpstream, .overflow, .connectFailure, .connectTimeout, .closed, .reset, .streamReset,
            .streamRefused, .goneAway:
            503
        }
    }

    /// What the client is told when nothing of an answer has been passed on yet.
    ///
    /// - Parameter wasRetried: Earlier tries have failed, too.
    /// - Source: texts, codes, flags and details measured on Envoy 1.40.
    public func reply(wasRetried: Bool = false) -> ReplyDraft {
        switch self {
        case .noHealthyUpstream:
            return ReplyDraft(LocalReply(503, "no healthy upstream", flag: "UH", details: "no_healthy_upstream"))
        case .timeout:
            return ReplyDraft(LocalReply(504, "upstream request timeout", flag: "UT", details: "response_timeout"))
        default:
            let reason = resetReason
            var draft = ReplyDraft(status: status)
            draft.body.append(literal: "upstream connect error or disconnect/reset before headers. ")
            draft.body.append(literal: wasRetried ? "retried and the latest reset reason: " : "reset reason: ")
            draft.body.append(literal: reason.text)
            draft.isOverloaded = self == .overflow
            draft.flag = reason.flag
            draft.details = reason.details
            return draft
        }
    }

    private var resetReason: (text: StaticString, flag: StaticString, details: StaticString) {
        switch self {
        case .overflow: ("overflow", "UO", "upstream_reset_before_response_started{overflow}")
        case .connectFailure:
            (
                "remote connection failure", "UF",
                "upstream_reset_before_response_started{remote_connection_failure}"
            )
        case .connectTimeout:
            ("connection timeout", "UF", "upstream_reset_before_response_started{connection_timeout}")
        case .protocolError: ("protocol error", "UPE", "upstream_reset_before_response_started{protocol_error}")
        case .streamReset: ("remote reset", "UR", "upstream_reset_before_response_started{remote_reset}")
        case .streamRefused, .goneAway:
            (
                "remote refused stream reset", "UR",
                "upstream_reset_before_response_started{remote_refused_stream_reset}"
            )
        case .closed, .reset, .noHealthyUpstream, .timeout:
            ("connection termination", "UC", "upstream_reset_before_response_started{connection_termination}")
        }
    }
}
