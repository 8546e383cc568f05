// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Values that operators type into a file or a URL mean here what they mean to Envoy.

import Testing
import UnderstudyCore

struct RuntimeTextTests {
    @Test(
        arguments: [
            ("50", 50), ("50.9", 50), ("1e2", 100), (" 50 ", 50), ("50 # c", 50), ("# x\n50", 50), ("50\n", 50),
            ("0x32", 50),
            ("07", 7), ("+50", 50), ("-3", nil), ("\"50\"", nil), ("'50'", nil), ("[50]", nil), ("null", nil),
            ("~", nil),
            ("yes", nil), ("inf", nil), ("a: b", nil), ("numerator:50", nil), ("50.9 # c", nil), ("", nil),
        ] as [(String, UInt64?)]
    )
    func `what counts as a whole number`(text: String, integer: UInt64?) throws {
        let value = try RuntimeValue(parsing: text)
        #expect(value.integer == integer)
        #expect(value.text == text)
    }

    @Test(
        arguments: [
            ("{numerator: 50}", Fraction(numerator: 50, denominator: 100)),
            (#"{"numerator":50}"#, Fraction(numerator: 50, denominator: 100)),
            (#"{"numerator": 5000,"denominator":"TEN_THOUSAND"}"#, Fraction(numerator: 5000, denominator: 10_000)),
            ("{numerator: 5, denominator: MILLION}", Fraction(numerator: 5, denominator: 1_000_000)),
            ("numerator: 5\ndenominator: TEN_THOUSAND", Fraction(numerator: 5, denominator: 10_000)),
            ("numerator: 5", Fraction(numerator: 5, denominator: 100)),
            ("# share\nnumerator: 5 # of them\n\ndenominator: HUNDRED\n", Fraction(numerator: 5, denominator: 100)),
            ("{\n  numerator: 5,\n  denominator: MILLION\n}", Fraction(numerator: 5, denominator: 1_000_000)),
            ("{numerator: 150}", Fraction(numerator: 150, denominator: 100)),
            ("{numerator: -50}", Fraction(numerator: .max, denominator: 100)),
            ("{numerator: 0x32}", Fraction(numerator: 50, denominator: 100)),
            ("{numerator: \"50\"}", Fraction(numerator: 0, denominator: 100)),
            ("{numerator: 50.5}", Fraction(numerator: 0, denominator: 100)),
            ("{numerator: {a: 1, b: 2}}", Fraction(numerator: 0, denominator: 100)),
            ("{denominator: TEN_THOUSAND}", Fraction(numerator: 0, denominator: 10_000)),
            ("{}", Fraction(numerator: 0, denominator: 100)),
            ("{numerator: 50, denominator: NONSENSE}", nil), ("{numerator: 50, denominator: ten_thousand}", nil),
            ("{numerator: 5000, denominator: 1}", nil), ("{foo: 1, numerator: 50}", nil), ("{numerator:50}", nil),
            ("Numerator: 50", nil), ("numerator:50", nil), ("\"{numerator: 50}\"", nil),
            ("numerator: 5\n  deeper: 1", nil),
            ("a\nb", nil),
        ] as [(String, Fraction?)]
    )
    func `what counts as a share`(text: String, fraction: Fraction?) throws {
        #expect(try RuntimeValue(parsing: text).fraction == fraction)
    }

    @Test(arguments: [("true", true), ("TRUE", true), ("yes", true), ("false", false), ("No", false), ("maybe", nil)])
    func `what counts as true or false`(text: String, bool: Bool?) throws {
        #expect(try RuntimeValue(parsing: text).bool == bool)
    }

    @Test(arguments: [
        ("[1", "line 1, column 1: end of sequence flow not found"),
        ("{a", "line 1, column 1: end of map flow not found"),
        ("{", "line 1, column 1: end of map flow not found"),
        ("numerator: 5000, denominator: TEN_THOUSAND", "line 1, column 29: illegal map value"),
        ("numerator: 50 numerator: 60", "line 1, column 24: illegal map value"),
    ])
    func `what cannot be read at all is refused in Envoy's words`(text: String, message: String) {
        #expect(throws: RuntimeFault("yaml-cpp: error at \(message)")) { try RuntimeValue(parsing: text) }
    }

    @Test(arguments: [
        ("5\n", "5"), ("hello \n  world  \n\n", "hello \n  world"), ("# comment\n7\n", "7"), ("a\n# x\nb\n", "a\nb"),
        ("5\r\n", "5"), ("", ""), ("# only\n", ""), ("a\nb\na\n", "ab\na"), ("\n\n5", "5"),
    ])
    func `a file's value is what stands in it besides comments`(file: String, value: String) {
        #expect(RuntimeText.value(ofFile: Array(file.utf8)) == value)
    }
}
