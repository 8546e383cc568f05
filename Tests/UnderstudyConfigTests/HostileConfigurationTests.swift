// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Files that were written to hurt the reader: each is refused, quickly, and nothing traps.

import Testing

@testable import UnderstudyConfig

@Suite struct HostileConfigurationTests {
    /// Ten letters, and ten times as many with every further anchor: 10^12 values in a dozen lines.
    private static let bomb =
        "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
        + (1...11).map { "a\($0): &a\($0) [\(Array(repeating: "*a\($0 - 1)", count: 10).joined(separator: ","))]\n" }
        .joined()

    @Test(arguments: [
        "static_resources: *a11", "admin: {address: *a11}", "? *a11\n: 1", "*a11 : 1", "*a11: 1", "q: {*a11 : 1}",
        "q: {?*a11 : 1}", "q: {? *a11 : 1}", "q: {[*a11]: 1}", "q: {[*a11]:1}", "q: [*a11 : 1]", "q: [? *a11 : 1]",
        "q: {[[x], *a11, \"[x\"]: 1}", "? - *a11\n: 1", "? [*a11\n ]\n: 1", "{[x, # [\n *a11]: 1}",
        "q: {\"a\": 1, {b: *a11}: 1}",
    ])
    func `an alias bomb is refused wherever it is set off`(fuse: String) {
        expectQuickRefusal(Self.bomb + fuse + "\n")
    }

    @Test func `an alias bomb in a list of names is refused`() {
        let list = Self.bomb.split(separator: "\n").map { $0.drop { $0 != "&" } }.joined(separator: ", ")
        let result = Sample.load(("[\"*\"]", "[\(list)]"))
        #expect(result.errors.map(\.message) == ["too large: aliases repeat more than can be checked"])
    }

    @Test func `an alias bomb of one redefined anchor is refused`() {
        let text = "a: &a [x,x,x,x]\n" + (0..<40).map { "b\($0): &a [*a,*a,*a,*a]\n" }.joined() + "? *a\n: 1\n"
        expectQuickRefusal(text)
    }

    @Test func `a long text behind many aliases is refused`() {
        let text = "static_resources:\n  clusters:\n  - name: &n \"\(String(repeating: "x", count: 30_000))\"\n"
        let result = Sample.load(text + String(repeating: "  - name: *n\n", count: 3000))
        #expect(result.errors.map(\.message) == ["too large: aliases repeat more than can be checked"])
    }

    @Test(arguments: ["[", "{a: ", "- ", "? ", "{", "{? ", "[[", "a: [{"])
    func `deep nesting is refused`(opening: String) {
        expectQuickRefusal(String(repeating: opening, count: 50_000))
        expectQuickRefusal("a: " + String(repeating: opening, count: 700))
    }

    @Test(arguments: [
        ("- a\n", 600_000), ("[a,", 300_000), ("k: v\n", 300_000), ("--- a\n", 300_000), ("\n", 1_000_000),
        ("&a ", 500_000),
        (":", 1_000_000), ("a: &a 1\n", 300_000), ("*a,", 500_000), ("\"a\":{", 300_000), ("?\n", 500_000),
    ])
    func `more values than any file means are refused before they are built`(piece: String, count: Int) {
        expectQuickRefusal(String(repeating: piece, count: count))
    }

    @Test(arguments: ["*", "!", "%", "\t", "-", "\u{0}", "|", "'", "\"", "@", "`", "😀", "#", " ", ".", "<"])
    func `a line of one character is no configuration`(character: String) {
        expectQuickRefusal(String(repeating: character, count: 100_000))
    }

    @Test func `a megabyte of pattern is refused`() {
        for piece in ["(a|b)*", "a+", "(", "a"] {
            let pattern = String(repeating: piece, count: 1_000_000 / piece.utf8.count)
            #expect(
                Sample.load(("{prefix: \"/\"}", "{safe_regex: {regex: \"\(pattern)\"}}")).messages == ["text too long"]
            )
        }
    }

    @Test func `ordinary files of some size are not refused`() {
        let route = "              - {match: {safe_regex: {regex: \"/a[?]?b(?:c|d)*\"}}, route: {cluster: c1}}\n"
        let hosts = (0..<300).map { "            - {name: h\($0), domains: [\"[::1]:\($0)\", \"h\($0).example\"]}\n" }
        let result = Sample.load(
            ("routes:\n", "routes:\n" + String(repeating: route, count: 1000)),
            ("virtual_hosts:\n", "virtual_hosts:\n" + hosts.joined()),
            ("connect_timeout: 0.25s", "connect_timeout: &t 0.25s"),
            ("connect_timeout: 0.25s", "connect_timeout: *t")
        )
        #expect(result.isAccepted, "\(result.rendered)")
    }

    @Test func `every prefix of a configuration is read to an end`() {
        let text = Array(Sample.text)
        for end in stride(from: 0, to: text.count, by: 7) { _ = Sample.load(String(text[..<end])) }
    }

    @Test func `a configuration with any one character changed is read to an end`() {
        let characters: [Character] = ["{", "[", "\"", ":", "\n", "*", "&", "!", "\u{0}", "-", "?", "|"]
        var text = Array(Sample.text)
        for index in stride(from: 0, to: text.count, by: 11) {
            let before = text[index]
            text[index] = characters[index % characters.count]
            _ = Sample.load(String(text))
            text[index] = before
        }
    }

    private func expectQuickRefusal(_ text: String) {
        let clock = ContinuousClock()
        var result: ConfigurationResult?
        let time = clock.measure { result = Sample.load(text) }
        #expect(result?.isAccepted == false)
        #expect(result?.errors.isEmpty == false)
        // Generous: tests are built without optimisation and run side by side.
        #expect(time < .seconds(20), "\(text.prefix(20))")
    }
}
