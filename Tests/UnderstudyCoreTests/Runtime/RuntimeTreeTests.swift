// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a nested layer amounts to, key by key.

import Testing
import UnderstudyCore

struct RuntimeTreeTests {
    @Test func `names on the way to a value are joined with dots`() throws {
        let values = try RuntimeValue.flatten([
            "a": .object(["b": .number(1), "c": .object(["d": .string("two")])]), "x.y": .bool(true),
        ])
        #expect(values.mapValues(\.text) == ["a.b": "1", "a.c.d": "two", "x.y": "true"])
    }

    @Test func `of two ways to write one key the same wins always`() throws {
        for _ in 0..<10 {
            let values = try RuntimeValue.flatten(["x.y": .number(3), "x": .object(["y": .number(4)])])
            #expect(values.mapValues(\.text) == ["x.y": "3"])
        }
    }

    @Test(arguments: [
        (RuntimeTree.null, "a"), (.list, "a"), (.object(["b": .list]), "a.b"), (.object(["b": .null]), "a.b"),
    ])
    func `lists and nulls are refused with their key`(tree: RuntimeTree, key: String) {
        #expect(throws: RuntimeFault("Invalid runtime entry value for \(key)")) {
            try RuntimeValue.flatten(["a": tree])
        }
    }

    @Test(arguments: [
        (1, "1"), (-1, "-1"), (0, "0"), (1.5, "1.5"), (0.1, "0.1"), (999_999, "999999"), (1_000_000, "1e+06"),
        (1_234_567, "1.23457e+06"), (2_147_483_648, "2.14748e+09"), (1e300, "1e+300"), (1e-7, "1e-07"),
        (0.0001, "0.0001"), (0.00001, "1e-05"), (999_999.5, "1e+06"), (123.456789, "123.457"), (100, "100"),
        (-0.5, "-0.5"), (1e15, "1e+15"), (12_345.6789, "12345.7"),
    ])
    func `numbers are shown with six digits, as Envoy shows them`(number: Double, text: String) throws {
        #expect(try RuntimeValue.flatten(["a": .number(number)])["a"]?.text == text)
    }

    @Test(
        arguments: [
            (RuntimeTree.number(50), 50), (.number(50.9), 50), (.number(0.5), 0), (.number(101), 101),
            (.number(-3), nil),
            (.number(1e300), nil), (.bool(true), nil), (.string("50"), 50), (.string(" 50 "), 50),
            (.string("0x32"), 50),
            (.string("1e2"), 100), (.string("+50"), 50), (.string(".5e2"), 50), (.string("18446744073709551615"), .max),
            (.string("99999999999999999999"), nil), (.string("inf"), nil), (.string("nan"), nil), (.string("5_0"), nil),
            (.string("abc"), nil), (.string("true"), nil), (.string(""), nil), (.string("numerator: 50"), nil),
        ] as [(RuntimeTree, UInt64?)]
    )
    func `what counts as a whole number`(tree: RuntimeTree, integer: UInt64?) throws {
        #expect(try RuntimeValue.flatten(["a": tree])["a"]?.integer == integer)
    }

    @Test(
        arguments: [
            (["numerator": .number(50)], Fraction(numerator: 50, denominator: 100)),
            (["numerator": .number(50.5)], Fraction(numerator: 50, denominator: 100)),
            (
                ["numerator": .number(5), "denominator": .string("TEN_THOUSAND")],
                Fraction(numerator: 5, denominator: 10_000)
            ),
            (["denominator": .string("MILLION")], Fraction(numerator: 0, denominator: 1_000_000)),
            (["numerator": .string("50")], Fraction(numerator: 0, denominator: 100)),
            (["numerator": .bool(true)], Fraction(numerator: 0, denominator: 100)),
            (["numerator": .number(-50)], Fraction(numerator: .max, denominator: 100)),
            ([:], Fraction(numerator: 0, denominator: 100)),
            (["numerator": .number(50), "denominator": .string("NONSENSE")], nil),
            (["numerator": .number(50), "denominator": .number(1)], nil),
            (["numerator": .number(50), "zz": .number(1)], nil),
        ] as [([String: RuntimeTree], Fraction?)]
    )
    func `an object with a numerator or a denominator, or nothing, is a share`(
        fields: [String: RuntimeTree],
        fraction: Fraction?
    ) throws {
        let values = try RuntimeValue.flatten(["a": .object(fields)])
        #expect(Array(values.keys) == ["a"])
        #expect(values["a"]?.fraction == fraction)
    }

    @Test func `a share is shown on one line`() throws {
        let fields: [String: RuntimeTree] = ["numerator": .number(5), "denominator": .string("MILLION")]
        let text = try RuntimeValue.flatten(["a": .object(fields)])["a"]?.text
        #expect(text == #"{"denominator":"MILLION","numerator":5}"#)
    }
}
