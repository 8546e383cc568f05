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
        let framing = opensTunnel ? nil : framing(of: head)
        guard !isAbsolute, style.isAsStored(head.headers) else {
            return writeStyled(head, style, isAbsolute, framing, to: &buffer)
        }
        let bytes = head.headers.bytes.span
        // The target may be part of a line: that of a CONNECT over HTTP/2 is its Host.
        let room = head.methodName.count + head.target.count + roomOfLines(head.headers) + Self.roomOfOwn
        buffer.writeBlock(room: room) { writer in
            writer.append(bytes, head.methodName)
            writer.append(0x20)
            writer.append(bytes, head.target)
            writer.append(" HTTP/1.1\r\n")
            copyLines(head.headers, to: &writer)
            if let framing { writer.append(framing) }
            writer.append("\r\n")
        }
    }

    /// The line that says where the body ends, if no other does.
    private static func framing(of head: borrowing RequestHead) -> StaticString? {
        switch head.framing {
        case .chunked: "transfer-encoding: chunked\r\n"
        case .none where head.method.announcesEmptyBody && head.headers.firstIndex(of: .contentLength) == nil:
            "content-length: 0\r\n"
        default: nil
        }
    }

    /// The same for an upstream that wants names in another way, or whole URLs.
    private static func writeStyled(
        _ head: borrowing RequestHead,
        _ style: NameStyle,
        _ isAbsolute: Bool,
        _ framing: StaticString?,
        to buffer: inout ByteBuffer
    ) {
        buffer.reserveCapacity(minimumWritableBytes: head.headers.bytes.count + Self.roomOfOwn)
        buffer.writeBytes(head.headers.bytes[head.methodName])
        buffer.writeInteger(UInt8(0x20))
        if isAbsolute, head.method != .connect { writeOrigin(head, to: &buffer) }
        buffer.writeBytes(head.headers.bytes[head.target])
        buffer.writeStaticString(" HTTP/1.1\r\n")
        writeLines(head.headers, style, to: &buffer)
        if let framing { add(framing, head.headers, style, to: &buffer) }
        buffer.writeStaticString("\r\n")
    }

    /// More than the longest of what is added to the lines of a head.
    private static let roomOfOwn = 128

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
        enum Connection {
            case unsaid, closes, keepsAlive

            fileprivate var line: StaticString? {
                switch self {
                case .unsaid: nil
                case .closes: "connection: close\r\n"
                case .keepsAlive: "connection: keep-alive\r\n"
                }
            }
        }

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
        let connection = end.connection.line
        let framing = end.opensTunnel ? nil : framing(of: head, end)
        guard style.isAsStored(head.headers), let status = statusLine(head.status, isHTTP10: end.isHTTP10) else {
            return writeStyled(head, end, style, framing, to: &buffer)
        }
        buffer.writeBlock(room: roomOfLines(head.headers) + Self.roomOfOwn) { writer in
            writer.append(status)
            copyLines(head.headers, to: &writer)
            if let connection { writer.append(connection) }
            if let framing { writer.append(framing) }
            writer.append("\r\n")
        }
    }

    private static func framing(of head: borrowing ResponseHead, _ end: AnswerEnd) -> StaticString? {
        switch head.framing {
        case .chunked where !end.isHTTP10, .untilClose where !end.isHTTP10: return "transfer-encoding: chunked\r\n"
        case .none: break
        default: return nil
        }
        let mayHaveBody = head.status != 204 && head.status != 304
        guard mayHaveBody, head.headers.firstIndex(of: .contentLength) == nil else { return nil }
        guard end.answersHead else { return "content-length: 0\r\n" }
        return end.isHTTP10 ? nil : "transfer-encoding: chunked\r\n"
    }

    /// The same for a client that wants names in another way, and for a status that is seldom seen.
    private static func writeStyled(
        _ head: borrowing ResponseHead,
        _ end: AnswerEnd,
        _ style: NameStyle,
        _ framing: StaticString?,
        to buffer: inout ByteBuffer
    ) {
        buffer.reserveCapacity(minimumWritableBytes: head.headers.bytes.count + Self.roomOfOwn)
        writeStatusLine(head.status, isHTTP10: end.isHTTP10, to: &buffer)
        writeLines(head.headers, style, to: &buffer)
        if let line = end.connection.line { add(line, head.headers, style, to: &buffer) }
        if let framing { add(framing, head.headers, style, to: &buffer) }
        buffer.writeStaticString("\r\n")
    }

    /// Writes an answer that precedes the real one; the proxy adds nothing to it.
    static func writeInterim(
        _ head: borrowing ResponseHead,
        _ style: NameStyle,
        to buffer: inout ByteBuffer
    ) {
        writeStatusLine(head.status, isHTTP10: false, to: &buffer)
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

    /// The whole line of those that most answers have.
    private static func statusLine(_ status: Int, isHTTP10: Bool) -> StaticString? {
        guard !isHTTP10 else { return nil }
        switch status {
        case 200: return "HTTP/1.1 200 OK\r\n"
        case 201: return "HTTP/1.1 201 Created\r\n"
        case 204: return "HTTP/1.1 204 No Content\r\n"
        case 302: return "HTTP/1.1 302 Found\r\n"
        case 304: return "HTTP/1.1 304 Not Modified\r\n"
        case 404: return "HTTP/1.1 404 Not Found\r\n"
        default: return nil
        }
    }

    private static func writeStatusLine(_ status: Int, isHTTP10: Bool, to buffer: inout ByteBuffer) {
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
    private static func copyLines(_ headers: borrowing HeaderBlock, to writer: inout HeadWriter) {
        let bytes = headers.bytes.span
        var run = 0..<0
        for line in headers.lines {
            let wire = line.wire
            if wire.lowerBound == run.upperBound {
                run = run.lowerBound..<wire.upperBound
            } else {
                writer.append(bytes, run)
                run = wire
            }
        }
        writer.append(bytes, run)
    }

    private static func copyLines(_ headers: borrowing HeaderBlock, to buffer: inout ByteBuffer) {
        buffer.writeBlock(room: roomOfLines(headers)) { copyLines(headers, to: &$0) }
    }

    private static func roomOfLines(_ headers: borrowing HeaderBlock) -> Int {
        var room = 0
        for line in headers.lines { room += line.wire.count }
        return room
    }
}
