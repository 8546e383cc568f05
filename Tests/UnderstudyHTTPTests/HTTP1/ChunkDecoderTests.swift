// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Chunks are where requests are smuggled: sizes, line ends and what follows the data are all checked.

import TestSupport
import Testing
import UnderstudyHTTP

struct ChunkDecoderTests {
    private static let whole = [
        ("0\r\n\r\n", ""),
        ("5\r\nhello\r\n0\r\n\r\n", "hello"),
        ("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world"),
        ("00005\r\nhello\r\n000\r\n\r\n", "hello"),
        ("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789"),
        ("2\r\n\r\n\r\n0\r\n\r\n", "\r\n"),
        ("5;ext\r\nhello\r\n0;last=\"x y\"\r\n\r\n", "hello"),
        ("5;\r\nhello\r\n0\r\n\r\n", "hello"),
        ("5 ;a\r\nhello\r\n0\t ; b\r\n\r\n", "hello"),
        ("5\r\nhello\r\n0\r\nX-Sum: 1\r\ny:\r\nZ: \t é\r\n\r\n", "hello"),
    ]

    private static let broken = [
        "", "5", "5\r\n", "5\r\nhel", "5\r\nhello", "5\r\nhello\r\n", "5\r\nhello\r\n0\r\n", "5;ext", "0\r\nX-A: 1\r\n",
    ]

    private static let refused = [
        // Sizes
        "g\r\n", "-1\r\n", "+5\r\nhello", "0x5\r\nhello", "5h\r\nhello", " 5\r\nhello", "\t5\r\nhello", "\r\n", "\n",
        ";ext\r\n",
        "5 5\r\nhello", "5\u{0}\r\nhello", "5,\r\nhello", "5_0\r\n", "5.0\r\n", "٥\r\n", "5 \r\nhello\r\n",
        "5\t\r\nhello\r\n",
        // Sizes too large
        "8000000000000000\r\n", "ffffffffffffffff\r\n", "10000000000000005\r\nhello", "FFFFFFFFFFFFFFFFF\r\n",
        "00000000000000005\r\nhello",
        // Line ends
        "5\nhello\r\n", "5\rhello\r\n", "5\r\rhello", "5;ext\nhello\r\n", "5;a\rb\r\nhello", "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello\r0\r\n\r\n", "5\r\nhello\rX0\r\n\r\n", "5\r\nhelloX\n0\r\n\r\n",
        "5\rXhello\r\n0\r\n\r\n", "5\r\nhello0\r\n\r\n", "5\r\nhelloX\r\n", "5\r\nhello\r\r\n",
        "5\r\nhello\r\n\r\n0\r\n\r\n", "0\n\n",
        "0\r\n\n", "0\r\n\r\r\n", "0\r\n\rX",
        // Extensions
        "5;\u{0}\r\nhello", "5;a\u{7F}\r\nhello", "5;a\u{1B}b\r\nhello",
        // Trailers
        "0\r\n X: 1\r\n\r\n", "0\r\n: 1\r\n\r\n", "0\r\nX : 1\r\n\r\n", "0\r\nX\r\n\r\n", "0\r\nX: 1\n\r\n",
        "0\r\nX: a\u{0}b\r\n\r\n",
        "0\r\nX: 1\r\n folded\r\n\r\n", "0\r\nX Y: 1\r\n\r\n", "0\r\nX: 1\rY\r\n\r\n", "0\r\nÄ: 1\r\n\r\n",
    ]

    @Test(arguments: whole)
    func `data comes out, chunk lines and trailers end here`(text: String, data: String) {
        let body = DechunkedBody(text)
        #expect(body.text == data)
        #expect(body.end == .whole(text.utf8.count))
    }

    @Test(arguments: whole)
    func `what follows the body is not touched`(text: String, data: String) {
        for tail in ["GET / HTTP/1.1\r\n", "\r\n", "\u{0}", "0\r\n\r\n"] {
            let body = DechunkedBody(text + tail)
            #expect(body.text == data)
            #expect(body.end == .whole(text.utf8.count))
        }
    }

    @Test(arguments: broken)
    func `half a body waits for the rest`(text: String) {
        #expect(DechunkedBody(text).end == .incomplete)
    }

    @Test(arguments: refused)
    func `what is not exactly chunked is refused`(text: String) {
        #expect(DechunkedBody(text).end == .refused(.badChunk))
    }

    @Test(arguments: whole.map(\.0) + broken + refused)
    func `where the body is cut on its way does not matter`(text: String) {
        let bytes = Array(text.utf8)
        let expected = DechunkedBody([bytes])
        for split in 0...bytes.count {
            #expect(DechunkedBody([Array(bytes[..<split]), Array(bytes[split...])]) == expected, "cut at \(split)")
        }
        #expect(DechunkedBody(bytes.map { [$0] }) == expected, "byte by byte")
    }

    @Test func `the largest size is taken at its word`() {
        let body = DechunkedBody("7fffffffffffffff\r\nhello")
        #expect(body == DechunkedBody([Array("07fffffffffffff5\r\nhello".utf8)]))
        #expect(body.text == "hello")
        #expect(body.end == .incomplete)
    }

    @Test func `every byte but a digit, a blank, a semicolon and CR ends a size badly`() {
        for byte in UInt8.min...UInt8.max {
            let isDigit = Set("0123456789abcdefABCDEF".utf8).contains(byte)
            let isAllowed = isDigit || Set(" \t;\r".utf8).contains(byte)
            let end = DechunkedBody([[0x31, byte]]).end
            #expect(end == (isAllowed ? .incomplete : .refused(.badChunk)), "byte \(byte)")
            let first = DechunkedBody([[byte]]).end
            #expect(first == (isDigit ? .incomplete : .refused(.badChunk)), "byte \(byte)")
        }
    }

    // MARK: Limits

    private var limits: MessageLimits {
        var limits = MessageLimits()
        limits.chunkExtensionBytes = 10
        limits.trailerBytes = 20
        return limits
    }

    @Test func `extensions are bounded, over all chunks of a body together`() {
        let short = "1;" + String(repeating: "x", count: 10) + "\r\na\r\n0\r\n\r\n"
        #expect(DechunkedBody(short, limits: limits).end == .whole(short.utf8.count))
        #expect(DechunkedBody("1;" + String(repeating: "x", count: 11), limits: limits).end == .refused(.tooLarge))
        let many = String(repeating: "1;xx\r\na\r\n", count: 6)
        #expect(DechunkedBody(many, limits: limits).end == .refused(.tooLarge))
        #expect(DechunkedBody("1" + String(repeating: " ", count: 12), limits: limits).end == .refused(.tooLarge))
    }

    @Test func `trailers are bounded`() {
        // Counted up to and with the empty line.
        let fits = "0\r\nX: " + String(repeating: "1", count: 13) + "\r\n\r\n"
        #expect(DechunkedBody(fits, limits: limits).end == .whole(fits.utf8.count))
        let tooLong = "0\r\nX: " + String(repeating: "1", count: 14) + "\r\n\r\n"
        #expect(DechunkedBody(tooLong, limits: limits).end == .refused(.tooLarge))
        let tooMany = "0\r\n" + String(repeating: "a:\r\n", count: 6)
        #expect(DechunkedBody(tooMany, limits: limits).end == .refused(.tooLarge))
    }

    @Test(arguments: [0, 1, 2, 3])
    func `trailers are counted, whether anybody wants them or not`(most: Int) {
        var limits = MessageLimits()
        limits.headerLines = most
        let fits = "0\r\n" + String(repeating: "a:\r\n", count: most) + "\r\n"
        let tooMany = "0\r\n" + String(repeating: "a:\r\n", count: most + 1) + "\r\n"
        for isWanted in [false, true] {
            func end(_ text: String) -> DechunkedBody.End {
                DechunkedBody([Array(text.utf8)], limits: limits, reportsTrailers: isWanted).end
            }
            #expect(end(fits) == .whole(fits.utf8.count))
            #expect(end(tooMany) == .refused(.tooManyLines))
        }
    }

    @Test func `the usual bounds are 16 KiB each`() {
        let most = String(repeating: "x", count: 16 * 1024)
        #expect(DechunkedBody("1;\(most)\r\n").end == .incomplete)
        #expect(DechunkedBody("1;\(most)x\r\n").end == .refused(.tooLarge))
        #expect(DechunkedBody("0\r\nx:\(most)").end == .refused(.tooLarge))
    }

    // MARK: Random bodies

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func `any body in any chunks and any pieces comes out as it went in`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        for _ in 0..<60 {
            var wire: [UInt8] = []
            var expected: [UInt8] = []
            for _ in 0..<dice.number(below: 6) {
                let data = (0..<1 + dice.number(below: 40)).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
                expected += data
                wire += Array(String(data.count, radix: 16, uppercase: dice.chance(percent: 50)).utf8)
                wire += Array(dice.pick(["", ";", " ;a", ";a=b"]).utf8) + [0x0D, 0x0A] + data + [0x0D, 0x0A]
            }
            wire += Array(dice.pick(["0\r\n\r\n", "0;x\r\n\r\n", "00\r\nT: 1\r\n\r\n"]).utf8)
            var pieces: [[UInt8]] = []
            var rest = wire[...]
            while !rest.isEmpty {
                let piece = rest.prefix(1 + dice.number(below: 12))
                pieces.append(Array(piece))
                rest = rest.dropFirst(piece.count)
            }
            let body = DechunkedBody(pieces)
            #expect(body.data == expected, "seed \(seed)")
            #expect(body.end == .whole(wire.count), "seed \(seed)")
        }
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func `no bytes make the decoder trap, or disagree with itself byte by byte`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        let alphabet = Array("0123456789abcdefABCDEF;  \r\n\r\n\r\nxX:-\u{0}\u{7F}é".utf8)
        for _ in 0..<1_500 {
            var bytes = Array(dice.pick(Self.whole).0.utf8)
            for _ in 0..<1 + dice.number(below: 3) {
                let place = dice.number(below: bytes.count)
                switch dice.number(below: 3) {
                case 0: bytes[place] = dice.pick(alphabet)
                case 1: bytes.insert(dice.pick(alphabet), at: place)
                default: bytes.remove(at: place)
                }
                if bytes.isEmpty { bytes = [0x30] }
            }
            let expected = DechunkedBody([bytes])
            #expect(DechunkedBody(bytes.map { [$0] }) == expected, "seed \(seed), bytes \(bytes)")
        }
    }
}
