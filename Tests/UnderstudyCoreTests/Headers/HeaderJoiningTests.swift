// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Lines that arrive several times: which become one, and that nothing else happens to any.

import TestSupport
import Testing
import UnderstudyCore

struct HeaderJoiningTests {
    private func joined(_ lines: [String], _ side: JoinedHeaders.Side = .request) -> [String] {
        var block = HeaderBlock(lines)
        block.joinRepeatedLines(of: side)
        return block.texts
    }

    private static let framing: Set<String> = ["connection", "content-length", "transfer-encoding"]

    @Test(arguments: [JoinedHeaders.Side.request, .response])
    func `each known name is joined at the place of its first line`(side: JoinedHeaders.Side) {
        let known = JoinedHeaders.everywhere.union(side == .request ? JoinedHeaders.requests : JoinedHeaders.responses)
        for name in known.subtracting(Self.framing) {
            let lines = ["x-a: 1", "\(name): 1", "x-b: 1", "\(name): 2, 3", "x-c: 1", "\(name): 4"]
            #expect(joined(lines, side) == ["x-a: 1", "\(name): 1,2, 3,4", "x-b: 1", "x-c: 1"])
        }
    }

    @Test func `all known names at once`() {
        let names = JoinedHeaders.everywhere.union(JoinedHeaders.requests).subtracting(Self.framing).sorted()
        #expect(joined(names.map { "\($0): 1" } + names.map { "\($0): 2" }) == names.map { "\($0): 1,2" })
    }

    @Test(arguments: [
        "host", "content-length", "transfer-encoding", "connection", "cookie", "set-cookie", "x-a", "accept-language",
        "range", "a", String(repeating: "a", count: 99),
    ])
    func `every other name stays apart`(name: String) {
        let lines = ["\(name): 1", "x-b: 1", "\(name): 2"]
        #expect(joined(lines) == lines)
        #expect(joined(lines, .response) == lines)
    }

    @Test func `a name is known on its own side only`() {
        let request = ["accept: 1", "accept: 2"]
        #expect(joined(request, .response) == request)
        let response = ["vary: 1", "vary: 2"]
        #expect(joined(response, .request) == response)
    }

    @Test(arguments: [
        (["", "2"], "2"), (["1", ""], "1"), (["", ""], ""), (["", "1", "", "2", ""], "1,2"), ([",", ","], ",,,"),
    ])
    func `an empty value adds no comma`(values: [String], expected: String) {
        #expect(joined(values.map { "via: \($0)" }) == ["via: \(expected)"])
    }

    @Test func `names that only look alike stay apart`() {
        // Of the same length, the same last letter, or both.
        let lines = ["accept-encoding: 1", "accept-language: 1", "content-type: 1", "content-lype: 1", "origin: 1"]
        #expect(joined(lines) == lines)
    }

    @Test func `a head of distinct names is not touched`() {
        var block = HeaderBlock((0..<99).map { "x-\($0): 1" })
        let arena = block.bytes
        block.joinRepeatedLines(of: .request)
        #expect(block.bytes == arena)
        #expect(block.lines.count == 99)
        #expect(joined([]) == [])
    }

    @Test(arguments: [10, 40, 50, 120, 400])
    func `a known name is found among any number of others`(count: Int) {
        // Of one length and with one last letter, so that each may be the same as any before.
        let others = (0..<count).map { "x-\(1000 + $0)-z: 1" }
        #expect(joined(["via: 1"] + others + ["via: 2"]) == ["via: 1,2"] + others)
        #expect(joined(others + ["via: 1", "x-1000-z: 2", "via: 2"]) == others + ["via: 1,2", "x-1000-z: 2"])
    }

    @Test func `random heads are joined as a search through all lines would`() {
        let names = [
            "accept", "via", "vary", "cookie", "host", "te", "x-a", "origin", "pragma", "expect", "content-length",
        ]
        let known = JoinedHeaders.everywhere.union(JoinedHeaders.requests).subtracting(Self.framing)
        for seed in UInt64(1)...500 {
            var dice = SeededGenerator(seed: seed)
            let lines = (0..<dice.number(below: 12)).map { _ in (dice.pick(names), dice.pick(["", "1", "2,3"])) }
            var expected: [(name: String, value: String)] = []
            for (name, value) in lines {
                if known.contains(name), let first = expected.firstIndex(where: { $0.name == name }) {
                    let parts = [expected[first].value, value].filter { !$0.isEmpty }
                    expected[first].value = parts.joined(separator: ",")
                } else {
                    expected.append((name, value))
                }
            }
            let result = joined(lines.map { "\($0.0): \($0.1)" })
            #expect(result == expected.map { "\($0.name): \($0.value)" }, "\(seed)")
        }
    }
}
