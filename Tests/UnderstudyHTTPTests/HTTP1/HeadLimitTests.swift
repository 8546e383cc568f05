// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Heads have bounds, and the bounds are exact.

import Testing
import UnderstudyCore
import UnderstudyHTTP

struct HeadLimitTests {
    private let limit = 60 * 1024

    /// A request head of exactly `length` bytes.
    private func request(length: Int) -> [UInt8] {
        let before = "GET / HTTP/1.1\r\nHost: h\r\nX-Long: "
        let filler = String(repeating: "x", count: length - before.utf8.count - 4)
        return Array("\(before)\(filler)\r\n\r\n".utf8)
    }

    private func isAccepted<Head>(_ decoding: Decoding<Head>) -> Bool {
        if case .head = decoding { return true }
        return false
    }

    @Test func `sixty KiB are accepted and one byte more is not`() {
        #expect(isAccepted(DecodedRequest.decode(request(length: limit))))
        #expect(DecodedRequest.decode(request(length: limit + 1)) == .refused(.tooLarge))
        #expect(DecodedRequest.decode(request(length: limit * 2)) == .refused(.tooLarge))
    }

    @Test func `bytes behind the head do not count`() {
        let body = [UInt8](repeating: 0x62, count: limit * 2)
        #expect(isAccepted(DecodedRequest.decode(request(length: limit) + body)))
        #expect(isAccepted(DecodedRequest.decode(request(length: 100) + body)))
    }

    @Test(arguments: ["GET /", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: h\r\nX-A: "])
    func `a head that never ends is refused when the limit is passed, not before`(start: String) {
        let filler = [UInt8](repeating: 0x78, count: limit - start.utf8.count)
        #expect(DecodedRequest.decode(Array(start.utf8) + filler) == .incomplete)
        #expect(DecodedRequest.decode(Array(start.utf8) + filler + [0x78]) == .refused(.tooLarge))
    }

    @Test func `a hundred lines are accepted and one more is not`() {
        func head(lines: Int) -> String {
            "GET / HTTP/1.1\r\nHost: h\r\n" + (1..<lines).map { "x-\($0): \($0)\r\n" }.joined() + "\r\n"
        }
        #expect(isAccepted(DecodedRequest.decode(head(lines: 100))))
        #expect(DecodedRequest.decode(head(lines: 101)) == .refused(.tooManyLines))
        #expect(DecodedRequest.decode(String(head(lines: 102).dropLast())) == .refused(.tooManyLines))
    }

    @Test func `answers have the same bounds`() {
        func answer(length: Int) -> [UInt8] {
            let before = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx-long: "
            return Array((before + String(repeating: "x", count: length - before.utf8.count - 4) + "\r\n\r\n").utf8)
        }
        #expect(isAccepted(DecodedResponse.decode(answer(length: limit))))
        #expect(DecodedResponse.decode(answer(length: limit + 1)) == .refused(.tooLarge))
        let lines = (1...101).map { "x-\($0): 1\r\n" }.joined()
        #expect(DecodedResponse.decode("HTTP/1.1 200 OK\r\n\(lines)\r\n") == .refused(.tooManyLines))
    }

    @Test func `the bounds can be set`() {
        var limits = MessageLimits()
        limits.headBytes = 64
        limits.headerLines = 2
        let bytes = Array("GET / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\n\r\n".utf8)
        #expect(isAccepted(DecodedRequest.decode(bytes, limits: limits)))
        limits.headerLines = 1
        #expect(DecodedRequest.decode(bytes, limits: limits) == .refused(.tooManyLines))
        limits.headerLines = 2
        limits.headBytes = bytes.count - 1
        #expect(DecodedRequest.decode(bytes, limits: limits) == .refused(.tooLarge))
    }
}
