// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How a mirror policy can end for one request: exactly one of these for each policy of each request.

/// The order is that in which they are shown: what the mirror did, what we cut, what was never sent.
public enum MirrorOutcome: Int, CaseIterable, Error, Sendable {
    /// The mirror answered completely, with a status below 400.
    case ok
    /// The mirror answered completely, with 400 to 499.
    case clientError
    /// The mirror answered completely, with 500 to 599.
    case serverError
    /// The mirror answered completely, with a status above 599.
    case otherError
    case timeout
    case reset
    case connectFailure
    case protocolError
    /// The mirror did not take its bytes in time and used up its budget.
    case cutSlow
    /// The client left before its request was complete.
    case cutClientLeft
    /// The exchange with the primary ended before the client's request was complete.
    case cutPrimaryEnded
    /// The request's body turned out to be larger than what mirrors are to get.
    case cutBodyTooLarge
    /// The mirror's answer is larger than what is read of it.
    case cutAnswerTooLarge
    /// The mirror's answer is more than the event loop had time for until the copy's time was over.
    case cutHeldBack
    /// The proxy ended before the mirror had answered.
    case draining
    /// The policy's share does not include the request.
    case sampledOut
    case unknownCluster
    case noHeader
    case noHost
    /// A circuit breaker of the mirror's cluster is open.
    case overflow
    /// All mirrors together have used up what they may.
    case budget
    /// The request's `content-length` is larger than what mirrors are to get.
    case bodyTooLarge
    case connectMethod
    /// The policy's mutations have removed the path or the method.
    case noPath
    /// The request's first try found no primary to send it to, or it ended while its body was waited for.
    case primaryNotStarted
    /// An operator has switched the mirror off.
    case disabled
    /// The request's peer may not name a mirror.
    case untrustedSource
    /// The request names a cluster that requests may not name.
    case clusterNotAllowed
    /// The request has been copied as often as it may.
    case hopLimit

    /// Whether there was a copy at all.
    public var isSent: Bool { rawValue < Self.sampledOut.rawValue }

    /// The label under which it is published.
    public var label: StaticString {
        switch self {
        case .ok: "ok"
        case .clientError: "http_error_4xx"
        case .serverError: "http_error_5xx"
        case .otherError: "http_error_other"
        case .timeout: "timeout"
        case .reset: "reset"
        case .connectFailure: "connect_failure"
        case .protocolError: "protocol_error"
        case .cutSlow: "cut_slow"
        case .cutClientLeft: "cut_client_left"
        case .cutPrimaryEnded: "cut_primary_ended"
        case .cutBodyTooLarge: "cut_body_too_large"
        case .cutAnswerTooLarge: "cut_answer_too_large"
        case .cutHeldBack: "cut_held_back"
        case .draining: "draining"
        case .sampledOut: "sampled_out"
        case .unknownCluster: "unknown_cluster"
        case .noHeader: "no_header"
        case .noHost: "no_host"
        case .overflow: "overflow"
        case .budget: "budget"
        case .bodyTooLarge: "body_too_large"
        case .connectMethod: "connect_method"
        case .noPath: "no_path"
        case .primaryNotStarted: "primary_not_started"
        case .disabled: "disabled"
        case .untrustedSource: "untrusted_source"
        case .clusterNotAllowed: "cluster_not_allowed"
        case .hopLimit: "hop_limit"
        }
    }

    /// The outcome of a copy whose upstream failed.
    public init(_ failure: UpstreamFailure) {
        switch failure {
        case .noHealthyUpstream: self = .noHost
        case .overflow: self = .overflow
        case .connectFailure, .connectTimeout: self = .connectFailure
        case .closed, .reset, .streamReset, .streamRefused, .goneAway: self = .reset
        case .protocolError: self = .protocolError
        case .timeout: self = .timeout
        }
    }

    /// The outcome of a complete answer.
    public init(status: Int) {
        switch status {
        case ..<400: self = .ok
        case 400..<500: self = .clientError
        case 500..<600: self = .serverError
        default: self = .otherError
        }
    }
}
