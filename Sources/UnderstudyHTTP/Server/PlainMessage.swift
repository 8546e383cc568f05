// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Requests and answers of small servers.

package import UnderstudyCore

/// A request as a plain service sees it.
package struct PlainRequest: Sendable {
    package let method: String
    /// Path and query.
    package let target: String
    package let host: String
    /// The client's address, without its port.
    package let peer: String
    /// Empty if the request says none.
    package let contentType: String
    /// Empty if the request says none.
    package let userAgent: String
    /// From where a browser sends it: `cross-site`, `same-origin` or so; empty for other clients.
    ///
    /// Source: W3C Fetch Metadata, `sec-fetch-site`.
    package let fetchSite: String
    /// The site of the page that sends it, such as `http://10.0.0.5:9901`; empty for other clients, and for some of a
    /// browser's own requests.
    ///
    /// Source: RFC 6454 section 7.
    package let origin: String
    /// The body, or its beginning: at most `largestBody`.
    package internal(set) var body: [UInt8] = []
    /// Bytes of the whole body.
    package internal(set) var bodyLength = 0

    package static let largestBody = 64 * 1024

    package var isBodyComplete: Bool { body.count == bodyLength }

    /// Whether a page of another site has made a browser send it.
    ///
    /// Browsers say so themselves only where they trust the connection: over TLS, and on the same machine.
    package var isCrossSite: Bool {
        if !fetchSite.isEmpty { return !["same-origin", "none"].contains(fetchSite) }
        guard !origin.isEmpty else { return false }
        let schemes = ["http://", "https://"]
        return !schemes.contains { origin.lowercased() == $0 + host.lowercased() }
    }
}

/// An answer that is complete from the start.
package struct PlainAnswer: Sendable {
    package var status: Int
    package var contentType: String
    /// Besides `content-type`, `content-length`, `date` and `server`; names in lower case.
    package var headers: [(name: String, value: String)] = []
    package var bytes: [UInt8]

    package init(status: Int = 200, contentType: String = "text/plain; charset=UTF-8", body: String) {
        self.init(status: status, contentType: contentType, bytes: Array(body.utf8))
    }

    package init(status: Int = 200, contentType: String, bytes: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.bytes = bytes
    }

    package var body: String { String(decoding: bytes, as: UTF8.self) }
}

/// A request that has ended.
package struct PlainAccess: Sendable {
    package let request: PlainRequest
    package let head: RequestHead
    /// 0 if the client left before the answer.
    package let status: Int
    /// Bytes of the answer's body.
    package let bodyLength: Int
    /// Nanoseconds since 1970.
    package let begin: Int64
    /// Nanoseconds.
    package let duration: Int64
}
