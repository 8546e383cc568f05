// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Texts are compared where they stand, and only there.

import Testing
import UnderstudyCore

struct TextMatcherTests {
    private func matches(_ pattern: StringMatcher.Pattern, _ text: String, ignoresCase: Bool = false) -> Bool {
        // Neighbours on both sides: only the range counts.
        let bytes = Array("aA\(text)aA".utf8)
        return TextMatcher(StringMatcher(pattern, ignoresCase: ignoresCase)).matches(bytes.span, 2..<bytes.count - 2)
    }

    @Test(
        arguments: [
            (.exact("ab"), "ab", true), (.exact("ab"), "abc", false), (.exact("ab"), "AB", false),
            (.exact(""), "", true), (.exact(""), "x", false), (.prefix("ab"), "abc", true), (.prefix("ab"), "a", false),
            (.prefix(""), "", true), (.suffix("bc"), "abc", true), (.suffix("bc"), "bcd", false),
            (.suffix(""), "x", true), (.contains("b"), "abc", true), (.contains("abc"), "abc", true),
            (.contains("ac"), "abc", false), (.contains(""), "", true), (.contains("aa"), "xa", false),
        ] as [(StringMatcher.Pattern, String, Bool)]
    )
    func `each pattern has its place`(pattern: StringMatcher.Pattern, text: String, expected: Bool) {
        #expect(matches(pattern, text) == expected)
    }

    @Test(arguments: [.exact("aBc"), .prefix("aB"), .suffix("Bc"), .contains("B")] as [StringMatcher.Pattern])
    func `case may be ignored on both sides`(pattern: StringMatcher.Pattern) {
        #expect(matches(pattern, "AbC", ignoresCase: true))
        #expect(!matches(pattern, "AbC"))
        #expect(!matches(pattern, "xyz", ignoresCase: true))
    }

    @Test func `only letters have a case`() {
        #expect(!matches(.exact("@"), "`", ignoresCase: true))
        #expect(!matches(.exact("["), "{", ignoresCase: true))
    }

    @Test func `a regular expression matches the whole text`() throws {
        #expect(matches(.regex(try RegexPattern("b+")), "bb"))
        #expect(!matches(.regex(try RegexPattern("b+")), "bbc"))
        #expect(matches(.regex(try RegexPattern("")), ""))
    }
}
