// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a server answers first, for the names of what was agreed on: the TLS library does not tell them.

/// The part of a server's first flight that is sent in the clear.
///
/// - Source: RFC 8446 sections 4.1.3, 4.1.4 and 4.2; RFC 5246 section 7.4; RFC 8422 section 5.4.
public struct ServerHello: Sendable, Equatable {
    /// As registered; zero for unknown.
    public var cipherSuite: UInt16 = 0
    /// Of the key exchange; zero for unknown.
    public var group: UInt16 = 0
    public var sessionID: [UInt8] = []
    public var isResumed = false

    public init() {}

    public enum Reading: Sendable, Equatable {
        case needsMore
        case hello(ServerHello)
        /// It is something else, or goes beyond what is looked at.
        case unknown
    }

    private enum Record {
        static let changeCipherSpec: UInt8 = 20
        static let handshake: UInt8 = 22
    }

    private enum Message {
        static let serverHello: UInt8 = 2
        static let newSessionTicket: UInt8 = 4
        static let certificate: UInt8 = 11
        static let serverKeyExchange: UInt8 = 12
        static let serverHelloDone: UInt8 = 14
    }

    /// Bytes that are looked at.
    public static let mostBytes = 64 * 1024
    private static let recordHeader = 5

    /// - Parameter bytes: All that the server has sent so far.
    public static func read(_ bytes: Span<UInt8>) -> Reading {
        var reader = Reader()
        return reader.read(bytes)
    }

    /// Reads what a server sends piece by piece; each byte is looked at once, however small the pieces are.
    public struct Reader: Sendable {
        private var hello: ServerHello?
        /// The beginning of a record, until it is whole.
        private var header: [UInt8] = []
        private var isHandshake = false
        /// Bytes of the record that has begun.
        private var left = 0
        /// The beginning of a message.
        private var messages: [UInt8] = []
        private var count = 0

        public init() {}

        /// - Parameter bytes: What has come since the last call.
        public mutating func read(_ bytes: Span<UInt8>) -> Reading {
            var offset = 0
            while offset < bytes.count {
                let reading: Reading
                if left > 0 {
                    let end = min(bytes.count, offset + left)
                    reading = readBody(bytes, offset..<end)
                    left -= end - offset
                    offset = end
                } else {
                    reading = readHeader(bytes[offset])
                    offset += 1
                }
                guard reading == .needsMore else { return reading }
            }
            count += bytes.count
            return count >= mostBytes ? .unknown : .needsMore
        }

        private mutating func readHeader(_ byte: UInt8) -> Reading {
            header.append(byte)
            guard header.count == recordHeader else { return .needsMore }
            defer { header.removeAll(keepingCapacity: true) }
            guard header[1] == RecordReader.majorVersion else { return .unknown }
            left = Int(header[3]) << 8 | Int(header[4])
            isHandshake = header[0] == Record.handshake
            if isHandshake { return .needsMore }
            guard header[0] == Record.changeCipherSpec else { return .unknown }
            // Within TLS 1.2, the sessions of before begin so; within TLS 1.3 it means nothing.
            guard var hello else { return .needsMore }
            hello.isResumed = true
            return .hello(hello)
        }

        private mutating func readBody(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Reading {
            guard isHandshake else { return .needsMore }
            for index in range { messages.append(bytes[index]) }
            return readMessages()
        }

        /// Takes whole messages from the front.
        private mutating func readMessages() -> Reading {
            var start = 0
            var hello = hello
            defer {
                self.hello = hello
                messages.removeFirst(start)
            }
            while start + RecordReader.messageHeader <= messages.count {
                let header = messages[start..<start + RecordReader.messageHeader]
                let length = header.dropFirst().reduce(0) { $0 << 8 | Int($1) }
                let end = start + RecordReader.messageHeader + length
                guard end <= messages.count else { break }
                let reading = ServerHello.readMessage(header.first ?? 0, messages.span, end - length..<end, &hello)
                start = end
                guard reading == .needsMore else { return reading }
            }
            return .needsMore
        }
    }

    private static func readMessage(
        _ kind: UInt8,
        _ bytes: Span<UInt8>,
        _ range: Range<Int>,
        _ hello: inout ServerHello?
    ) -> Reading {
        guard var known = hello else {
            guard kind == Message.serverHello else { return .unknown }
            return readHello(bytes, range, &hello)
        }
        switch kind {
        case Message.newSessionTicket: known.isResumed = true
        case Message.serverKeyExchange: known.readKeyExchange(bytes, range)
        case Message.serverHelloDone: break
        default: return .needsMore
        }
        return .hello(known)
    }

    private static func readHello(_ bytes: Span<UInt8>, _ range: Range<Int>, _ hello: inout ServerHello?) -> Reading {
        var cursor = ByteCursor(range)
        guard cursor.skip(2), isAnswer(bytes, cursor.range), cursor.skip(32) else {
            // The client is asked to try again with another group.
            return range.count > 34 ? .needsMore : .unknown
        }
        var found = ServerHello()
        guard let session = cursor.vector8(bytes), let suite = cursor.integer16(bytes), cursor.skip(1) else {
            return .unknown
        }
        for index in session.range { found.sessionID.append(bytes[index]) }
        found.cipherSuite = suite
        var isTLS13 = false
        if var extensions = cursor.vector16(bytes) {
            while let kind = extensions.integer16(bytes), var body = extensions.vector16(bytes) {
                switch kind {
                case 41: found.isResumed = true
                case 43: isTLS13 = true
                case 51: found.group = body.integer16(bytes) ?? 0
                default: break
                }
            }
        }
        if isTLS13 { return .hello(found) }
        hello = found
        return .needsMore
    }

    /// - Source: RFC 8446 section 4.1.3, the random number that stands for HelloRetryRequest.
    private static func isAnswer(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        let retry: [UInt8] = [0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11]
        guard range.count >= retry.count else { return false }
        for (index, byte) in retry.enumerated() where bytes[range.lowerBound + index] != byte { return true }
        return false
    }

    /// The group is told with an ephemeral key on a named curve.
    private mutating func readKeyExchange(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        var cursor = ByteCursor(range)
        guard cursor.integer8(bytes) == 3, let group = cursor.integer16(bytes) else { return }
        self.group = group
    }
}
