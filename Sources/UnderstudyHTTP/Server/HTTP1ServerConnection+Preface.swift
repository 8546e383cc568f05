// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A client of whom nobody knows yet whether it speaks HTTP/1.1 or HTTP/2: its first bytes show it.

internal import NIOCore

extension HTTP1ServerConnection {
    /// Whether what has arrived is the beginning of an HTTP/1.1 request.
    ///
    /// If it is the preface of HTTP/2 (RFC 9113 section 3.4), another connection takes over; if it may become that, the
    /// rest is waited for.
    func speaksHTTP1() -> Bool {
        let received = unread
        switch HTTP2Preface.match(received.readableBytesUInt8Span) {
        case .none:
            looksForHTTP2 = false
            return true
        case .partial: limitHeadTime()
        case .whole: becomeHTTP2()
        }
        return false
    }

    private func becomeHTTP2() {
        let received = unread
        handOver()
        let successor = HTTP2ServerConnection(
            transport: transport,
            service: service,
            loop: loop,
            limits: limits,
            succeeding: self
        )
        successor.http.transportReceived(received)
    }
}

/// What every client says first on HTTP/2.
public enum HTTP2Preface {
    public enum Match { case none, partial, whole }

    public static let text: StaticString = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    static let bytes = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    public static func match(_ received: Span<UInt8>) -> Match {
        let count = min(received.count, bytes.count)
        for offset in 0..<count where received[offset] != bytes[offset] { return .none }
        return count == bytes.count ? .whole : .partial
    }
}
