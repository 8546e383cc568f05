// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The Huffman code against the one that RFC 7541 prints.

import TestSupport
import Testing

@testable import UnderstudyHTTP

struct HuffmanTests {
    private func decode(_ encoded: [UInt8]) -> [UInt8]? {
        var arena: [UInt8] = [1, 2, 3]
        let isValid = HuffmanDecoder.decode(encoded.span, 0..<encoded.count, appendingTo: &arena)
        #expect(arena.starts(with: [1, 2, 3]))
        return isValid ? Array(arena.dropFirst(3)) : nil
    }

    @Test func `every symbol, alone and beside every other`() {
        for first in UInt8.min...UInt8.max {
            #expect(decode(HuffmanCode.encode([first])) == [first])
            for second in UInt8.min...UInt8.max {
                let text = [first, second]
                if decode(HuffmanCode.encode(text)) != text { Issue.record("\(text)") }
            }
        }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `strings of every length`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        for length in 0..<200 {
            // Mostly letters, since those take the short way.
            let text = (0..<length).map { _ in
                dice.chance(percent: 80)
                    ? UInt8(truncatingIfNeeded: 0x61 + dice.number(below: 26)) : UInt8(truncatingIfNeeded: dice.next())
            }
            #expect(decode(HuffmanCode.encode(text)) == text, "seed \(seed)")
        }
    }

    @Test func `only the range is read`() {
        let encoded = HuffmanCode.encode(Array("www.example.com".utf8))
        let padded = [0x00, 0xFF] + encoded + [0x00, 0x12]
        var arena: [UInt8] = []
        #expect(HuffmanDecoder.decode(padded.span, 2..<2 + encoded.count, appendingTo: &arena))
        #expect(arena == Array("www.example.com".utf8))
    }

    // RFC 7541 section 5.2.
    @Test func `the end of the string may not be sent`() {
        for length in 0..<20 {
            #expect(decode(HuffmanCode.encode(Array(repeating: 0x61, count: length), endOfString: true)) == nil)
        }
        #expect(decode([0xFF, 0xFF, 0xFF, 0xFC]) == nil)
    }

    @Test func `padding is shorter than a byte and all ones`() {
        for length in 0..<40 {
            let text = HuffmanCode.encode(Array(repeating: 0x61, count: length))
            #expect(decode(text + [0xFF]) == nil, "\(length)")
            #expect(decode(text + [0xFF, 0xFF, 0xFF, 0xFF]) == nil, "\(length)")
        }
        // `0` is 00000; what follows it is not all ones.
        #expect(decode([0b0000_0111]) == Array("0".utf8))
        for wrong in [0b0000_0110, 0b0000_0101, 0b0000_0011, 0b0000_0000] as [UInt8] {
            #expect(decode([wrong]) == nil, "\(wrong)")
        }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `whatever bytes come, they decode to what encodes to them, or not at all`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let bytes = (0..<dice.number(below: 24)).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
            guard let text = decode(bytes) else { continue }
            #expect(HuffmanCode.encode(text) == bytes, "seed \(seed)")
        }
    }
}
