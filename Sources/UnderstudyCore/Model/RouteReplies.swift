// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Answers that routes give without any upstream.

/// Source: Envoy `RedirectAction`.
package struct RedirectAction: Sendable, Equatable {
    package enum Path: Sendable, Equatable {
        /// Replaces path and query.
        case whole(String)
        /// Replaces what the route's prefix or path matched.
        case prefix(String)
        case regex(RegexRewrite)
    }

    /// `https` for `https_redirect`.
    package var scheme: String?
    package var host: String?
    package var port: UInt16?
    package var path: Path?
    /// 301, 302, 303, 307 or 308.
    package var status = 301
    package var stripsQuery = false

    package init() {}
}

/// Source: Envoy `DirectResponseAction`.
package struct DirectResponse: Sendable, Equatable {
    /// 200 to 599.
    package var status: Int
    package var body: [UInt8]
    /// Makes the body; `body` is then its `%LOCAL_REPLY_BODY%`.
    package var format: BodyFormat?

    package init(status: Int, body: [UInt8] = [], format: BodyFormat? = nil) {
        self.status = status
        self.body = body
        self.format = format
    }
}
