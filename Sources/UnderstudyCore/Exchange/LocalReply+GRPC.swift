// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The proxy's own answers to clients that speak gRPC, who look for a status of their own.

extension ResponseHead {
    /// Becomes a response of trailers only: always a 200, with status and message of gRPC.
    ///
    /// - Source: measured on Envoy 1.40; the gRPC protocol's `Trailers-Only` and its percent-encoded message.
    mutating func addStatusOfGRPC(_ draft: ReplyDraft) {
        let httpStatus = status
        status = 200
        headers.removeLines { $0.known == .contentLength }
        if let index = headers.firstIndex(named: Self.contentTypeName) { headers.removeLine(at: index) }
        headers.add("content-type", "application/grpc")
        headers.add("grpc-status", decimal: draft.statusOfGRPC ?? Self.statusOfGRPC(httpStatus), known: .other)
        guard !draft.body.isEmpty else { return }
        headers.add("grpc-message", known: .other) { Self.append(message: draft.body, to: &$0) }
    }

    private static let contentTypeName = Array("content-type".utf8)

    /// - Source: the gRPC project's `http-grpc-status-mapping`, as far as Envoy follows it.
    static func statusOfGRPC(_ status: Int) -> Int {
        switch status {
        case 400: 13
        case 401: 16
        case 403: 7
        case 404: 12
        case 429, 502, 503, 504: 14
        default: 2
        }
    }

    /// Everything but printable ASCII, and the percent sign, is escaped.
    private static func append(message: [UInt8], to bytes: inout [UInt8]) {
        for byte in message {
            if byte >= 0x20, byte < 0x7F, byte != 0x25 {
                bytes.append(byte)
            } else {
                bytes.append(0x25)
                bytes.append(hexDigit(byte >> 4))
                bytes.append(hexDigit(byte & 15))
            }
        }
    }

    private static func hexDigit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? 0x30 + nibble : 0x37 + nibble
    }
}
