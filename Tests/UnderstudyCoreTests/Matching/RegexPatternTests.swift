// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Regular expressions come from a file and run on what strangers send: they must be whole, fast and safe.

import Testing
import UnderstudyCore

struct RegexPatternTests {
    private func matches(_ pattern: String, _ text: String) throws -> Bool {
        let bytes = Array(text.utf8)
        return try RegexPattern(pattern).matchesWhole(bytes.span)
    }

    @Test(arguments: [
        ("/service/\\d+", "/service/12", true),
        ("/service/\\d+", "/service/12/more", false),
        ("/service/\\d+", "x/service/12", false),
        ("/b|/bb", "/bb", true),
        ("", "", true),
        ("a*", "", true),
        ("a+", "", false),
        (".*", "/any/thing", true),
        ("(?i)/CASE", "/case", true),
        ("/case", "/CASE", false),
    ])
    func `a pattern must match the whole text`(pattern: String, text: String, expected: Bool) throws {
        #expect(try matches(pattern, text) == expected)
    }

    @Test(arguments: [
        ("(", "missing ): ("),
        ("[a", "missing ]: [a"),
        ("a**", "bad repetition operator: **"),
        ("(a)\\1", "invalid escape sequence: \\1"),
        ("a(?=b)", "invalid perl operator: (?="),
    ])
    func `a bad pattern is refused with the reason`(pattern: String, reason: String) {
        let invalid = #expect(throws: RegexPattern.Invalid.self) { try RegexPattern(pattern) }
        #expect(invalid?.reason == reason)
    }

    @Test func `nested repetition takes linear time`() throws {
        // A backtracking engine would need more steps than there are atoms in the universe.
        #expect(try !matches("(a+)+b", String(repeating: "a", count: 5_000)))
    }

    @Test func `bytes that are no text do no harm`() throws {
        let pattern = try RegexPattern("a.*")
        for byte in UInt8.min...UInt8.max {
            let bytes = [0x61, byte]
            let matched = pattern.matchesWhole(bytes.span)
            #expect(matched == (byte < 0x80 && byte != 0x0A), "byte \(byte)")
        }
    }

    @Test func `a zero byte in text or pattern does not end it`() throws {
        #expect(try !matches("/a", "/a\0b"))
        #expect(try matches("/a\0b", "/a\0b"))
    }

    @Test func `patterns are equal if their sources are`() throws {
        #expect(try RegexPattern("a") == RegexPattern("a"))
        #expect(try RegexPattern("a") != RegexPattern("(a)"))
    }

    @Test func `one pattern serves many tasks at once`() async throws {
        let pattern = try RegexPattern("/service/(\\d+)/.*")
        let matched = await withTaskGroup(of: Bool.self, returning: Int.self) { group in
            for task in 0..<8 {
                group.addTask {
                    let bytes = Array("/service/\(task)/x".utf8)
                    return (0..<200).allSatisfy { _ in pattern.matchesWhole(bytes.span) }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(matched == 8)
    }
}
