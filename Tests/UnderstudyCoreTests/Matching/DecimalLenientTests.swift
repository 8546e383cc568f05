// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Numbers that are no syntax are read generously, but never wrongly.

import Testing
import UnderstudyCore

struct DecimalLenientTests {
    @Test(
        arguments: [
            ("0", 0), ("12", 12), (" 12 ", 12), ("+12", 12), ("-12", -12), ("007", 7), ("-0", 0), ("", nil), ("+", nil),
            ("1 2", nil), ("1.0", nil), ("0x1", nil), ("--1", nil), ("9223372036854775807", Int64.max),
            ("9223372036854775808", nil), ("-9223372036854775808", Int64.min), ("-9223372036854775809", nil),
            ("99999999999999999999999", nil),
        ] as [(String, Int64?)]
    )
    func `signed numbers`(text: String, expected: Int64?) {
        let bytes = Array(text.utf8)
        let number = Decimal.lenientSigned(bytes.span, bytes.indices)
        #expect(number == expected)
    }

    @Test(
        arguments: [
            ("18446744073709551615", UInt64.max), ("18446744073709551616", nil), ("-1", nil), ("-0", nil),
            ("\t5\r\n", 5), ("+5", 5), ("a", nil),
        ] as [(String, UInt64?)]
    )
    func `unsigned numbers`(text: String, expected: UInt64?) {
        let bytes = Array(text.utf8)
        let number = Decimal.lenientUnsigned(bytes.span, bytes.indices)
        #expect(number == expected)
    }
}
