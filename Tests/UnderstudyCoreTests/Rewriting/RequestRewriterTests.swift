// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Rewriting Host and path, with what is said about it, as Envoy 1.40 was measured to do it.

import TestSupport
import Testing
import UnderstudyCore

struct RequestRewriterTests {
    private func rewritten(
        _ target: String = "/",
        _ lines: [String] = [],
        host: String = "old",
        match: PathMatch = .prefix("/"),
        isCaseSensitive: Bool = true,
        keepsOriginal: Bool = true,
        _ change: (inout RouteAction) -> Void
    ) -> (target: String, lines: [String]) {
        var action = RouteAction(cluster: .name("c"))
        change(&action)
        let matcher = PathMatcher(match, isCaseSensitive: isCaseSensitive)
        let forward = Forward(action, matcher: matcher, clusters: NameTable([(name: [UInt8], value: Int)]()))
        var head = RequestHead("GET \(target)", ["host: \(host)"] + lines)
        forward.rewrite(&head, keepsOriginal: keepsOriginal)
        return (head.targetText, head.headers.texts)
    }

    @Test(
        arguments: [
            (.prefix("/a"), "/b", "/a", "/b"), (.prefix("/a"), "/b", "/a/x", "/b/x"),
            (.prefix("/a"), "/b", "/ax?q=1", "/bx?q=1"), (.prefix("/a"), "/b", "/a//x", "/b//x"),
            (.prefix("/a/"), "/", "/a/x", "/x"), (.prefix("/a/"), "/", "/a//x", "//x"),
            (.prefix("/a"), "/", "/a/x", "//x"),
            (.prefix("/"), "/b/", "/x", "/b/x"), (.prefix("/a"), "b", "/a/x", "b/x"),
            (.exact("/a"), "/b", "/a?q=1", "/b?q=1"),
            (.pathSeparatedPrefix("/a"), "/b/", "/a/x", "/b//x"), (.pathSeparatedPrefix("/a"), "/", "/a?q", "/?q"),
            (.prefix("/a"), "", "/a/x", "/a/x"),
        ] as [(PathMatch, String, String, String)]
    )
    func `a prefix replaces what matched, and only that`(
        match: PathMatch,
        prefix: String,
        target: String,
        expected: String
    ) {
        let (result, _) = rewritten(target, match: match) { $0.pathRewrite = .prefix(prefix) }
        #expect(result == expected)
    }

    @Test func `a prefix replaces the whole path of a regular expression`() throws {
        let pattern = try RegexPattern("/a.*")
        #expect(rewritten("/a/x?q=1", match: .regex(pattern)) { $0.pathRewrite = .prefix("/b") }.target == "/b?q=1")
    }

    @Test func `a prefix that matched in another case is replaced too`() {
        let change: (inout RouteAction) -> Void = { $0.pathRewrite = .prefix("/B") }
        #expect(rewritten("/A/x", match: .prefix("/a"), isCaseSensitive: false, change).target == "/B/x")
    }

    @Test(arguments: [
        ("^/service/([^/]+)(/.*)$", "\\2/of/\\1", "/service/foo/v1?x=/service/a/b", "/v1/of/foo?x=/service/a/b"),
        ("one", "two", "/one/one?one", "/two/two?one"), ("/a", "/b?c=d", "/a?q", "/b?c=d?q"),
        ("zzz", "y", "/ab", "/ab"),
    ])
    func `a regular expression leaves the query alone`(
        pattern: String,
        text: String,
        target: String,
        expected: String
    ) throws {
        let rewrite = RegexRewrite(pattern: try RegexPattern(pattern), substitution: text)
        let (result, lines) = rewritten(target) { $0.pathRewrite = .regex(rewrite) }
        #expect(result == expected)
        #expect(lines == ["host: old", "x-envoy-original-path: \(target)"])
    }

    @Test func `an empty result is no rewrite`() throws {
        let rewrite = RegexRewrite(pattern: try RegexPattern(".*"), substitution: "")
        let path = rewritten("/a?q") { $0.pathRewrite = .regex(rewrite) }
        #expect(path == ("/a?q", ["host: old"]))
        #expect(rewritten("/a?q") { $0.hostRewrite = .pathRegex(rewrite) }.lines == ["host: old"])
    }

    @Test func `what was there before is kept in its place, or at the end, or not at all`() {
        let lines = ["x-envoy-original-path: zz", "x-envoy-original-host: yy", "x: 1"]
        let change: (inout RouteAction) -> Void = { action in
            action.pathRewrite = .prefix("/b/")
            action.hostRewrite = .literal("new")
            action.appendsForwardedHost = true
        }
        #expect(
            rewritten("/a", lines, change).lines == [
                "host: new", "x-envoy-original-path: /a", "x-envoy-original-host: old", "x: 1", "x-forwarded-host: old",
            ]
        )
        #expect(
            rewritten("/a", [], change).lines == [
                "host: new", "x-envoy-original-host: old", "x-forwarded-host: old", "x-envoy-original-path: /a",
            ]
        )
        #expect(rewritten("/a", keepsOriginal: false, change).lines == ["host: new", "x-forwarded-host: old"])
    }

    @Test(
        arguments: [
            ([], "old"), (["p"], "p,old"), (["p,old"], "p,old"), (["old"], "old"), (["old,p"], "old,p,old"),
            (["p", "q"], "p,q,old"), (["", "p"], "p,old"), (["p, old"], "p, old,old"), ([""], "old"),
            (["old,"], "old,"), ([","], ",,old"),
            (["cold"], "cold,old"), (["p", "old"], "p,old"),
        ] as [([String], String)]
    )
    func `the old Host is appended unless it is there`(values: [String], expected: String) {
        let result = rewritten("/", values.map { "x-forwarded-host: \($0)" }, keepsOriginal: false) { action in
            action.hostRewrite = .literal("new")
            action.appendsForwardedHost = true
        }
        #expect(result.lines == ["host: new", "x-forwarded-host: \(expected)"])
    }

    @Test func `nothing is said about an empty Host, or about none rewritten`() {
        let change: (inout RouteAction) -> Void = { action in
            action.hostRewrite = .literal("new")
            action.appendsForwardedHost = true
        }
        #expect(rewritten("/", host: "", change).lines == ["host: new"])
        #expect(rewritten { $0.appendsForwardedHost = true }.lines == ["host: old"])
    }

    @Test(arguments: [([], "old"), (["x-h: a.b"], "a.b"), (["x-h: "], "old"), (["x-h: a", "x-h: b"], "a")])
    func `a header may hold the Host`(lines: [String], expected: String) {
        let result = rewritten("/", lines, keepsOriginal: false) { $0.hostRewrite = .header("x-h") }
        #expect(result.lines == ["host: \(expected)"] + lines)
    }

    @Test(arguments: [("/abc/d?x", "abc"), ("/abc", "/abc")])
    func `the path may hold the Host`(target: String, expected: String) throws {
        let rewrite = RegexRewrite(pattern: try RegexPattern("^/(.+)/.+$"), substitution: "\\1")
        let result = rewritten(target) { $0.hostRewrite = .pathRegex(rewrite) }
        #expect(result == (target, ["host: \(expected)", "x-envoy-original-host: old"]))
    }

    @Test func `the endpoint's name becomes the Host only when it is known`() {
        var action = RouteAction(cluster: .name("c"))
        action.hostRewrite = .endpoint
        action.appendsForwardedHost = true
        let clusters = NameTable([(name: [UInt8], value: Int)]())
        let forward = Forward(action, matcher: PathMatcher(.prefix("/")), clusters: clusters)
        var head = RequestHead("GET /", ["host: old"])
        forward.rewrite(&head, keepsOriginal: true)
        #expect(head.headers.texts == ["host: old"])
        forward.rewriteHost(&head, endpoint: [], keepsOriginal: true)
        #expect(head.headers.texts == ["host: old"])
        forward.rewriteHost(&head, endpoint: Array("ep".utf8), keepsOriginal: true)
        #expect(head.headers.texts == ["host: ep", "x-envoy-original-host: old", "x-forwarded-host: old"])
    }

    @Test func `a route that rewrites nothing says so`() {
        func rewrites(_ change: (inout RouteAction) -> Void) -> Bool {
            var action = RouteAction(cluster: .name("c"))
            change(&action)
            let clusters = NameTable([(name: [UInt8], value: Int)]())
            return Forward(action, matcher: PathMatcher(.prefix("/")), clusters: clusters).rewrites
        }
        #expect(!rewrites { $0.appendsForwardedHost = true })
        #expect(!rewrites { $0.hostRewrite = .endpoint })
        #expect(rewrites { $0.hostRewrite = .literal("h") })
        #expect(rewrites { $0.pathRewrite = .prefix("/") })
    }

    @Test func `CONNECT gets its port back, and keeps its target`() {
        var action = RouteAction(cluster: .name("c"))
        action.pathRewrite = .prefix("/b")
        let clusters = NameTable([(name: [UInt8], value: Int)]())
        let forward = Forward(action, matcher: PathMatcher(.connect), clusters: clusters)
        var head = RequestHead("CONNECT h:443", ["host: h"])
        forward.rewrite(&head, keepsOriginal: true, connectPort: 443)
        #expect(head.headers.texts == ["host: h:443"])
        #expect(head.targetText == "h:443")
        forward.rewrite(&head, keepsOriginal: true, connectPort: 80)
        #expect(head.hostText == "h:443")
    }

    @Test func `a path of 32 KiB is rewritten like any other`() throws {
        let tail = String(repeating: "/x", count: 16_000)
        #expect(rewritten("/a" + tail, match: .prefix("/a")) { $0.pathRewrite = .prefix("/b") }.target == "/b" + tail)
        let rewrite = RegexRewrite(pattern: try RegexPattern("/x"), substitution: "/y")
        #expect(rewritten("/a" + tail) { $0.pathRewrite = .regex(rewrite) }.target.utf8.count == 32_002)
    }
}
