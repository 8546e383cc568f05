// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Reads what the proxy sends, with none of the proxy's own code: a fault that both shared would go unseen.

package import NIOCore

/// Takes messages off a stream of bytes, and is pedantic about it.
package struct MessageReader: Sendable {
    package enum Role: Sendable {
        case requests
        case responses
    }

    private enum State {
        case head
        case length(Int)
        case chunkSize
        case chunk(Int)
        case chunkEnd
        case trailers
        case untilClose
    }

    package private(set) var messages: [ObservedMessage] = []
    /// What was wrong, once something was; nothing is read after that.
    package private(set) var fault: String?
    private let role: Role
    private var state = State.head
    private var unread = ByteBuffer()

    package init(_ role: Role) {
        self.role = role
    }

    package mutating func feed(_ bytes: ByteBuffer) {
        if unread.readableBytes == 0 {
            unread = bytes
        } else {
            unread.writeImmutableBuffer(bytes)
        }
        while fault == nil, step() {}
    }

    /// The stream ended in an orderly way.
    package mutating func finish() {
        if case .untilClose = state { endMessage() }
    }

    /// - Returns: Whether there may be more to read.
    private mutating func step() -> Bool {
        switch state {
        case .head: readHead()
        case .length(let remaining): readBody(remaining) { $0.state = .length($1) }
        case .chunkSize: readChunkSize()
        case .chunk(let remaining): readBody(remaining) { $0.state = $1 == 0 ? .chunkEnd : .chunk($1) }
        case .chunkEnd: readChunkEnd()
        case .trailers: readTrailer()
        case .untilClose: readBody(.max) { reader, _ in reader.state = .untilClose }
        }
    }

    private mutating func readLine() -> String? {
        guard let feed = unread.readableBytesView.firstIndex(of: 0x0A) else { return nil }
        let length = feed - unread.readerIndex + 1
        guard let line = unread.readString(length: length), line.hasSuffix("\r\n") else {
            fault = "a line without CR LF"
            return nil
        }
        return String(line.dropLast())  // CR LF is one character.
    }

    private mutating func readHead() -> Bool {
        let view = unread.readableBytesView
        guard let end = view.firstRange(of: [0x0D, 0x0A, 0x0D, 0x0A]) else { return false }
        var message = ObservedMessage()
        let text = unread.readString(length: end.upperBound - view.startIndex) ?? ""
        var lines = text.split(separator: "\r\n", omittingEmptySubsequences: true)[...]
        message.startLine = lines.popFirst().map(String.init) ?? ""
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else {
                fault = "a header line without a colon: \(line)"
                return false
            }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            message.headers.append(.init(name: String(line[..<colon]), value: String(value)))
        }
        messages.append(message)
        return frame(message)
    }

    private mutating func frame(_ message: ObservedMessage) -> Bool {
        let lengths = message.values("content-length")
        let codings = message.values("transfer-encoding")
        guard lengths.count + codings.count <= 1 else {
            fault = "framed twice: \(message)"
            return false
        }
        let status = message.status
        if role == .responses, status < 200 || status == 204 || status == 304 {
            endMessage()
        } else if let length = lengths.first {
            guard let count = Int(length), count >= 0 else {
                fault = "a bad length: \(length)"
                return false
            }
            state = .length(count)
            if count == 0 { endMessage() }
        } else if codings == ["chunked"] {
            state = .chunkSize
        } else if codings.isEmpty {
            if role == .requests { endMessage() } else { state = .untilClose }
        } else {
            fault = "an unknown coding: \(codings)"
        }
        return true
    }

    private mutating func readBody(_ remaining: Int, _ goOn: (inout MessageReader, Int) -> Void) -> Bool {
        let length = min(remaining, unread.readableBytes)
        guard length > 0, let piece = unread.readSlice(length: length) else { return false }
        note(piece)
        goOn(&self, remaining - length)
        if case .length(0) = state { endMessage() }
        return true
    }

    private mutating func note(_ piece: ByteBuffer) {
        let last = messages.count - 1
        let offset = messages[last].bodyCount
        messages[last].bodyCount += piece.readableBytes
        if messages[last].isIntact { messages[last].isIntact = BodyPattern.matches(piece, at: offset) }
        let space = ObservedMessage.keptBytes - messages[last].bodyStart.count
        if space > 0 { messages[last].bodyStart += piece.readableBytesView.prefix(space) }
    }

    private mutating func readChunkSize() -> Bool {
        guard let line = readLine() else { return false }
        guard let size = Int(line, radix: 16), size >= 0, line.first != "+" else {
            fault = "a bad chunk line: \(line)"
            return false
        }
        state = size == 0 ? .trailers : .chunk(size)
        return true
    }

    private mutating func readChunkEnd() -> Bool {
        guard let line = readLine() else { return false }
        guard line.isEmpty else {
            fault = "bytes behind a chunk: \(line)"
            return false
        }
        state = .chunkSize
        return true
    }

    private mutating func readTrailer() -> Bool {
        guard let line = readLine() else { return false }
        if line.isEmpty { endMessage() }
        return true
    }

    private mutating func endMessage() {
        messages[messages.count - 1].isComplete = true
        state = .head
    }
}
