// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Comma lists hold what ends at this hop; a token missed there is a header passed on.

import Testing
import UnderstudyCore

struct HeaderTokenTests {
    private func inside<Result>(_ text: String, _ body: ([UInt8], Range<Int>) -> Result) -> Result {
        let bytes = Array("x\(text)x".utf8)
        return body(bytes, 1..<bytes.count - 1)
    }

    private func isExactly(_ token: StaticString, _ text: String) -> Bool {
        inside(text) { HeaderToken.isExactly(token, $0.span, $1) }
    }

    private func hasPrefix(_ literal: StaticString, _ text: String) -> Bool {
        inside(text) { HeaderToken.hasPrefix(literal, $0.span, $1) }
    }

    private func list(_ text: String) -> [String] {
        inside(text) { HeaderToken.list($0.span, $1) }.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: ["close", "Close", "CLOSE", "cLoSe"])
    func `a single token is itself in any case`(text: String) {
        #expect(isExactly("close", text))
    }

    @Test(arguments: ["", "clos", "closed", "close ", " close", "close,", "close, close", "c\u{CC}ose", "\u{23}lose"])
    func `anything more or less is another token`(text: String) {
        #expect(!isExactly("close", text))
    }

    @Test func `a case bit turns letters only`() {
        // `[` and `{`, `@` and the grave accent differ by the same bit as letters do.
        #expect(!isExactly("{", "["))
        #expect(!isExactly("`", "@"))
        #expect((UInt8.min...UInt8.max).count { HeaderToken.lowercased($0) != $0 } == 26)
    }

    @Test func `a prefix is found in any case`() {
        #expect(hasPrefix("http://", "HTTP://h"))
        #expect(hasPrefix("http://", "http://"))
        #expect(!hasPrefix("http://", "http:/"))
        #expect(!hasPrefix("http://", "https://h"))
        #expect(!hasPrefix("http://", ""))
    }

    @Test(arguments: [
        ("trailers", true), ("gzip, trailers", true), ("trailers,gzip", true), (" \t trailers \t", true),
        (",,trailers", true), ("Trailers", false), ("trailers;q=1", false), ("trailer", false), ("xtrailers", false),
        ("", false), (",", false),
    ])
    func `an element is looked for in its own case`(text: String, expected: Bool) {
        #expect(inside(text) { HeaderToken.contains(Array("trailers".utf8), $0.span, $1) } == expected)
    }

    @Test(
        arguments: [
            ("close", ["close"]),
            ("close, X-Foo", ["close", "x-foo"]),
            ("Close,x-foo,TE", ["close", "x-foo", "te"]),
            (" \tclose \t,\t x-foo ", ["close", "x-foo"]),
            (",,close,,", ["close"]),
            (" , \t,", []),
            ("", []),
            ("a b, c", ["a b", "c"]),
            ("\"a,b\"", ["\"a", "b\""]),
        ] as [(String, [String])]
    )
    func `a list is split at commas, trimmed and lower-cased`(text: String, elements: [String]) {
        #expect(list(text) == elements)
    }
}
