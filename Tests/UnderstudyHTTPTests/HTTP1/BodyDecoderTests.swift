// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Bodies of every framing come out piece by piece, and what follows them stays in the buffer.

import NIOCore
import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct BodyDecoderTests {
    private struct Result: Equatable {
        var data = ""
        var ended = false
        var rest = ""
        var fault: MessageFault?
        var emptyPieces = 0
    }

    private func decode(_ framing: BodyFraming, _ pieces: [ByteBuffer]) -> Result {
        var decoder = BodyDecoder(framing)
        var result = Result()
        var unread = ByteBuffer()
        do throws(MessageFault) {
            for piece in pieces {
                unread.writeImmutableBuffer(piece)
                var isGoing = !result.ended
                while isGoing {
                    switch try decoder.next(&unread) {
                    case .piece(let piece):
                        if piece.readableBytes == 0 { result.emptyPieces += 1 }
                        result.data += String(buffer: piece)
                    case .needMore: isGoing = false
                    case .trailers: Issue.record("trailers were not asked for")
                    case .end: (result.ended, isGoing) = (true, false)
                    }
                }
            }
        } catch {
            result.fault = error
        }
        if result.fault == nil { result.rest = String(buffer: unread) }
        return result
    }

    private static let cases: [(BodyFraming, String, String, Bool, String)] = [
        (.none, "", "", true, ""),
        (.none, "GET /", "", true, "GET /"),
        (.length(5), "hel", "hel", false, ""),
        (.length(5), "hello", "hello", true, ""),
        (.length(5), "hello world", "hello", true, " world"),
        (.length(.max), "hello", "hello", false, ""),
        (.chunked, "5\r\nhello\r\n0\r\n\r\n", "hello", true, ""),
        (.chunked, "5\r\nhello\r\n0\r\n\r\nGET /", "hello", true, "GET /"),
        (.chunked, "5\r\nhel", "hel", false, ""),
        (.chunked, "0\r\n\r\n", "", true, ""),
        (.untilClose, "hello\r\n0\r\n", "hello\r\n0\r\n", false, ""),
        (.untilClose, "", "", false, ""),
    ]

    @Test(arguments: cases.indices)
    func `a body ends where its framing says`(index: Int) {
        let (framing, text, data, ended, rest) = Self.cases[index]
        let expected = Result(data: data, ended: ended, rest: rest)
        #expect(decode(framing, [ByteBuffer(string: text)]) == expected)
    }

    @Test(arguments: cases.indices)
    func `cut anywhere it is the same body`(index: Int) {
        let (framing, text, data, ended, rest) = Self.cases[index]
        let expected = Result(data: data, ended: ended, rest: rest)
        let bytes = Array(text.utf8)
        for split in 0...bytes.count {
            let pieces = [ByteBuffer(bytes: bytes[..<split]), ByteBuffer(bytes: bytes[split...])]
            #expect(decode(framing, pieces) == expected, "cut at \(split)")
        }
        let single = [ByteBuffer()] + bytes.map { ByteBuffer(bytes: [$0]) }
        #expect(decode(framing, single) == expected, "byte by byte")
    }

    @Test func `a fault of the chunks is reported`() {
        #expect(decode(.chunked, [ByteBuffer(string: "5\r\nhelloX")]).fault == .badChunk)
    }

    @Test func `pieces begin where the buffer is read, not where it was made`() {
        var buffer = ByteBuffer(string: "already read5\r\nhello\r\n0\r\n\r\nrest")
        buffer.moveReaderIndex(forwardBy: 12)
        #expect(decode(.chunked, [buffer]) == Result(data: "hello", ended: true, rest: "rest"))
    }

    @Test(
        arguments: [(.none, false), (.length(1), false), (.chunked, false), (.untilClose, true)]
            as [(BodyFraming, Bool)]
    )
    func `only a body until close may end with the connection`(framing: BodyFraming, expected: Bool) {
        #expect(BodyDecoder(framing).endsWithConnection == expected)
    }
}
