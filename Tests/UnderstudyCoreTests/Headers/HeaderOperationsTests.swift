// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Additions and removals, with every order as Envoy 1.40 showed it.

import TestSupport
import Testing
import UnderstudyCore

struct HeaderOperationsTests {
    private typealias Action = HeaderAddition.Action

    private static let lines = ["host: h", "a: 1", "b: 2", "a: 3", "c: 4"]

    private func add(
        _ name: String,
        _ value: String,
        _ action: HeaderAddition.Action = .appendIfExistsOrAdd,
        keeps: Bool = false
    ) throws -> HeaderAddition {
        HeaderAddition(name: name, value: try FormatString(value), action: action, keepsEmptyValue: keeps)
    }

    private func applied(
        _ additions: [HeaderAddition],
        removing removals: [String] = [],
        to lines: [String] = HeaderOperationsTests.lines
    ) -> [String] {
        var operations = HeaderOperations()
        operations.requestAdditions = additions
        operations.requestRemovals = removals
        var head = RequestHead("GET /", lines)
        head.apply([operations], facts: ExchangeFacts())
        return Array(head.headers.texts.dropFirst())
    }

    @Test func `a line is added behind all others`() throws {
        #expect(applied([try add("a", "9")]) == ["a: 1", "b: 2", "a: 3", "c: 4", "a: 9"])
    }

    @Test func `a line is added if absent, judged by the lines before any change`() throws {
        let additions = [
            try add("a", "9", .addIfAbsent), try add("n", "9", .addIfAbsent), try add("n", "8", .addIfAbsent),
        ]
        #expect(applied(additions) == ["a: 1", "b: 2", "a: 3", "c: 4", "n: 9", "n: 8"])
    }

    @Test func `overwriting removes every line and moves the last word to the end`() throws {
        let all = try [add("a", "9", .overwriteIfExistsOrAdd), add("n", "9", .overwriteIfExistsOrAdd)]
        #expect(applied(all) == ["b: 2", "c: 4", "a: 9", "n: 9"])
        let existing = try [add("a", "9", .overwriteIfExists), add("n", "9", .overwriteIfExists)]
        #expect(applied(existing) == ["b: 2", "c: 4", "a: 9"])
    }

    @Test func `what overwrites comes before what is added`() throws {
        let mixed = try [
            add("a", "9"), add("b", "8", .overwriteIfExistsOrAdd), add("d", "7"),
            add("c", "6", .overwriteIfExistsOrAdd), add("b", "5"),
        ]
        #expect(applied(mixed) == ["a: 1", "a: 3", "b: 8", "c: 6", "a: 9", "d: 7", "b: 5"])
        let same = try [add("n", "1"), add("n", "2", .overwriteIfExistsOrAdd), add("n", "3", .addIfAbsent)]
        #expect(applied(same) == ["a: 1", "b: 2", "a: 3", "c: 4", "n: 2", "n: 1", "n: 3"])
    }

    @Test func `an empty value adds and removes nothing, unless it is to be kept`() throws {
        let additions = try [
            add("a", "", .overwriteIfExistsOrAdd), add("n", ""), add("e", "", keeps: true),
            add("b", "%REQ(zz)%", .overwriteIfExistsOrAdd, keeps: true),
        ]
        #expect(applied(additions) == ["a: 1", "a: 3", "c: 4", "b: ", "e: "])
    }

    @Test func `removals come first, and values are those before any addition`() throws {
        #expect(applied([try add("a", "x%REQ(a)%")], removing: ["a", "B", "zz"]) == ["c: 4", "a: x"])
        let additions = try [
            add("b", "new", .overwriteIfExistsOrAdd), add("n", "%REQ(b)%"), add("m", "%REQ(n)%", keeps: true),
        ]
        #expect(applied(additions) == ["a: 1", "a: 3", "c: 4", "b: new", "n: 2", "m: "])
    }

    @Test func `names are written in lower case`() throws {
        #expect(applied([try add("X-Up", "%REQ(A)%")]).last == "x-up: 1")
    }

    @Test func `a header that Envoy keeps on one line is joined in its place`() throws {
        let lines = ["host: h", "user-agent: u", "z: 1", "accept: ", "cookie: c"]
        let additions = try [
            add("user-agent", "p"), add("user-agent", "q"), add("accept", "r"), add("cookie", "d"), add("via", "s"),
            add("via", "t"), add("accept", "", keeps: true),
        ]
        #expect(
            applied(additions, to: lines) == [
                "user-agent: u,p,q", "z: 1", "accept: r", "cookie: c", "cookie: d", "via: s,t",
            ]
        )
    }

    @Test func `an added line is known for what it is`() throws {
        var operations = HeaderOperations()
        operations.requestAdditions = try ["X-Forwarded-For", "x-request-id", "date", "x-a"].map { try add($0, "1") }
        var head = RequestHead("GET /", ["host: h"])
        head.apply([operations], facts: ExchangeFacts())
        #expect(head.headers.lines.map(\.known) == [.host, .forwardedFor, .requestID, .date, .other])
    }

    @Test func `a value with a control byte from the query adds nothing`() throws {
        var operations = HeaderOperations()
        operations.requestAdditions = [try add("q", "%QUERY_PARAM(b)%", keeps: true)]
        for query in ["a%0d%0ax:%20y", "a%00", "%01", "%7f"] {
            var head = RequestHead("GET /?b=\(query)", ["host: h"])
            head.apply([operations], facts: ExchangeFacts())
            #expect(head.headers.texts == ["host: h"])
        }
        var head = RequestHead("GET /?b=%20a%20", ["host: h"])
        head.apply([operations], facts: ExchangeFacts())
        #expect(head.headers.texts == ["host: h", "q:  a "])
    }

    @Test func `a body whose length is not told any more is sent in chunks`() {
        var operations = HeaderOperations()
        operations.requestRemovals = ["content-length"]
        operations.responseRemovals = ["content-length"]
        var request = RequestHead("POST /", ["host: h", "content-length: 3"])
        request.framing = .length(3)
        request.apply([operations], facts: ExchangeFacts())
        #expect(request.framing == .chunked)
        var response = ResponseHead(status: 200, framing: .length(3), ["content-length: 3"])
        response.apply([operations], request: request, facts: ExchangeFacts())
        #expect(response.framing == .chunked)
        #expect(response.headers.texts == [])
        var empty = RequestHead("POST /", ["host: h", "content-length: 0"])
        empty.apply([operations], facts: ExchangeFacts())
        #expect(empty.framing == .none)
    }

    @Test func `answers are changed by the same rules, with their own joined headers`() throws {
        var operations = HeaderOperations()
        operations.responseAdditions = try [
            add("x", "%RESP(:status)%|%REQ(host)%|%RESP(vary)%"), add("vary", "p"), add("accept", "q"),
            add("set-cookie", "b"), add("server", "s", .overwriteIfExistsOrAdd),
        ]
        operations.responseRemovals = ["etag"]
        var response = ResponseHead(
            status: 404,
            ["server: u", "vary: a", "accept: u", "etag: e", "set-cookie: a"]
        )
        response.apply([operations], request: RequestHead("GET /", ["host: h"]), facts: ExchangeFacts())
        #expect(
            response.headers.texts == [
                "vary: a,p", "accept: u", "set-cookie: a", "server: s", "x: 404|h|a", "accept: q", "set-cookie: b",
            ]
        )
    }

    // MARK: Levels

    private func level(_ value: String) throws -> HeaderOperations {
        var operations = HeaderOperations()
        operations.requestAdditions = try [add("lv", value), add("ov", value, .overwriteIfExistsOrAdd)]
        return operations
    }

    @Test(arguments: [
        (false, ["lv: wc", "lv: r", "lv: vh", "ov: rc", "lv: rc"]),
        (true, ["lv: wc", "lv: rc", "lv: vh", "ov: r", "lv: r"]),
    ])
    func `the weighted cluster's level is first, and the last level wins`(
        mostSpecificWins: Bool,
        expected: [String]
    ) throws {
        let levels = HeaderOperations.levels(
            route: try level("r"),
            cluster: try level("wc"),
            virtualHost: try level("vh"),
            configuration: try level("rc"),
            mostSpecificWins: mostSpecificWins
        )
        var head = RequestHead("GET /", ["host: h", "ov: c"])
        head.apply(levels, facts: ExchangeFacts())
        #expect(Array(head.headers.texts.dropFirst()) == expected)
    }

    @Test func `levels that change nothing are left out`() throws {
        let none = HeaderOperations()
        let levels = HeaderOperations.levels(
            route: none,
            cluster: nil,
            virtualHost: try level("vh"),
            configuration: none,
            mostSpecificWins: false
        )
        #expect(levels == [try level("vh")])
    }
}
