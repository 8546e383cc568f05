// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The bounds that are taken from a text before it is parsed.

import Testing

@testable import UnderstudyConfig

@Suite struct YAMLBudgetTests {
    @Test(arguments: ["\"[::1]:80\"", "http://[fe80::1%eth0]:80/", "[a]: b", "x? y", "(?i)a", "[0-9]?", "/?a"])
    func `everyday text is no reason for suspicion`(text: String) {
        #expect(YAMLBudget("a: \(text)\n").complexKeys == 0)
    }

    @Test(arguments: ["? a\n", "*a : 1", "*a: 1", "[*a]: 1", "{[a, b]: 1}", "{{}, ?[*a], 1}", "[\"x\"]: 1", "[a\n]: 1"])
    func `a key that may be more than a word is counted`(text: String) {
        #expect(YAMLBudget("\(text)\n").complexKeys == 1)
    }

    @Test func `an alias costs what its anchor holds, once per use`() {
        let one = YAMLBudget("[&a [x,x], *a]")
        #expect((3...6).contains(one.expandedValues - one.values))
        let two = YAMLBudget("[&a [x,x,x,x], &b [*a,*a,*a,*a], *b,*b,*b,*b]")
        #expect(two.expandedValues > 4 * 4 * 4)
        #expect(two.expandedValues < 300)
    }

    @Test func `directives are counted, since each is compared with all others`() {
        let text = String(repeating: "%TAG !a! b:\n", count: 1001) + "--- 1\n"
        #expect(!YAMLBudget("\n" + text).isAffordable)
        #expect(YAMLBudget(text).isAffordable)
        #expect(YAMLBudget("a: 50%\nb: \"%x\"\n").directives == 0)
    }

    @Test func `an anchor that is defined twice could cost anything`() {
        #expect(YAMLBudget("[&a x, &a [*a,*a]]").expandedValues == .max)
    }

    @Test(arguments: ["[a,b,{c: d,e: f}]", "{a: {b: [c,d]},e: [f,g]}"])
    func `line breaks after commas and opening brackets add nothing`(text: String) {
        var broken = text
        for mark in [",", "[", "{"] { broken = broken.replacing(mark, with: "\(mark)\n \r\n ") }
        #expect(YAMLBudget(broken).values == YAMLBudget(text).values)
    }
}
