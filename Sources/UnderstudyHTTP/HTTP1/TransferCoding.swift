// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a `transfer-encoding` says: only one thing is understood, and only some of the rest is honest.

internal import UnderstudyCore

/// The value of the one `transfer-encoding` of a message.
enum TransferCoding {
    case chunked
    /// Registered codings, `chunked` at most once and last.
    ///
    /// - Source: RFC 9112 section 6.1, which wants a 501, as Envoy does.
    case unsupported
    /// Everything that two hops could take for something else.
    ///
    /// - Source: RFC 9112 section 6.3 rule 4: 400.
    case malformed

    init(_ bytes: Span<UInt8>, _ value: Range<Int>) {
        guard !HeaderToken.isExactly("chunked", bytes, value) else {
            self = .chunked
            return
        }
        var codings = HeaderToken.list(bytes, value)
        // An element that is empty, or a name with anything around it, is not of the list that somebody meant to send.
        let commas = value.count { bytes[$0] == 0x2C }
        guard commas + 1 == codings.count else {
            self = .malformed
            return
        }
        if codings.last == Array("chunked".utf8) { codings.removeLast() }
        self = codings.allSatisfy(Self.registered.contains) && !codings.isEmpty ? .unsupported : .malformed
    }

    /// - Source: RFC 9112 section 7 and its registry; `identity` was one until RFC 7230.
    private static let registered =
        ["compress", "deflate", "gzip", "identity", "x-compress", "x-gzip"].map { Array($0.utf8) }
}
