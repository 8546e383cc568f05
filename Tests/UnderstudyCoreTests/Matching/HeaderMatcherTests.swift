// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Header conditions as Envoy 1.40 was measured to take them.

import TestSupport
import Testing
import UnderstudyCore

struct HeaderMatcherTests {
    /// What `x` holds; `nil` for no line of that name.
    private static let values: [[String]] = [
        [], ["a"], [""], ["a", "b"], ["A"], ["5"], ["ab"], ["10"], ["+5"], ["-5"], ["5", "6"], ["05"], ["5.0"],
        ["9223372036854775807"], ["9223372036854775808"],
    ]

    private func matches(_ match: HeaderMatch) -> [[String]] {
        Self.values.filter { values in
            let head = RequestHead("GET /", ["host: h"] + values.map { "x: \($0)" })
            return HeaderMatcher(match).matches(request: head)
        }
    }

    private func match(_ rule: HeaderMatch.Rule, inverted: Bool = false, emptyIfMissing: Bool = false) -> [[String]] {
        matches(HeaderMatch(name: "x", rule: rule, isInverted: inverted, treatsMissingAsEmpty: emptyIfMissing))
    }

    private var all: [[String]] { Self.values }
    private var there: [[String]] { Array(Self.values.dropFirst()) }

    @Test func `presence counts lines, whatever they hold`() {
        #expect(match(.present(true)) == there)
        #expect(match(.present(false)) == [[]])
        #expect(match(.present(true), inverted: true) == [[]])
        #expect(match(.present(false), inverted: true) == there)
    }

    @Test func `a missing header that counts as empty is always there`() {
        #expect(match(.present(true), emptyIfMissing: true) == all)
        #expect(match(.present(false), emptyIfMissing: true) == [])
        #expect(match(.present(true), inverted: true, emptyIfMissing: true) == [])
    }

    @Test func `a range takes whole numbers and leaves its end out`() {
        #expect(match(.range(5..<10)) == [["5"], ["+5"], ["5", "6"], ["05"]])
        #expect(match(.range(-10..<0)) == [["-5"]])
        #expect(match(.range(0..<Int64.max)) == [["5"], ["10"], ["+5"], ["5", "6"], ["05"]])
        #expect(match(.range(5..<10), inverted: true) == there.filter { !["5", "+5", "05"].contains($0[0]) })
        #expect(match(.range(0..<10), emptyIfMissing: true) == [["5"], ["+5"], ["5", "6"], ["05"]])
    }

    @Test func `one of several lines is enough, and they are not joined`() {
        #expect(match(.string(StringMatcher(.exact("b")))) == [["a", "b"]])
        #expect(match(.string(StringMatcher(.exact("a,b")))) == [])
        #expect(match(.string(StringMatcher(.contains(",")))) == [])
        #expect(match(.string(StringMatcher(.exact("a"))), inverted: true) == there.filter { $0[0] != "a" })
    }

    @Test func `a missing header matches a text only if it counts as empty`() {
        #expect(match(.string(StringMatcher(.exact("")))) == [[""]])
        #expect(match(.string(StringMatcher(.exact(""))), emptyIfMissing: true) == [[], [""]])
        #expect(match(.string(StringMatcher(.exact("zzz"))), inverted: true) == there)
        #expect(match(.string(StringMatcher(.exact("zzz"))), inverted: true, emptyIfMissing: true) == all)
    }

    @Test(
        arguments: [
            (":method", "GET", true), (":path", "/p?q=1", true), (":path", "/p", false), (":authority", "h:1", true),
            ("host", "h:1", true), ("HOST", "h:1", true), (":scheme", "https", true), (":scheme", "HTTPS", false),
            (":status", "200", false), ("X-Name", "v", true),
        ]
    )
    func `parts of the request go by the names that HTTP/2 gives them`(name: String, value: String, expected: Bool) {
        let head = RequestHead("GET /p?q=1", ["host: h:1", "x-forwarded-proto: HTTPS", "x-name: v"])
        let match = HeaderMatch(name: name, rule: .string(StringMatcher(.exact(value))))
        #expect(HeaderMatcher(match).matches(request: head) == expected)
    }

    @Test func `CONNECT has no path`() {
        let head = RequestHead("CONNECT h:1", ["host: h:1"])
        #expect(!HeaderMatcher(HeaderMatch(name: ":path", rule: .present(true))).matches(request: head))
        #expect(HeaderMatcher(HeaderMatch(name: ":path", rule: .present(false))).matches(request: head))
    }

    @Test(
        arguments: [
            (":status", "503", true), (":status", "50", false), ("x-again", "yes", true), (":method", "GET", false),
        ]
    )
    func `answers have a status instead`(name: String, value: String, expected: Bool) {
        let head = ResponseHead(status: 503, ["x-again: yes"])
        let match = HeaderMatch(name: name, rule: .string(StringMatcher(.exact(value))))
        #expect(HeaderMatcher(match).matches(response: head) == expected)
    }
}
