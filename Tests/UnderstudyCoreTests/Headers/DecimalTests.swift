// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Lengths decide where messages end, so a number is digits only and never wraps.

import TestSupport
import Testing
import UnderstudyCore

struct DecimalTests {
    private func parse(_ text: String) -> Int? {
        // Digits on both sides: only the range counts.
        let bytes = Array("9\(text)9".utf8)
        return Decimal.parse(bytes.span, 1..<bytes.count - 1)
    }

    @Test(arguments: [
        ("0", 0), ("1", 1), ("00", 0), ("007", 7), ("10", 10), ("4294967296", 4_294_967_296),
        ("9223372036854775807", .max), ("0000000000000000000000009223372036854775807", .max),
    ])
    func `digits are a number`(text: String, number: Int) {
        #expect(parse(text) == number)
    }

    @Test(arguments: [
        "9223372036854775808", "9223372036854775810", "18446744073709551616", "18446744073709551615",
        "99999999999999999999", "92233720368547758070", String(repeating: "9", count: 400),
    ])
    func `more than fits is no number`(text: String) {
        #expect(parse(text) == nil)
    }

    @Test(arguments: [
        "", "+1", "-1", "-0", " 1", "1 ", "1\t", "0x1", "1a", "a", "1,1", "1, 1", "1.0", "1e3", "1_000", "\u{0}1", "١",
        "１",
    ])
    func `anything but digits is no number`(text: String) {
        #expect(parse(text) == nil)
    }

    @Test func `every byte but the ten digits is refused`() {
        for byte in UInt8.min...UInt8.max {
            let bytes = [0x31, byte]
            let number = Decimal.parse(bytes.span, 0..<2)
            #expect((number != nil) == (0x30...0x39).contains(byte), "byte \(byte)")
        }
    }

    @Test func `a range beyond the bytes is no number`() {
        let bytes = Array("12".utf8)
        let number = Decimal.parse(bytes.span, 0..<3)
        #expect(number == nil)
    }

    @Test(arguments: [0, 9, 10, 99, 100, 1_234_567_890, .max, -1, -10, .min])
    func `numbers are written as Swift writes them`(number: Int) {
        var bytes = Array("x".utf8)
        bytes.append(decimal: number)
        #expect(String(decoding: bytes, as: UTF8.self) == "x\(number)")
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func `what is written is read again`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let number = Int(dice.next() >> UInt64(1 + dice.number(below: 63)))
            var bytes: [UInt8] = []
            bytes.append(decimal: number)
            let read = Decimal.parse(bytes.span, 0..<bytes.count)
            #expect(read == number, "seed \(seed)")
        }
    }
}
