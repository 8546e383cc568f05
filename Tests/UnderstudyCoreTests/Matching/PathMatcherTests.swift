// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Paths as Envoy 1.40 was measured to match them.

import Testing
import UnderstudyCore

struct PathMatcherTests {
    private static let paths = [
        "/abc", "/ABC", "/abc/", "/abc/d", "/abcd", "/abc;v=1", "/abc;v=1/d", "/a;b/c", "/ab", "/abc/;x",
    ]

    private func matching(
        _ match: PathMatch,
        isCaseSensitive: Bool = true,
        ignoresParameters: Bool = false
    ) -> [String] {
        let matcher = PathMatcher(match, isCaseSensitive: isCaseSensitive, ignoresParameters: ignoresParameters)
        return Self.paths.filter { path in
            let bytes = Array(" \(path)/".utf8)
            return matcher.matches(bytes.span, path: 1..<bytes.count - 1, method: .get)
        }
    }

    @Test func `a prefix ends anywhere`() {
        let found = ["/abc", "/abc/", "/abc/d", "/abcd", "/abc;v=1", "/abc;v=1/d", "/abc/;x"]
        #expect(matching(.prefix("/abc")) == found)
        let either = Self.paths.filter { $0 == "/ABC" || found.contains($0) }
        #expect(matching(.prefix("/ABC"), isCaseSensitive: false) == either)
        #expect(matching(.prefix("/abc"), ignoresParameters: true) == found)
    }

    @Test func `an exact path is the whole of it`() {
        #expect(matching(.exact("/abc")) == ["/abc"])
        #expect(matching(.exact("/aBc"), isCaseSensitive: false) == ["/abc", "/ABC"])
        #expect(matching(.exact("/abc"), ignoresParameters: true) == ["/abc", "/abc;v=1"])
    }

    @Test func `a separated prefix ends with a segment`() {
        #expect(matching(.pathSeparatedPrefix("/abc")) == ["/abc", "/abc/", "/abc/d", "/abc/;x"])
        #expect(
            matching(.pathSeparatedPrefix("/abc"), isCaseSensitive: false)
                == ["/abc", "/ABC", "/abc/", "/abc/d", "/abc/;x"]
        )
        #expect(
            matching(.pathSeparatedPrefix("/abc"), ignoresParameters: true)
                == ["/abc", "/abc/", "/abc/d", "/abc;v=1", "/abc;v=1/d", "/abc/;x"]
        )
    }

    @Test func `a regular expression minds case whatever the route says`() throws {
        let pattern = try RegexPattern("/abc")
        #expect(matching(.regex(pattern)) == ["/abc"])
        #expect(matching(.regex(pattern), isCaseSensitive: false) == ["/abc"])
        #expect(matching(.regex(pattern), ignoresParameters: true) == ["/abc", "/abc;v=1"])
    }

    @Test func `CONNECT is not a path`() {
        let bytes = Array("h:443".utf8)
        func matches(_ match: PathMatch, _ method: UnderstudyCore.Method) -> Bool {
            PathMatcher(match).matches(bytes.span, path: bytes.indices, method: method)
        }
        #expect(matches(.connect, .connect))
        #expect(!matches(.connect, .get))
        #expect(!matches(.prefix(""), .connect))
    }

    @Test func `the part that matched is what a new prefix replaces`() throws {
        let bytes = Array("/abcdefghi".utf8)
        func part(_ match: PathMatch, _ range: Range<Int>, ignoresParameters: Bool = false) -> Range<Int>? {
            PathMatcher(match, ignoresParameters: ignoresParameters).matchedPart(of: bytes.span, range)
        }
        #expect(part(.prefix("/a"), 0..<10) == 0..<2)
        #expect(part(.exact("/ab"), 0..<3) == 0..<3)
        #expect(part(.pathSeparatedPrefix("/a"), 0..<10) == 0..<2)
        #expect(part(.regex(try RegexPattern("/a")), 0..<10) == 0..<10)
        #expect(part(.prefix("/a"), 0..<10, ignoresParameters: true) == 0..<2)
        #expect(part(.prefix("/x"), 0..<10, ignoresParameters: true) == nil)
    }
}
