// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Requests that are sent only once all of them is here.

/// Whether a request waits for its body before it goes anywhere.
///
/// - Source: Envoy `envoy.filters.http.buffer`.
public enum BodyBuffering: Sendable, Equatable {
    /// It goes to the upstreams as it comes.
    case none
    /// It waits; a body of more than these bytes is refused.
    case upTo(Int)

    /// What two filters come to, one behind the other.
    public func narrowed(by other: BodyBuffering) -> BodyBuffering {
        switch (self, other) {
        case (.none, _): other
        case (_, .none): self
        case (.upTo(let bytes), .upTo(let others)): .upTo(min(bytes, others))
        }
    }
}
