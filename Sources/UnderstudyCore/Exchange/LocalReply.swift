// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The answers that the proxy gives itself.

package struct LocalReply: Sendable {
    package let status: Int
    /// Plain text; empty for an answer without a body and without a content type.
    package let body: StaticString
    /// Adds `x-envoy-overloaded: true`.
    package let isOverloaded: Bool

    package init(_ status: Int, _ body: StaticString = "", isOverloaded: Bool = false) {
        self.status = status
        self.body = body
        self.isOverloaded = isOverloaded
    }

    package static let routeNotFound = LocalReply(404)
    /// The route names its cluster by a header that is missing or names none.
    package static let clusterNotFound = LocalReply(503)
    package static let badRequest = LocalReply(400, "Bad Request")
    /// The request is well-formed but has no Host, or a fragment in its target.
    package static let badRequestWithoutText = LocalReply(400)
    package static let upgradeRequired = LocalReply(426, "Upgrade Required")
    package static let notImplemented = LocalReply(501, "Not Implemented")
    package static let headTooLarge = LocalReply(431, "Request Header Fields Too Large")
    package static let upgradeNotEnabled = LocalReply(403)
    package static let connectNotEnabled = LocalReply(404)
    package static let headTimeout = LocalReply(408, "request header timeout")
    package static let bodyTimeout = LocalReply(408, "stream timeout")
}

extension ResponseHead {
    /// Becomes the head of a local reply.
    ///
    /// - Parameter omitsLength: The answer is to a HEAD request's like; its length is still that of the body.
    /// - Source: order measured on Envoy 1.40: length, type, date, server, with the length last if there is no body.
    package mutating func become(_ reply: LocalReply, date: [UInt8], server: [UInt8]) {
        reset()
        status = reply.status
        let length = reply.body.utf8CodeUnitCount
        if length > 0 {
            headers.add("content-length", decimal: length, known: .contentLength)
            headers.add("content-type", "text/plain")
            framing = .length(length)
        }
        if reply.isOverloaded {
            headers.add("x-envoy-overloaded", "true")
        }
        headers.add("date", date, known: .date)
        headers.add("server", server, known: .server)
    }
}
