// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Gathers the trailer section of a chunked body, on the sides that pass trailers on.

internal import NIOCore
internal import UnderstudyCore

/// Takes the bytes behind the last chunk, in any number of pieces.
struct TrailerCollector {
    private var bytes: [UInt8] = []

    mutating func add(_ piece: ByteBuffer) {
        bytes.append(contentsOf: piece.readableBytesView)
    }

    /// The lines that may go on, or `nil` if there are none.
    ///
    /// - Throws: `badSyntax` for a line that is none, `tooLarge` for too many.
    mutating func finish(_ limits: MessageLimits) throws(MessageFault) -> HeaderBlock? {
        // Only the empty line.
        guard bytes.count > 2 else { return nil }
        var decoder = HeaderLineDecoder(limits: limits)
        var block = HeaderBlock()
        let length = bytes.count
        guard try decoder.scan(bytes.span, from: 0) == length else { throw .badSyntax }
        decoder.store(bytes.span, headLength: length, into: &block)
        block.removeForbiddenTrailers()
        return block.lines.isEmpty ? nil : block
    }
}

extension HeaderBlock {
    /// Removes what no trailer may say: framing, routing, and what proxies tell each other.
    ///
    /// - Source: RFC 9110 section 6.5.1; stricter than Envoy, which passes every name on.
    mutating func removeForbiddenTrailers() {
        removeLines { line in
            switch line.known {
            case .host, .contentLength, .transferEncoding, .connection, .keepAlive, .proxyConnection, .te, .trailer,
                .upgrade, .expect, .forwardedFor, .forwardedProto, .envoyInternal, .envoyExpectedTimeout,
                .clientControl:
                true
            default: false
            }
        }
    }
}
