// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Answers that routes give without any upstream.

/// Source: Envoy `RedirectAction`.
public struct RedirectAction: Sendable, Equatable {
    public enum Path: Sendable, Equatable {
        /// Replaces path and query.
        case whole(String)
        /// Replaces what the route's prefix or path matched.
        case prefix(String)
        case regex(RegexRewrite)
    }

    /// `https` for `https_redirect`.
    public var scheme: String?
    public var host: String?
    public var port: UInt16?
    public var path: Path?
    /// 301, 302, 303, 307 or 308.
    public var status = 301
    public var stripsQuery = false

    public init() {}
}

/// Source: Envoy `DirectResponseAction`.
public struct DirectResponse: Sendable, Equatable {
    /// 200 to 599.
    public var status: Int
    public var body: [UInt8]
    /// Makes the body; `body` is then its `%LOCAL_REPLY_BODY%`.
    public var format: BodyFormat?

    public init(status: Int, body: [UInt8] = [], format: BodyFormat? = nil) {
        self.status = status
        self.body = body
        self.format = format
    }
}
