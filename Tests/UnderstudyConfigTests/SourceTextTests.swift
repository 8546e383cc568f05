// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The text behind the nodes: what stands at a position, and how much of the text is read to find out.

import Testing

@testable import UnderstudyConfig

@Suite struct SourceTextTests {
    @Test(arguments: ["x", "é", "\u{2028}", "😀"])
    func `no position takes more than one stride, however long its line is`(filling: String) throws {
        let text = "first\n" + String(repeating: filling + "ab, ", count: 50_000)
        let source = SourceText(text)
        for column in stride(from: 1, through: 200_000, by: 7) {
            // A line separator ends the line; what is asked for then lies behind its end, yet in the text.
            let milestone = try #require(source.milestone(beforeLine: 2, column: column))
            #expect(milestone.distance < SourceText.stride)
        }
    }

    @Test(arguments: [0, 1, 61, 62, 63, 64, 65, 127, 128, 129, 10_000])
    func `a tag is found at any distance from the beginning of its line`(distance: Int) {
        for filling in ["x", "é", "😀"] {
            let text = "a\r\nb\u{85}" + String(repeating: filling, count: distance) + "!!str 1 &a ! 2 3"
            let source = SourceText(text)
            #expect(source.tag(line: 3, column: distance + 1) == .named)
            #expect(source.tag(line: 3, column: distance + 9) == .nonSpecific)
            #expect(source.tag(line: 3, column: distance + 16) == .none)
        }
    }

    @Test func `there is no tag outside the text`() {
        let source = SourceText("a\n")
        #expect(source.tag(line: 1, column: 1000) == .none)
        #expect(source.tag(line: 9, column: 1) == .none)
        #expect(SourceText("").tag(line: 1, column: 1) == .none)
    }
}
