// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Query parameters as Envoy 1.40 was measured to read them.

import Testing
import UnderstudyCore

struct QueryParameterMatcherTests {
    private static let targets = [
        "/", "/?x", "/?x=", "/?x=a", "/?x=b&x=a", "/?x=a&x=b", "/?X=a", "/?%78=a", "/?x=%61", "/?y&x=a", "/?x=a=b",
        "/?&x=a", "/?x=a+b", "/?=a", "/??x=a", "/?y=1;x=a", "/?x=a%26b", "/?x&x=a",
    ]

    private func matching(_ rule: QueryParameterMatch.Rule, name: String = "x") -> [String] {
        let matcher = QueryParameterMatcher(QueryParameterMatch(name: name, rule: rule))
        return Self.targets.filter { target in
            let bytes = Array("x=a\(target)&x=a".utf8)
            return matcher.matches(bytes.span, target: 3..<bytes.count - 4)
        }
    }

    private static let without = ["/", "/?X=a", "/?%78=a", "/?=a", "/??x=a", "/?y=1;x=a"]

    @Test func `a parameter is there with or without a value`() {
        #expect(matching(.present(true)) == Self.targets.filter { !Self.without.contains($0) })
        #expect(matching(.present(false)) == Self.without)
    }

    @Test func `the first value counts, as it stands`() throws {
        let exact = ["/?x=a", "/?x=a&x=b", "/?y&x=a", "/?&x=a"]
        #expect(matching(.string(StringMatcher(.exact("a")))) == exact)
        #expect(matching(.string(StringMatcher(.exact("")))) == ["/?x", "/?x=", "/?x&x=a"])
        #expect(matching(.string(StringMatcher(.exact("a=b")))) == ["/?x=a=b"])
        #expect(
            matching(.string(StringMatcher(.regex(try RegexPattern("a.*")))))
                == ["/?x=a", "/?x=a&x=b", "/?y&x=a", "/?x=a=b", "/?&x=a", "/?x=a+b", "/?x=a%26b"]
        )
    }

    @Test func `only the first question mark begins the query`() {
        #expect(matching(.present(true), name: "?x") == ["/??x=a"])
        #expect(matching(.present(true), name: "") == ["/?&x=a", "/?=a"])
    }
}
