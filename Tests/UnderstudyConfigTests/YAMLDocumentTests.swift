// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The tree behind a text: what libyaml's events become, where everything stands, and the bounds.

import Testing

@testable import UnderstudyConfig

@Suite struct YAMLDocumentTests {
    @Test func `values have the position of their first character, columns counted in characters`() throws {
        let root = try root("é: [😀, &x 1]\nb:\n  c: *x\n")
        let mapping = try #require(root.mapping)
        #expect(mapping.map(\.key.mark) == [Mark(line: 1, column: 1), Mark(line: 2, column: 1)])
        let items = try #require(mapping[0].value.sequence)
        #expect(items.map(\.mark) == [Mark(line: 1, column: 5), Mark(line: 1, column: 8)])
        // What an alias stands for is where its name was given.
        #expect(mapping[1].value.mapping?.first?.value.mark == Mark(line: 1, column: 8))
    }

    @Test(arguments: [
        ("123", ScalarValue.Style.plain), ("! 123", .quoted), ("!!str 123", .tagged), ("!own 123", .tagged),
        ("'123'", .quoted), ("\"123\"", .quoted), ("! '123'", .quoted), ("!!str '123'", .tagged), ("&a 123", .plain),
        ("&a ! 123", .quoted), ("! &a 123", .quoted), ("&a !!int 123", .tagged), ("!\n  123", .quoted),
        ("&a\n  !\n  123", .quoted), ("|\n  123", .quoted),
    ])
    func `a tag changes how a scalar is read`(text: String, style: ScalarValue.Style) throws {
        let value = try root("a: \(text)\n").mapping?.first?.value.scalar
        #expect(value?.style == style)
        #expect(value.map { $0.string.hasPrefix("123") } == true)
    }

    @Test(arguments: ["x", "é", "\u{2028}", "😀", "x\r\n", "x\u{85}", "\u{FEFF}"])
    func `a tag is found behind any characters`(filling: String) throws {
        for start in ["", "\u{FEFF}"] {
            let text = start + "- \"" + String(repeating: filling, count: 500) + "\"\n- ! 1\n- 1\n- &b ! 1\n"
            let styles = try root(text).sequence?.map { $0.scalar?.style }
            #expect(styles == [.quoted, .quoted, .plain, .quoted])
        }
    }

    @Test func `a name that is given twice stands for the newer value`() throws {
        let items = try root("[&a 1, *a, &a 2, *a, &a [3], *a]").sequence
        #expect(items?.prefix(4).map { $0.scalar?.string } == ["1", "1", "2", "2"])
        #expect(items?.last?.sequence?.map { $0.scalar?.string } == ["3"])
        // By where values begin, not where they end.
        #expect(try root("[&a [&a 1, *a], *a]").sequence?.last?.scalar?.string == "1")
    }

    @Test(arguments: ["*a", "{&b a: *c}"])
    func `a name that nothing has yet is an error`(text: String) {
        #expect(failure(text)?.message.hasPrefix("undefined alias \"") == true)
    }

    @Test(arguments: ["[&a [*a]]", "&a {b: *a}", "[&a 1, &a [*a]]", "&a [[[{c: *a}]]]"])
    func `nothing can hold itself`(text: String) {
        #expect(failure(text)?.message == "alias \"a\" within what it names")
    }

    @Test func `depth is counted through aliases`() {
        func nested(_ levels: Int, _ inner: String) -> String {
            String(repeating: "[", count: levels) + inner + String(repeating: "]", count: levels)
        }
        let most = YAMLDocument.maximumDepth
        #expect(failure(nested(most, "1")) == nil)
        #expect(failure(nested(most + 1, "1"))?.message == "nested too deeply")
        #expect(failure("- &a \(nested(most - 1, "1"))\n- *a\n") == nil)
        #expect(failure("- &a \(nested(most - 1, "1"))\n- [*a]\n")?.mark == Mark(line: 2, column: 4))
        let steps = (1...most).map { "- &a\($0) [*a\($0 - 1)]\n" }.joined()
        #expect(failure("- &a0 1\n" + steps)?.message == "nested too deeply")
    }

    @Test func `values are counted exactly, and an alias is one`() {
        let most = YAMLDocument.maximumValues
        func list(_ count: Int) -> String { "[&a [1, 2], " + String(repeating: "*a,", count: count - 4) + "]" }
        #expect(failure(list(most)) == nil)
        #expect(failure(list(most + 1))?.message == "too large")
    }

    @Test func `directives are counted, since each is compared with all others`() {
        let text = String(repeating: "%TAG !a! b:\n", count: 1001) + "--- 1\n"
        #expect(failure(text)?.message == "too many directives")
        #expect(failure(String(repeating: "%YAML 1.1\r", count: 1001))?.message == "too many directives")
        #expect(failure("a: 50%\nb: \"%x\"\n") == nil)
    }

    @Test func `names that stand twice in a mapping are listed`() {
        #expect(
            failure("a: {b: 1, c: 2, c: 3, b: 4, c: 5}")?.message
                == "\"b\", \"c\" is given more than once in one mapping"
        )
        #expect(failure("- {a: 1}\n- {a: 1, 'a': 2}\n")?.mark == Mark(line: 2, column: 10))
        let many = (0..<20).map { "k\($0): 1\nk\($0): 2\n" }.joined()
        #expect(failure(many)?.message.contains("and 12 more is given") == true)
        #expect(failure("{[a]: 1, [a]: 2}") == nil)
    }

    @Test(arguments: [
        ("a: \"é\u{1}\"", 1, 6), ("é\n😀: \u{7}", 2, 4), ("a: [1, 2", 2, 1), ("a: b: c", 1, 5), ("\ta: 1", 1, 1),
    ])
    func `an error has a place`(text: String, line: Int, column: Int) {
        let error = failure(text)
        #expect(error?.mark?.line == line, "\(String(describing: error))")
        if text.unicodeScalars.contains(where: { $0.value < 8 }) { #expect(error?.mark?.column == column) }
    }

    @Test func `a NUL that is escaped is part of the text`() throws {
        #expect(try root("\"a\\0b\"").scalar?.string == "a\0b")
    }

    @Test func `a second document is noticed, even a broken one`() throws {
        #expect(try YAMLDocument("a: 1")?.hasMore == false)
        #expect(try YAMLDocument("a: 1\n...\n# end\n")?.hasMore == false)
        #expect(try YAMLDocument("a: 1\n--- 2\n")?.hasMore == true)
        #expect(try YAMLDocument("a: 1\n--- [\n")?.hasMore == true)
        #expect(try YAMLDocument("# nothing\n") == nil)
        #expect(try YAMLDocument("") == nil)
    }

    private func root(_ text: String) throws -> Node {
        try #require(try YAMLDocument(text)).root
    }

    private func failure(_ text: String) -> YAMLError? {
        do {
            _ = try YAMLDocument(text)
            return nil
        } catch {
            return error
        }
    }
}

extension Node {
    fileprivate var mapping: Mapping? {
        guard case .mapping(let mapping) = content else { return nil }
        return mapping
    }

    fileprivate var sequence: [Node]? {
        guard case .sequence(let sequence) = content else { return nil }
        return sequence
    }
}
