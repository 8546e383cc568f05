// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Requests and answers of small servers.

public import UnderstudyCore

/// A request as a plain service sees it.
public struct PlainRequest: Sendable {
    public let method: String
    /// Path and query.
    public let target: String
    public let host: String
    /// The client's address, without its port.
    public let peer: String
    /// Empty if the request says none.
    public let contentType: String
    /// Empty if the request says none.
    public let userAgent: String
    /// From where a browser sends it: `cross-site`, `same-origin` or so; empty for other clients.
    ///
    /// Source: W3C Fetch Metadata, `sec-fetch-site`.
    public let fetchSite: String
    /// The site of the page that sends it, such as `http://10.0.0.5:9901`; empty for other clients, and for some of a
    /// browser's own requests.
    ///
    /// Source: RFC 6454 section 7.
    public let origin: String
    /// The body, or its beginning: at most `largestBody`.
    public internal(set) var body: [UInt8] = []
    /// Bytes of the whole body.
    public internal(set) var bodyLength = 0

    public static let largestBody = 64 * 1024

    public var isBodyComplete: Bool { body.count == bodyLength }

    /// Whether a page of another site has made a browser send it.
    ///
    /// Browsers say so themselves only where they trust the connection: over TLS, and on the same machine.
    public var isCrossSite: Bool {
        if !fetchSite.isEmpty { return !["same-origin", "none"].contains(fetchSite) }
        guard !origin.isEmpty else { return false }
        let schemes = ["http://", "https://"]
        return !schemes.contains { origin.lowercased() == $0 + host.lowercased() }
    }
}

/// An answer that is complete from the start.
public struct PlainAnswer: Sendable {
    public var status: Int
    public var contentType: String
    /// Besides `content-type`, `content-length`, `date` and `server`; names in lower case.
    public var headers: [(name: String, value: String)] = []
    public var bytes: [UInt8]

    public init(status: Int = 200, contentType: String = "text/plain; charset=UTF-8", body: String) {
        self.init(status: status, contentType: contentType, bytes: Array(body.utf8))
    }

    public init(status: Int = 200, contentType: String, bytes: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.bytes = bytes
    }

    public var body: String { String(decoding: bytes, as: UTF8.self) }
}

/// A request that has ended.
public struct PlainAccess: Sendable {
    public let request: PlainRequest
    public let head: RequestHead
    /// 0 if the client left before the answer.
    public let status: Int
    /// Bytes of the answer's body.
    public let bodyLength: Int
    /// Nanoseconds since 1970.
    public let begin: Int64
    /// Nanoseconds.
    public let duration: Int64
}
