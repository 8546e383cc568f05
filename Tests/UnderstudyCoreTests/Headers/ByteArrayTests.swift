// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What heads are put together of, at every length around the size of a word.

import Testing

@testable import UnderstudyCore

struct ByteArrayTests {
    @Test func `only the letters of the range become lower-case`() {
        let bytes = Array("AZ-az@[`{09_ABCDEFGHIJKLMNOPQRSTUVWXYZ\u{C1}\u{DA}AZ".utf8)
        for start in bytes.indices {
            for end in start...bytes.count {
                var changed = bytes
                changed.lowercase(start..<end)
                let expected = bytes.enumerated().map { index, byte in
                    (start..<end).contains(index) ? HeaderToken.lowercased(byte) : byte
                }
                #expect(changed == expected, "\(start)..<\(end)")
            }
        }
    }

    @Test func `a copy of own bytes is appended, and the others stay`() {
        let bytes = Array(UInt8(0)..<40)
        for start in bytes.indices {
            for end in start...bytes.count {
                var grown = bytes
                grown.append(copyOfOwn: start..<end)
                #expect(grown == bytes + bytes[start..<end])
            }
        }
    }

    @Test func `copies of own bytes do not take memory each`() {
        var bytes: [UInt8] = [1, 2, 3]
        var moves = 0
        var room = bytes.capacity
        for _ in 0..<10_000 {
            bytes.append(copyOfOwn: 0..<3)
            if bytes.capacity != room { moves += 1 }
            room = bytes.capacity
        }
        #expect(moves < 20)
    }

    @Test(arguments: [0, 1, 9, 10, 11, 99, 100, 101, 999_999_999_999, .max, .max - 1, -1, -9, -10, -100, .min])
    func `a number has its decimal digits`(number: Int) {
        var bytes = Array("x".utf8)
        bytes.append(decimal: number)
        #expect(String(decoding: bytes, as: UTF8.self) == "x\(number)")
        var block = HeaderBlock()
        block.add("a", decimal: number, known: .other)
        #expect(block.text(block.lines[0].value) == "\(number)")
        #expect(String(decoding: block.bytes, as: UTF8.self) == "a: \(number)\r\n")
    }

    @Test func `an identifier is a line as it is a value`() {
        let identifier = RequestID(0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210)
        var bytes: [UInt8] = []
        identifier.append(to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == "01234567-89ab-4def-bedc-ba9876543210")
        var block = HeaderBlock()
        block.add("x-request-id", identifier, known: .requestID)
        #expect(block.text(block.lines[0].wire) == "x-request-id: 01234567-89ab-4def-bedc-ba9876543210\r\n")
    }
}
