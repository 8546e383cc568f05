// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Every spelling of a path, hostile ones included, as Envoy 1.40 was measured to settle it.

import TestSupport
import Testing
import UnderstudyCore

struct PathNormalisationTests {
    private func options(
        normalizes: Bool = false,
        merges: Bool = false,
        slashes: PathOptions.EscapedSlashes = .keep
    ) -> PathOptions {
        var options = PathOptions()
        options.normalizes = normalizes
        options.mergesSlashes = merges
        options.escapedSlashes = slashes
        return options
    }

    private func settled(_ target: String, _ options: PathOptions) -> (PathNormalisation, String) {
        var head = RequestHead("GET \(target)", ["host: h"])
        let result = head.normalisePath(options)
        return (result, head.targetText)
    }

    @Test(arguments: [
        ("/", "/"), ("/a", "/a"), ("/a/../b", "/b"), ("/a/./b", "/a/b"), ("/a/..", "/"), ("/a/.", "/a/"), ("/..", "/"),
        ("/../..", "/"), ("/../../a", "/a"), ("/a/b/../../..", "/"), ("/a//b", "/a//b"), ("/a/..//b", "//b"),
        ("/a//../b", "/a/b"), ("/a///../b", "/a//b"), ("/%2e%2e/a", "/a"), ("/a/%2e%2E/b", "/b"), ("/a/%2e/b", "/a/b"),
        ("/a/.%2e/b", "/b"), ("/a/%2e./b", "/b"), ("/a/..%2fb", "/a/..%2fb"), ("/a\\b", "/a/b"), ("/a\\..\\b", "/b"),
        ("/a/..\\b", "/b"), ("/%41%7a%30", "/Az0"), ("/%7e%2d%5f", "/~-_"), ("/%2a%28%20%25", "/%2a%28%20%25"),
        ("/%zz", "/%zz"), ("/%", "/%"), ("/%4", "/%4"), ("/%0a", "/%0a"), ("/%ff", "/%ff"), ("/a;b", "/a;b"),
        ("/a/..;/b", "/b"), ("/a/..;x=1/b", "/b"), ("/a/.;/b", "/a/b"), ("/a/...;/b", "/a/...;/b"),
        ("/a/;/../b", "/a/b"), ("/a/..;", "/"), ("/a?b/../c", "/a?b/../c"), ("/a/../b?c//d%2f..", "/b?c//d%2f.."),
        ("/[]|^`{}\"<>", "/[]%7C%5E%60%7B%7D%22%3C%3E"),
        ("/a'()!$&+,;=:@", "/a'()!$&+,;=:@"),
        ("/a/%252e%252e/b", "/a/%252e%252e/b"), ("/..a", "/..a"), ("/a../b", "/a../b"), ("/.../", "/.../"),
        ("/%2E", "/"),
        ("//..", "/"), ("//../a", "/a"), ("/.//a", "//a"), ("/a/././", "/a/"), ("/a/b/../", "/a/"), ("/a/b/..", "/a/"),
        ("/%61/../%62", "/b"), ("/a/%2F../b", "/a/%2F../b"), ("/a/b/%2e%2e%2f%2e%2e/c", "/a/b/..%2f../c"), ("*", "*"),
    ])
    func `dot segments, escapes and backslashes are settled`(target: String, expected: String) {
        let (result, text) = settled(target, options(normalizes: true))
        #expect(text == expected)
        #expect(result == (text == target ? .unchanged : .changed))
    }

    /// Envoy leaves all of these to servers that drop the parameters of a segment before they look at its dots.
    @Test(arguments: [
        ("/a/%2e%2e;/b", "/b"), ("/a/.%2E;x/b", "/b"), ("/a/%2e;/b", "/a/b"), ("/a\\..;\\b", "/b"), ("/a/..;\\b", "/b"),
        ("/a\\.;x=1/b", "/a/b"), ("/a/..%3b/b", "/b"), ("/a/%2e%2e%3Bx/b", "/b"), ("/a/...%3b/b", "/a/...%3b/b"),
        ("/a/x..;/b", "/a/x..;/b"), ("/a/;..;/b", "/a/;..;/b"), ("/a/%2e%2e;", "/"),
        ("/a/b/%2e%2e;/..;/c", "/c"), ("/%2e%2e;", "/"), ("/a/.%2e;x/b", "/b"),
    ])
    func `parameters hide no dot segment, however it is spelt`(target: String, expected: String) {
        let (result, text) = settled(target, options(normalizes: true))
        #expect(text == expected)
        #expect(result == (text == target ? .unchanged : .changed))
    }

    @Test(arguments: [
        ("/%2%41", "/%252A"), ("/%%41f", "/%25Af"), ("/%%41g", "/%Ag"), ("/%%41", "/%A"), ("/%%%32%46", "/%%252F"),
        ("/%2%41%2%41", "/%252A%252A"), ("/%/%41a", "/%/Aa"), ("/x%/../%41%42", "/AB"), ("/%2x%41", "/%2xA"),
        ("/%2/../%41%41a%2", "/AAa%2"),
    ])
    func `decoding never makes an escape that was none`(target: String, expected: String) {
        #expect(settled(target, options(normalizes: true)) == (target == expected ? .unchanged : .changed, expected))
    }

    @Test(arguments: ["/%00", "/a%00b", "/a/../%00?x"])
    func `an escaped zero byte is refused`(target: String) {
        #expect(settled(target, options(normalizes: true)) == (.reject, target))
        #expect(settled(target, options(merges: true)).0 == .unchanged)
    }

    @Test(arguments: [
        ("/a//b", "/a/b"), ("//a", "/a"), ("//", "//"), ("///", "//"), ("/a//", "/a/"), ("/a/..//b", "/a/../b"),
        ("/a///../b", "/a/../b"), ("/a?b//c", "/a?b//c"), ("/", "/"), ("/%2f/", "/%2f/"),
    ])
    func `slashes are merged`(target: String, expected: String) {
        #expect(settled(target, options(merges: true)).1 == expected)
    }

    @Test(arguments: [("/a/..//b", "/b"), ("/.//a", "/a"), ("/a//../b", "/a/b"), ("/a///../b", "/a/b")])
    func `slashes are merged after dot segments are gone`(target: String, expected: String) {
        #expect(settled(target, options(normalizes: true, merges: true)) == (.changed, expected))
    }

    @Test(
        arguments: [
            ("/a%2fb", .unescapeAndForward, .changed, "/a/b"),
            ("/a%2Fb%5cc%5C", .unescapeAndForward, .changed, "/a/b\\c\\"),
            ("/a%2fb?q", .unescapeAndRedirect, .redirect, "/a/b?q"), ("/a%2fb", .reject, .reject, "/a%2fb"),
            ("/a?b%2f", .reject, .unchanged, "/a?b%2f"), ("/a%2eb", .reject, .unchanged, "/a%2eb"),
            ("/a%2fb", .keep, .unchanged, "/a%2fb"), ("/a/../b", .unescapeAndRedirect, .unchanged, "/a/../b"),
        ] as [(String, PathOptions.EscapedSlashes, PathNormalisation, String)]
    )
    func `escaped slashes are kept, refused, decoded or sent back`(
        target: String,
        slashes: PathOptions.EscapedSlashes,
        result: PathNormalisation,
        expected: String
    ) {
        #expect(settled(target, options(slashes: slashes)) == (result, expected))
    }

    @Test(arguments: [
        ("/a/..%2fb", "/b"), ("/a%2Fb%5cc%5C", "/a/b/c/"), ("/%5c", "//"), ("/%5c..%5ca", "/a"), ("/a/%2F../b", "/a/b"),
        ("/a/b/%2e%2e%2f%2e%2e/c", "/c"), ("/a//b", "/a/b"),
    ])
    func `escaped slashes are decoded before anything else`(target: String, expected: String) {
        let all = options(normalizes: true, merges: true, slashes: .unescapeAndForward)
        #expect(settled(target, all) == (.changed, expected))
    }

    @Test func `exactly the unreserved characters are decoded`() {
        let unreserved = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~".utf8)
        for byte in UInt8(1)...255 where byte != 0x2E {
            let digits = String(byte, radix: 16)
            let target = "/x%\(digits.count == 1 ? "0" : "")\(digits)"
            let expected = unreserved.contains(byte) ? "/x\(Character(UnicodeScalar(byte)))" : target
            #expect(settled(target, options(normalizes: true)).1 == expected)
        }
    }

    @Test func `CONNECT has no path to settle`() {
        var head = RequestHead("CONNECT a..b:443", ["host: a..b:443"])
        #expect(head.normalisePath(options(normalizes: true, merges: true)) == .unchanged)
    }

    /// A quadratic loop would be noticed: it would take minutes.
    @Test(arguments: [
        ("a/../", 6_500, "/"), ("../", 10_900, "/"), ("%2e%2e%2f", 3_600, "/"), ("..;/", 8_000, "/"),
        ("./", 16_000, "/"),
        ("/", 32_000, "/"), ("\\", 32_000, "/"), ("%5c", 10_900, "/"),
    ])
    func `32 KiB of malice settle like anything else`(piece: String, count: Int, expected: String) {
        let all = options(normalizes: true, merges: true, slashes: .unescapeAndForward)
        let (result, text) = settled("/" + String(repeating: piece, count: count), all)
        #expect(result == .changed)
        #expect([expected, "//"].contains(text))
    }

    @Test func `many dots behind one long name take it away once`() {
        let name = String(repeating: "a", count: 30_000)
        let all = options(normalizes: true, merges: true, slashes: .unescapeAndForward)
        let dots = String(repeating: "/..", count: 900)
        #expect(settled("/\(name)\(dots)/\(name)", all) == (.changed, "/\(name)"))
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `nothing that could be read in two ways is left`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        let pieces = ["/", "/", ".", "..", "a", ";", "%2e", "%2f", "\\", "%41", "%", "~", "{"]
        let all = options(normalizes: true, merges: true, slashes: .unescapeAndForward)
        for _ in 0..<2_000 {
            let target = "/" + (0..<dice.number(below: 12)).map { _ in dice.pick(pieces) }.joined()
            let (result, text) = settled(target, all)
            #expect(text.hasPrefix("/"), "seed \(seed): \(target)")
            #expect((result == .unchanged) == (text == target), "seed \(seed): \(target)")
            #expect(!text.dropFirst().contains("\\"), "seed \(seed): \(target)")
            let segments = text.split(separator: "/", omittingEmptySubsequences: false)
            #expect(!segments.contains("..") && !segments.contains("."), "seed \(seed): \(target)")
        }
    }
}
