// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How a copy can end: exactly one of these for each policy of each request.

package enum MirrorOutcome: Hashable, Sendable {
    /// The mirror answered completely, with a status below 400.
    case ok
    /// The mirror answered completely, with a status of 400 or more.
    case httpError
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
    case notSent(NotSent)

    /// Why there was no copy at all.
    package enum NotSent: Error, Hashable, CaseIterable, Sendable {
        case sampledOut
        case unknownCluster
        case noHeader
        case noHost
        case overflow
        case budget
        case connectMethod
        /// The policy's mutations have removed the path or the method.
        case noPath
        case draining
    }

    package static let all: [MirrorOutcome] =
        [
            .ok, .httpError, .timeout, .reset, .connectFailure, .protocolError, .cutSlow, .cutClientLeft,
            .cutPrimaryEnded,
        ]
        + NotSent.allCases.map { .notSent($0) }

    /// The label under which it is published.
    package var label: StaticString {
        switch self {
        case .ok: "ok"
        case .httpError: "http_error"
        case .timeout: "timeout"
        case .reset: "reset"
        case .connectFailure: "connect_failure"
        case .protocolError: "protocol_error"
        case .cutSlow: "cut_slow"
        case .cutClientLeft: "cut_client_left"
        case .cutPrimaryEnded: "cut_primary_ended"
        case .notSent(let reason): reason.label
        }
    }

    /// The outcome of a copy whose upstream failed.
    package init(_ failure: UpstreamFailure) {
        switch failure {
        case .noHealthyUpstream: self = .notSent(.noHost)
        case .overflow: self = .notSent(.overflow)
        case .connectFailure, .connectTimeout: self = .connectFailure
        case .closed, .reset: self = .reset
        case .protocolError: self = .protocolError
        case .timeout: self = .timeout
        }
    }
}

extension MirrorOutcome.NotSent {
    package var label: StaticString {
        switch self {
        case .sampledOut: "sampled_out"
        case .unknownCluster: "unknown_cluster"
        case .noHeader: "no_header"
        case .noHost: "no_host"
        case .overflow: "overflow"
        case .budget: "budget"
        case .connectMethod: "connect_method"
        case .noPath: "no_path"
        case .draining: "draining"
        }
    }
}
