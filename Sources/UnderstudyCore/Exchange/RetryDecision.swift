// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Whether a request may quietly be sent again because the first connection was stale.

public enum RetryDecision {
    /// Whether a request to the primary may go out once more, on a connection of its own.
    ///
    /// A kept-alive connection may be closed by the upstream just as a request is written to it. The client must not
    /// see that race. It must not cause a second effect either, so a request goes out again only if
    /// - the connection had carried an earlier request, and nothing of an answer came back,
    /// - its method is idempotent and it has no body, since bodies are streamed and not kept, and
    /// - the upstream closed in an orderly way. A reset may be the request's own doing, and is reported instead.
    ///
    /// An upstream that says that it has not looked at the request leaves no doubt, whatever the method.
    /// - Source: RFC 9112 section 9.3.1, RFC 9110 section 9.2.2, RFC 9113 section 8.7.
    public static func mayRetry(
        method: Method,
        framing: BodyFraming,
        failure: UpstreamFailure,
        connectionWasReused: Bool
    ) -> Bool {
        guard connectionWasReused, framing == .none else { return false }
        return failure == .goneAway || failure == .closed && method.isIdempotent
    }
}
