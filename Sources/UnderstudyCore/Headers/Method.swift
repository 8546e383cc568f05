// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The request methods that change how a message is framed or whether it may be sent again.

/// A request method, as far as a proxy needs to tell them apart.
public enum Method: UInt8, Sendable {
    case get, head, post, put, delete, connect, options, trace, patch
    /// Another registered method; forwarded as it is.
    case other

    // A comparison of two would be called by way of its witness.
    @inlinable public var isConnect: Bool { if case .connect = self { true } else { false } }
    @inlinable public var isHead: Bool { if case .head = self { true } else { false } }

    /// Whether the same request may be sent twice with the effect of one (RFC 9110 section 9.2.2).
    public var isIdempotent: Bool {
        switch self {
        case .get, .head, .put, .delete, .options, .trace: true
        case .post, .patch, .connect, .other: false
        }
    }

    /// Whether a request without a body says so with `content-length: 0`.
    ///
    /// - Source: measured on Envoy 1.40: all methods but GET, HEAD, DELETE and TRACE.
    public var announcesEmptyBody: Bool {
        switch self {
        case .get, .head, .delete, .trace, .connect: false
        case .post, .put, .options, .patch, .other: true
        }
    }

    /// The method that the bytes name, or `nil` for none that is known.
    ///
    /// Methods are case-sensitive.
    ///
    /// - Source: RFC 9110 section 9, RFC 5789 and the registered extension methods that Envoy accepts.
    public init?(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        for (name, method) in Self.common
        where name.utf8CodeUnitCount == range.count && ByteScan.equals(bytes, at: range.lowerBound, name) {
            self = method
            return
        }
        for name in Self.extensions
        where name.utf8CodeUnitCount == range.count && ByteScan.equals(bytes, at: range.lowerBound, name) {
            self = .other
            return
        }
        return nil
    }

    private static let common: [(StaticString, Method)] = [
        ("GET", .get), ("POST", .post), ("PUT", .put), ("HEAD", .head), ("DELETE", .delete),
        ("OPTIONS", .options), ("PATCH", .patch), ("CONNECT", .connect), ("TRACE", .trace),
    ]

    private static let extensions: [StaticString] = [
        "ACL", "BIND", "CHECKOUT", "COPY", "LINK", "LOCK", "MERGE", "MKACTIVITY", "MKCALENDAR", "MKCOL", "MOVE",
        "MSEARCH", "NOTIFY", "PROPFIND", "PROPPATCH", "PURGE", "REBIND", "REPORT", "SEARCH", "SOURCE", "SUBSCRIBE",
        "UNBIND", "UNLINK", "UNLOCK", "UNSUBSCRIBE",
    ]
}
