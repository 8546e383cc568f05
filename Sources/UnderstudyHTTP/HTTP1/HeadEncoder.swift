// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Heads to bytes: start line, header lines copied in as few runs as possible, framing last.

internal import NIOCore
internal import UnderstudyCore

enum HeadEncoder {
    /// Writes a request head.
    ///
    /// Framing that the lines do not carry already is added at the end, as Envoy does.
    static func write(_ head: borrowing RequestHead, to buffer: inout ByteBuffer) {
        buffer.reserveCapacity(minimumWritableBytes: head.headers.bytes.count + 64)
        buffer.writeBytes(head.headers.bytes[head.methodName])
        buffer.writeInteger(UInt8(0x20))
        buffer.writeBytes(head.headers.bytes[head.target])
        buffer.writeStaticString(" HTTP/1.1\r\n")
        write(head.headers, to: &buffer)
        switch head.framing {
        case .chunked: buffer.writeStaticString("transfer-encoding: chunked\r\n\r\n")
        case .none where head.method.announcesEmptyBody && head.headers.firstIndex(of: .contentLength) == nil:
            buffer.writeStaticString("content-length: 0\r\n\r\n")
        default: buffer.writeStaticString("\r\n")
        }
    }

    /// What the connection adds to an answer's own lines.
    struct AnswerEnd {
        /// The client is told that its connection closes.
        var closes: Bool
        /// The answer is to a HEAD request.
        var answersHead: Bool
    }

    static func write(_ head: borrowing ResponseHead, _ end: AnswerEnd, to buffer: inout ByteBuffer) {
        buffer.reserveCapacity(minimumWritableBytes: head.headers.bytes.count + 128)
        writeStatusLine(head.status, to: &buffer)
        write(head.headers, to: &buffer)
        if end.closes {
            buffer.writeStaticString("connection: close\r\n")
        }
        let hasLength = head.headers.firstIndex(of: .contentLength) != nil
        let mayHaveBody = head.status != 204 && head.status != 304
        switch head.framing {
        case .chunked, .untilClose: buffer.writeStaticString("transfer-encoding: chunked\r\n")
        case .none where !hasLength && mayHaveBody && end.answersHead:
            buffer.writeStaticString("transfer-encoding: chunked\r\n")
        case .none where !hasLength && mayHaveBody: buffer.writeStaticString("content-length: 0\r\n")
        default: break
        }
        buffer.writeStaticString("\r\n")
    }

    /// Begins a chunk of `size` bytes; CR LF has to follow its data.
    static func writeChunkHead(_ size: Int, to buffer: inout ByteBuffer) {
        buffer.writeString(String(size, radix: 16))
        buffer.writeStaticString("\r\n")
    }

    private static func writeStatusLine(_ status: Int, to buffer: inout ByteBuffer) {
        if status == 200 {
            buffer.writeStaticString("HTTP/1.1 200 OK\r\n")
            return
        }
        var digits: [UInt8] = []
        digits.append(decimal: status)
        buffer.writeStaticString("HTTP/1.1 ")
        buffer.writeBytes(digits)
        buffer.writeInteger(UInt8(0x20))
        buffer.writeStaticString(ResponseHead.reason(status))
        buffer.writeStaticString("\r\n")
    }

    /// Lines that are neighbours in the arena leave in one copy.
    private static func write(_ headers: borrowing HeaderBlock, to buffer: inout ByteBuffer) {
        var run = 0..<0
        for line in headers.lines {
            let wire = line.wire
            if wire.lowerBound == run.upperBound {
                run = run.lowerBound..<wire.upperBound
            } else {
                buffer.writeBytes(headers.bytes[run])
                run = wire
            }
        }
        buffer.writeBytes(headers.bytes[run])
    }
}
