// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What can be wrong with the bytes of a message.

public import UnderstudyCore

/// A message that must not be understood, let alone forwarded.
///
/// Each case knows its answer to a client; from an upstream every one of them is the same protocol error.
public enum MessageFault: Error, Hashable, Sendable {
    case badSyntax
    case badVersion
    case unknownMethod
    case badTarget
    /// A `#` in the target, which no client may send (RFC 9112 section 3.2).
    case fragment
    case missingHost
    case badHost
    case badLength
    /// Both `content-length` and `transfer-encoding` (RFC 9112 section 6.3, rule 3).
    case conflictingFraming
    /// A coding that exists but is not spoken here.
    case unsupportedTransferCoding
    /// Not one final `chunked`, and no list of codings that exist.
    case badTransferCoding
    case badChunk
    /// More bytes of a head, of chunk extensions or of trailers than the limits allow.
    case tooLarge
    /// More lines in a head or in trailers than the limits allow.
    case tooManyLines
    /// An underscore in a header name, where that is refused.
    case underscore

    /// - Source: status, text and details measured on Envoy 1.40.
    public var localReply: LocalReply {
        switch self {
        case .badSyntax, .unknownMethod, .badTarget, .badHost, .badLength, .badTransferCoding, .badChunk: .badRequest
        case .conflictingFraming:
            LocalReply(400, "Bad Request", details: "http1.content_length_and_chunked_not_allowed")
        case .fragment: .pathRefused
        case .missingHost: LocalReply(400, details: "missing_host_header")
        case .badVersion: .upgradeRequired
        case .unsupportedTransferCoding: .notImplemented
        case .tooLarge: .headTooLarge
        case .tooManyLines:
            LocalReply(
                431,
                "Request Header Fields Too Large",
                details: "http1.too_many_headers"
            )
        case .underscore:
            LocalReply(400, "Bad Request", details: "http1.unexpected_underscore")
        }
    }
}

/// Bounds on what one message may make the proxy hold.
public struct MessageLimits: Sendable {
    /// Bytes of start line and header lines together.
    ///
    /// Default 60 KiB, as Envoy's `max_request_headers_kb`.
    public var headBytes = 60 * 1024
    /// Header lines, and lines of a trailer section.
    ///
    /// Default 100, as Envoy's `max_headers_count`.
    public var headerLines = 100
    /// Bytes of chunk extensions in one body.
    ///
    /// Default 16 KiB.
    public var chunkExtensionBytes = 16 * 1024
    /// Bytes of the trailer section.
    ///
    /// Default 16 KiB.
    public var trailerBytes = 16 * 1024

    public init() {}
}
