// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Where redirects lead, as Envoy 1.40 was measured to say it.

import TestSupport
import Testing
import UnderstudyCore

struct RedirectionTests {
    private func location(
        _ target: String,
        host: String = "h",
        _ lines: [String] = ["x-forwarded-proto: http"],
        match: PathMatch = .prefix("/"),
        _ change: (inout RedirectAction) -> Void
    ) -> String? {
        var action = RedirectAction()
        change(&action)
        let head = RequestHead("GET \(target)", ["host: \(host)"] + lines)
        let bytes = Redirection(action, matcher: PathMatcher(match)).location(for: head)
        return bytes.map { String(decoding: $0, as: UTF8.self) }
    }

    private let secure = ["x-forwarded-proto: https"]

    @Test(arguments: [
        ("h", "https://h/a?q"), ("h:80", "https://h/a?q"), ("h:8080", "https://h:8080/a?q"),
        ("h:443", "https://h:443/a?q"),
        ("[::1]", "https://[::1]/a?q"), ("[::1]:80", "https://[::1]/a?q"), ("[::1]:8080", "https://[::1]:8080/a?q"),
    ])
    func `the port of the scheme that is left goes with it`(host: String, expected: String) {
        #expect(location("/a?q", host: host) { $0.scheme = "https" } == expected)
    }

    @Test func `a scheme that stays keeps its port`() {
        #expect(location("/a", host: "h:443", secure) { $0.scheme = "https" } == "https://h:443/a")
        #expect(location("/a", host: "h:443", secure) { $0.scheme = "http" } == "http://h/a")
        #expect(location("/a", host: "h:80", secure) { $0.scheme = "http" } == "http://h:80/a")
        #expect(location("/a", host: "h:80") { _ in } == "http://h:80/a")
        #expect(location("/a", host: "h:80", secure) { _ in } == "https://h:80/a")
        #expect(location("/a") { $0.scheme = "ftp" } == "ftp://h/a")
    }

    @Test func `a new host or port replaces the old port`() {
        #expect(location("/a?q", host: "h:80") { $0.host = "new" } == "http://new/a?q")
        #expect(location("/a", host: "h:80") { $0.port = 8443 } == "http://h:8443/a")
        #expect(location("/a", host: "h") { $0.port = 8443 } == "http://h:8443/a")
    }

    @Test(arguments: [
        ("/new", false, "/a?q", "/new?q"), ("/new", false, "/a", "/new"), ("/new", true, "/a?q", "/new"),
        ("/new?x=y", false, "/a?q", "/new?x=y"), ("/new?x=y", true, "/a?q", "/new?x=y"),
        ("new", false, "/a?q", "/new?q"),
        ("", false, "/a?q", "/a?q"),
    ])
    func `a whole path keeps the query unless it has its own`(
        path: String,
        strips: Bool,
        target: String,
        expected: String
    ) {
        let result = location(target) { action in
            action.path = .whole(path)
            action.stripsQuery = strips
        }
        #expect(result == "http://h" + expected)
    }

    @Test(
        arguments: [
            (.prefix("/a"), "/b", false, "/a/x?q", "/b/x?q"), (.prefix("/a"), "/b", true, "/ax?q", "/bx"),
            (.prefix("/a"), "b", false, "/a?q", "/b?q"), (.exact("/a"), "/b", false, "/a?q", "/b?q"),
            (.prefix("/a"), "", false, "/a?q", "/a?q"),
        ] as [(PathMatch, String, Bool, String, String)]
    )
    func `a prefix replaces what matched`(
        match: PathMatch,
        prefix: String,
        strips: Bool,
        target: String,
        expected: String
    ) {
        let result = location(target, match: match) { action in
            action.path = .prefix(prefix)
            action.stripsQuery = strips
        }
        #expect(result == "http://h" + expected)
    }

    @Test(arguments: [
        ("^/a/(.*)$", "/\\1/z", false, "/a/x?q", "/x/z?q"), ("^/a/(.*)$", "/\\1/z", false, "/ab?q", "/ab?q"),
        (".*", "", false, "/a/x?q", "/a/x?q"), ("/a", "/b?c", true, "/a?q", "/b"),
    ])
    func `a regular expression rewrites the path`(
        pattern: String,
        text: String,
        strips: Bool,
        target: String,
        expected: String
    ) throws {
        let rewrite = RegexRewrite(pattern: try RegexPattern(pattern), substitution: text)
        let result = location(target) { action in
            action.path = .regex(rewrite)
            action.stripsQuery = strips
        }
        #expect(result == "http://h" + expected)
    }

    @Test func `the query may go`() {
        #expect(location("/a?q") { $0.stripsQuery = true } == "http://h/a")
        #expect(location("/a") { $0.stripsQuery = true } == "http://h/a")
    }

    @Test func `CONNECT has nowhere to go`() {
        let head = RequestHead("CONNECT h:443", ["host: h:443"])
        let redirection = Redirection(RedirectAction(), matcher: PathMatcher(.connect))
        #expect(redirection.location(for: head) == nil)
    }
}
