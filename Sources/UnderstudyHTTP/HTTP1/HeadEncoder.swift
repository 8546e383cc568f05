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
    ///
    /// - Parameter opensTunnel: Raw bytes follow, so nothing is added.
    static func write(
        _ head: borrowing RequestHead,
        _ style: NameStyle = .lower,
        isAbsolute: Bool = false,
        opensTunnel: Bool = false,
        to buffer: inout ByteBuffer
    ) {
        buffer.reserveCapacity(minimumWritableBytes: head.headers.bytes.count + 64)
        buffer.writeBytes(head.headers.bytes[head.methodName])
        buffer.writeInteger(UInt8(0x20))
        if isAbsolute, head.method != .connect { writeOrigin(head, to: &buffer) }
        buffer.writeBytes(head.headers.bytes[head.target])
        buffer.writeStaticString(" HTTP/1.1\r\n")
        writeLines(head.headers, style, to: &buffer)
        switch head.framing {
        case _ where opensTunnel: break
        case .chunked: add("transfer-encoding: chunked\r\n", head.headers, style, to: &buffer)
        case .none where head.method.announcesEmptyBody && head.headers.firstIndex(of: .contentLength) == nil:
            add("content-length: 0\r\n", head.headers, style, to: &buffer)
        default: break
        }
        buffer.writeStaticString("\r\n")
    }

    /// Scheme and authority, which a target of `*` has none of.
    private static func writeOrigin(_ head: borrowing RequestHead, to buffer: inout ByteBuffer) {
        guard head.headers.bytes[head.target.lowerBound] == 0x2F else { return }
        var isSecure = false
        if let index = head.headers.firstIndex(of: .forwardedProto) {
            isSecure = HeaderToken.isExactly("https", head.headers.bytes.span, head.headers.lines[index].value)
        }
        buffer.writeStaticString(isSecure ? "https://" : "http://")
        buffer.writeBytes(head.headers.bytes[head.host])
    }

    /// What the connection adds to an answer's own lines.
    struct AnswerEnd {
        enum Connection { case unsaid, closes, keepsAlive }

        var connection: Connection
        /// The answer is to a HEAD request.
        var answersHead: Bool
        /// The client does not know chunks.
        var isHTTP10 = false
        /// Raw bytes follow, so no framing is announced.
        var opensTunnel = false
    }

    static func write(
        _ head: borrowing ResponseHead,
        _ end: AnswerEnd,
        _ style: NameStyle = .lower,
        to buffer: inout ByteBuffer
    ) {
        buffer.reserveCapacity(minimumWritableBytes: head.headers.bytes.count + 128)
        writeStatusLine(head.status, isHTTP10: end.isHTTP10, to: &buffer)
        writeLines(head.headers, style, to: &buffer)
        switch end.connection {
        case .unsaid: break
        case .closes: add("connection: close\r\n", head.headers, style, to: &buffer)
        case .keepsAlive: add("connection: keep-alive\r\n", head.headers, style, to: &buffer)
        }
        if !end.opensTunnel { writeFraming(head, end, style, to: &buffer) }
        buffer.writeStaticString("\r\n")
    }

    private static func writeFraming(
        _ head: borrowing ResponseHead,
        _ end: AnswerEnd,
        _ style: NameStyle,
        to buffer: inout ByteBuffer
    ) {
        let hasLength = head.headers.firstIndex(of: .contentLength) != nil
        let mayHaveBody = head.status != 204 && head.status != 304
        switch head.framing {
        case .chunked where !end.isHTTP10, .untilClose where !end.isHTTP10:
            add("transfer-encoding: chunked\r\n", head.headers, style, to: &buffer)
        case .none where !hasLength && mayHaveBody && end.answersHead:
            if !end.isHTTP10 { add("transfer-encoding: chunked\r\n", head.headers, style, to: &buffer) }
        case .none where !hasLength && mayHaveBody: add("content-length: 0\r\n", head.headers, style, to: &buffer)
        default: break
        }
    }

    /// Writes an answer that precedes the real one; the proxy adds nothing to it.
    static func writeInterim(
        _ head: borrowing ResponseHead,
        isHTTP10: Bool,
        _ style: NameStyle,
        to buffer: inout ByteBuffer
    ) {
        writeStatusLine(head.status, isHTTP10: isHTTP10, to: &buffer)
        writeLines(head.headers, style, to: &buffer)
        buffer.writeStaticString("\r\n")
    }

    /// Begins a chunk of `size` bytes; CR LF has to follow its data.
    static func writeChunkHead(_ size: Int, to buffer: inout ByteBuffer) {
        buffer.writeString(String(size, radix: 16))
        buffer.writeStaticString("\r\n")
    }

    /// Ends a chunked body.
    ///
    /// - Parameter trailers: Written in lower case, whatever the side's style.
    static func writeLastChunk(_ trailers: borrowing HeaderBlock, to buffer: inout ByteBuffer) {
        buffer.writeStaticString("0\r\n")
        copyLines(trailers, to: &buffer)
        buffer.writeStaticString("\r\n")
    }

    private static func writeStatusLine(_ status: Int, isHTTP10: Bool, to buffer: inout ByteBuffer) {
        if status == 200, !isHTTP10 {
            buffer.writeStaticString("HTTP/1.1 200 OK\r\n")
            return
        }
        var digits: [UInt8] = []
        digits.append(decimal: status)
        buffer.writeStaticString(isHTTP10 ? "HTTP/1.0 " : "HTTP/1.1 ")
        buffer.writeBytes(digits)
        buffer.writeInteger(UInt8(0x20))
        buffer.writeStaticString(ResponseHead.reason(status))
        buffer.writeStaticString("\r\n")
    }

    /// Adds a line of the connection's own to a message with these headers.
    private static func add(
        _ line: StaticString,
        _ headers: borrowing HeaderBlock,
        _ style: NameStyle,
        to buffer: inout ByteBuffer
    ) {
        guard style.isAsStored(headers) else { return style.writeLine(line, of: headers, to: &buffer) }
        buffer.writeStaticString(line)
    }

    private static func writeLines(
        _ headers: borrowing HeaderBlock,
        _ style: NameStyle,
        to buffer: inout ByteBuffer
    ) {
        guard style.isAsStored(headers) else { return style.writeLines(headers, to: &buffer) }
        copyLines(headers, to: &buffer)
    }

    /// Lines that are neighbours in the arena leave in one copy.
    private static func copyLines(_ headers: borrowing HeaderBlock, to buffer: inout ByteBuffer) {
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
