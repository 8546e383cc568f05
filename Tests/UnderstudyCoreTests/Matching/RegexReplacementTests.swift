// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Replacing what an expression matches, as RE2 does it for Envoy.

import Testing
import UnderstudyCore

struct RegexReplacementTests {
    private func replaced(_ text: String, _ pattern: String, _ substitution: String) throws -> String? {
        let bytes = Array("<\(text)>".utf8)
        let rewriter = RegexRewriter(RegexRewrite(pattern: try RegexPattern(pattern), substitution: substitution))
        return rewriter.result(in: bytes.span, 1..<bytes.count - 1).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [
        ("/service/foo/v1/api", "^/service/([^/]+)(/.*)$", "\\2/instance/\\1", "/v1/api/instance/foo"),
        ("/xxx/one/yyy/one/zzz", "one", "two", "/xxx/two/yyy/two/zzz"),
        ("/a/ba", "(b)?a", "[\\0-\\1]\\\\", "/[a-]\\/[ba-b]\\"),
        ("/ab", "x*", "-", "-/-a-b-"),
        ("/axb", "x*", "-", "-/-a-b-"),
        ("//ab", "^/", "//", "///ab"),
        ("/ab", "zzz", "y", "/ab"),
        ("/a", ".*", "", ""),
        ("", "x*", "-", "-"),
        ("", "x", "-", ""),
        ("/é/é", "x*", ".", "./.é./.é."),
    ])
    func `every match is replaced`(text: String, pattern: String, substitution: String, expected: String) throws {
        #expect(try replaced(text, pattern, substitution) == expected)
    }

    @Test func `a group that does not exist changes nothing, a bad escape ends the substitution`() throws {
        #expect(try replaced("/abc", "(b)", "\\2") == "/abc")
        #expect(try replaced("/abc", "b", "x\\y") == "/axc")
    }

    @Test func `what RE2 has against a substitution can be told`() throws {
        func fault(_ substitution: String) throws -> String? {
            RegexRewrite(pattern: try RegexPattern("(a)"), substitution: substitution).fault
        }
        #expect(try fault("\\1 \\0 \\\\") == nil)
        #expect(try fault("\\2")?.contains("2") == true)
        #expect(try fault("\\x") != nil)
        #expect(try fault("\\") != nil)
    }

    @Test func `a result that is too long is none`() throws {
        let text = String(repeating: "a", count: 2_000)
        #expect(try replaced(text, "a", String(repeating: "b", count: 100))?.utf8.count == 200_000)
        #expect(try replaced(text, "a", String(repeating: "b", count: 1_000)) == nil)
    }

    @Test func `a long text takes linear time`() throws {
        let text = String(repeating: "/a", count: 16_384)
        #expect(try replaced(text, "/", "//")?.utf8.count == 49_152)
    }
}
